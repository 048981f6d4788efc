import { randomBytes } from "node:crypto";
import { nameText, parentAt, parseName, sameName } from "../../wire/dns/mod.ts";

/** `<index>.<secret>.test`: names below `test` are never forwarded (RFC 6761 §6.2), so a probe ends where it comes back. */
const ZONE = "test";
const SECRET_BYTES = 8;
const INDEX_DIGITS = 2;

/** Returns the zone of this instance's probes for loops. Nobody else knows it. */
export function newProbeZone(): Uint8Array {
  return parseName(`${randomBytes(SECRET_BYTES).toString("hex")}.${ZONE}`)!;
}

/** Returns the name by which upstream `index`, from 0 to 255, is probed. */
export function probeName(zone: Uint8Array, index: number): Uint8Array {
  return parseName(`${index.toString(16).padStart(INDEX_DIGITS, "0")}.${nameText(zone, 0)}`)!;
}

/** Returns the index of the upstream that sent a probe back to us; -1 if the name is no probe of ours. */
export function probedUpstream(bytes: Uint8Array, nameAt: number, zone: Uint8Array): number {
  if (bytes[nameAt] !== INDEX_DIGITS || !sameName(bytes, parentAt(bytes, nameAt), zone, 0)) return -1;
  const index = Number.parseInt(String.fromCharCode(bytes[nameAt + 1]!, bytes[nameAt + 2]!), 16);
  return Number.isNaN(index) ? -1 : index;
}
