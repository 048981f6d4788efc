/** The configuration of other DNS servers, as `dns:`. */
import { importAdguard as fromAdguard } from "./adguard/mod.ts";
import type { ImportedDns } from "./draft.ts";
import { importPihole as fromPihole } from "./pihole/mod.ts";
import { settled } from "./settle.ts";

export type { ImportedDns } from "./draft.ts";
export type { ImportProblem } from "./problem.ts";

/**
 * Turns an archive of Pi-hole's Teleporter into `dns:`. What it returns is a valid configuration, whatever the archive has.
 *
 * @throws {TenkError} `config` where it is no such archive, or a hostile one
 */
export function importPihole(archive: Uint8Array): ImportedDns {
  return settled(fromPihole(archive));
}

/**
 * Turns `AdGuardHome.yaml` into `dns:`. What it returns is a valid configuration, whatever the text is.
 *
 * @param file for the problems
 * @throws {TenkError} `config` where it is no such file
 */
export function importAdguard(text: string, file: string): ImportedDns {
  return settled(fromAdguard(text, file));
}
