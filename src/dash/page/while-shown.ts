/**
 * Runs a load now, and again every `everyMs` while the browser shows the page: nobody reads a hidden one.
 *
 * @returns stops it, and aborts what is under way
 */
export function whileShown(everyMs: number, load: (signal: AbortSignal) => unknown): () => void {
  const stop = new AbortController();
  load(stop.signal);
  const timer = setInterval(() => {
    if (!document.hidden) load(stop.signal);
  }, everyMs);
  return () => {
    clearInterval(timer);
    stop.abort();
  };
}
