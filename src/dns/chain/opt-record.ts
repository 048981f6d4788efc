import { EDNS_UDP_BYTES, ExtendedError, readUint16, writeUint16 } from "../../wire/dns/mod.ts";

const OPT = 41;
const ADDITIONAL_AT = 10;
const EXTENDED_ERROR = 15;
/** Bytes of an OPT record without options, and of an extended error without text. */
const BARE_BYTES = 11;
const ERROR_BYTES = 6;

/** Bytes that `addOpt` adds. */
export function optBytes(isStale: boolean): number {
  return isStale ? BARE_BYTES + ERROR_BYTES : BARE_BYTES;
}

/**
 * Appends an OPT record to a stored message, which has none. Written by hand, because the message is copied and no writer is involved.
 *
 * @param isStale adds the extended error Stale Answer (RFC 8914 §4.4)
 * @returns the offset after it
 */
export function addOpt(out: Uint8Array, from: number, at: number, wantsDnssec: boolean, isStale: boolean): number {
  writeUint16(out, from + ADDITIONAL_AT, readUint16(out, from + ADDITIONAL_AT) + 1);
  out[at] = 0;
  writeUint16(out, at + 1, OPT);
  writeUint16(out, at + 3, EDNS_UDP_BYTES);
  writeUint16(out, at + 5, 0);
  writeUint16(out, at + 7, wantsDnssec ? 0x8000 : 0);
  writeUint16(out, at + 9, isStale ? ERROR_BYTES : 0);
  if (!isStale) return at + BARE_BYTES;
  writeUint16(out, at + 11, EXTENDED_ERROR);
  writeUint16(out, at + 13, 2);
  writeUint16(out, at + 15, ExtendedError.staleAnswer);
  return at + BARE_BYTES + ERROR_BYTES;
}
