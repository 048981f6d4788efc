import { sourceUrl } from "../../base/mod.ts";

/** The address of the library's entry point, so that a user's module that imports "tenk" gets this copy of it. */
const LIBRARY = sourceUrl("mod.ts");

/** Loads the library at its first use, so that a server without modules pays nothing. */
export function libraryExports(): Promise<Record<string, unknown>> {
  return import(LIBRARY) as Promise<Record<string, unknown>>;
}
