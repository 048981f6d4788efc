import { type Query, RecordType } from "../../wire/dns/mod.ts";

const UNDERSCORE = 0x5f;
/** Before the host whose keys for encrypted names of sites were asked for. */
const ESNI = Uint8Array.of(5, ...Buffer.from("_esni"));

/**
 * Returns where the name of the host begins whose service a query is about: `_8443._https.ads.example` (RFC 9460 §2.3), or
 * `_esni.ads.example`. A list that has the host by its exact name only means these too. -1 for any other query.
 */
export function hostOfService({ nameFrom, labels, labelStarts, type }: Query, bytes: Uint8Array): number {
  if (labels < 2 || bytes[nameFrom + 1] !== UNDERSCORE) return -1;
  if (type !== RecordType.https && type !== RecordType.svcb && !isEsni(bytes, nameFrom)) return -1;
  for (let label = 1; label < labels; label++) {
    const at = nameFrom + labelStarts[label]!;
    if (bytes[at + 1] !== UNDERSCORE) return at;
  }
  return -1;
}

function isEsni(bytes: Uint8Array, nameAt: number): boolean {
  for (let index = 0; index < ESNI.length; index++) {
    const byte = bytes[nameAt + index]!;
    if (byte !== ESNI[index] && (index === 0 || (byte | 0x20) !== ESNI[index])) return false;
  }
  return true;
}
