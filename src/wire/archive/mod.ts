/** Archives of other programs: tar with or without gzip, and zip; read in memory, within bounds. */
export { ArchiveError, type ArchiveFiles, type ArchiveLimits } from "./archive.ts";
export { readArchive } from "./read-archive.ts";
