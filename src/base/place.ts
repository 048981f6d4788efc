/**
 * Where a source file of tenk is found at run time, for those loaded by address (workers, built-in handlers): beside us
 * in a checkout, or inside the one-file executable, whose build keeps the folders below `src/` and compiles `.ts` to `.js`.
 *
 * @example
 * sourceUrl("store/worker.ts"); // "file:///…/src/store/worker.ts"
 */
export function sourceUrl(pathBelowSrc: string): string {
  if (!isOneFile()) return new URL(`../${pathBelowSrc}`, import.meta.url).href;
  return `file:///$bunfs/root/${pathBelowSrc.replace(/\.ts$/, ".js")}`;
}

/** True inside the one-file executable made by `npm run build`. */
export function isOneFile(): boolean {
  return import.meta.url.startsWith("file:///$bunfs/");
}
