/** A million names in shared memory: written by one thread, read by any. */

export { MAX_READERS } from "./layout.ts";
export { type NameChange, NamePages, type NamePagesOptions, PagesFullError } from "./name-pages.ts";
export { type BuildResult, type ListFile, PageBuilder, type PlacedRule } from "./page-build.ts";
export { PageReader } from "./page-reader.ts";
