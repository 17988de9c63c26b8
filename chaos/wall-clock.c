/*
 * A wall clock that can be set for one process: preloaded (LD_PRELOAD), it moves CLOCK_REALTIME, and what is made of
 * it, by the nanoseconds that stand as a 64-bit integer in the file named by WALL_CLOCK_OFFSET. The file is mapped, so
 * a change holds at once. The monotonic clocks stay what they are.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *offset;

__attribute__((constructor)) static void map_offset(void) {
  const char *path = getenv("WALL_CLOCK_OFFSET");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) offset = mapped;
}

static void move(struct timespec *time) {
  int64_t moved = offset ? *offset : 0;
  int64_t ns = time->tv_nsec + moved % 1000000000;
  time->tv_sec += moved / 1000000000;
  if (ns < 0) { ns += 1000000000; time->tv_sec -= 1; }
  if (ns >= 1000000000) { ns -= 1000000000; time->tv_sec += 1; }
  time->tv_nsec = ns;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int status = (int)syscall(SYS_clock_gettime, clock, time);
  if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) move(time);
  return status;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
