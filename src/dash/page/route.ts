import { RANGES, type Range } from "./range.ts";

/** A stretch of time that was zoomed into, in milliseconds since 1970. */
export interface Zoom {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Longer than the history. */
const LONGEST_MS = 100 * 86_400_000;

/** `#/runs/12/14` → `["runs", "12", "14"]`. Pure. */
export function wordsOf(hash: string): string[] {
  return hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);
}

/** The inverse of `wordsOf`. */
export function hashOf(words: readonly string[]): string {
  return `#/${words.map(encodeURIComponent).join("/")}`;
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** Reads the range or the zoom of an address: `1h`, or `1763924580-1763924640` in seconds since 1970. */
export function lookOf(word: string | undefined): { readonly range?: Range; readonly zoom?: Zoom } {
  const range = RANGES.find(({ name }) => name === word);
  if (range !== undefined) return { range };
  const [, from, to] = /^(\d{1,11})-(\d{1,11})$/.exec(word ?? "") ?? [];
  const zoom = { fromMs: Number(from) * 1000, toMs: Number(to) * 1000 };
  return zoom.toMs > zoom.fromMs && zoom.toMs - zoom.fromMs <= LONGEST_MS ? { zoom } : {};
}

/** As `lookOf` reads it, widened to whole seconds. */
export function zoomWord({ fromMs, toMs }: Zoom): string {
  return `${Math.floor(fromMs / 1000)}-${Math.ceil(toMs / 1000)}`;
}
