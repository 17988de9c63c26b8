/*
 * A name that resolves only as long as it should: preloaded (LD_PRELOAD), it lets the host named by RESOLVER_HOST be
 * 127.0.0.1, and unknown while the file named by RESOLVER_DOWN is there. All other names are resolved as ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  static resolve real;
  const char *host = getenv("RESOLVER_HOST"), *down = getenv("RESOLVER_DOWN");
  if (!real) real = (resolve)dlsym(RTLD_NEXT, "getaddrinfo");
  if (!node || !host || strcmp(node, host) != 0) return real(node, service, hints, found);
  if (down && access(down, F_OK) == 0) return EAI_NONAME;
  return real("127.0.0.1", service, hints, found);
}
