/**
 * Returns the URL of a source file of tenk, for files that are loaded by URL (workers, built-in handlers): in a checkout, or inside
 * the one-file executable, whose build keeps the folders below `src/` and compiles `.ts` to `.js`.
 *
 * @example
 * sourceUrl("store/worker.ts"); // "file:///…/src/store/worker.ts"
 */
export function sourceUrl(pathBelowSrc: string): string {
  if (!isOneFile()) return new URL(`../${pathBelowSrc}`, import.meta.url).href;
  return `file:///$bunfs/root/${pathBelowSrc.replace(/\.ts$/, ".js")}`;
}

/** Returns whether this runs inside the one-file executable that `npm run build` makes. */
export function isOneFile(): boolean {
  return import.meta.url.startsWith("file:///$bunfs/");
}
