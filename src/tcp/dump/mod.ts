/** Prints what goes through connections, so that people can debug with prints. */
export { type DumpOptions, dumping } from "./dumping.ts";
export type { DumpFormat } from "./format.ts";
