/** The configuration of other DNS servers, as `dns:`. */
export { importAdguard } from "./adguard/mod.ts";
export type { ImportedDns } from "./draft.ts";
export { importPihole } from "./pihole/mod.ts";
export type { ImportProblem } from "./problem.ts";
