/** A million names in shared memory: written by one thread, read by any. */

export { reversedName } from "./disabled-names.ts";
export { SEPARATOR } from "./name-hash.ts";
export { type NameChange, NamePages, type NamePagesOptions, PagesFullError } from "./name-pages.ts";
export {
  type BuildResult,
  type ListFile,
  PageBuilder,
  type PageBuilderOptions,
  type PlacedRule,
} from "./page-build.ts";
export { hashOf as reversedHash } from "./page-encoder.ts";
export { PageReader } from "./page-reader.ts";
