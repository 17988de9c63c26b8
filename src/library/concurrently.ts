/**
 * Works through `items` with at most `limit` at a time. The first failure aborts the signal that the others were
 * given and is thrown when all have ended; so is the reason of `signal`.
 */
export async function concurrently<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  let next = 0;
  const worker = async () => {
    while (next < items.length && !either.aborted) {
      const item = items[next++]!;
      await work(item, either).catch((failure) => failed.abort(failure));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, items.length)) }, worker));
  either.throwIfAborted();
}
