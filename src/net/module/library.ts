import { sourceUrl } from "../../base/mod.ts";

/** The library's door, by address as a worker's program is: what a user's module means by "tenk" is this tenk. */
const LIBRARY = sourceUrl("mod.ts");

/** Loaded when first asked for: who serves no module pays nothing. */
export function libraryExports(): Promise<Record<string, unknown>> {
  return import(LIBRARY) as Promise<Record<string, unknown>>;
}
