import { readUint16 } from "../integers.ts";

/** Parameters of SVCB and HTTPS (RFC 9460 §2.2): key and length of 16 bits each, then the value; keys go up. */
export const SvcKey = {
  mandatory: 0,
  alpn: 1,
  noDefaultAlpn: 2,
  port: 3,
  ipv4hint: 4,
  ech: 5,
  ipv6hint: 6,
  dohpath: 7,
  ohttp: 8,
} as const;

/** Names of the keys (IANA), by number. */
export const SVC_KEY_NAMES: readonly string[] = [
  "mandatory",
  "alpn",
  "no-default-alpn",
  "port",
  "ipv4hint",
  "ech",
  "ipv6hint",
  "dohpath",
  "ohttp",
  "tls-supported-groups",
];

/** Key and length. */
export const PARAMETER_HEAD_BYTES = 4;

/** Returns whether `bytes[at, to)` are parameters in their order, with values that their keys allow and all that are mandatory. */
export function areParametersSound(bytes: Uint8Array, at: number, to: number): boolean {
  const start = at;
  for (let last = -1; at < to; ) {
    if (to - at < PARAMETER_HEAD_BYTES) return false;
    const key = readUint16(bytes, at);
    const length = readUint16(bytes, at + 2);
    at += PARAMETER_HEAD_BYTES;
    if (key <= last || length > to - at || !isValueSound(key, bytes, at, length)) return false;
    last = key;
    at += length;
  }
  return areMandatoryThere(bytes, start, to);
}

function isValueSound(key: number, bytes: Uint8Array, at: number, length: number): boolean {
  switch (key) {
    case SvcKey.mandatory:
      return isKeyList(bytes, at, length);
    case SvcKey.alpn:
      return isProtocolList(bytes, at, at + length);
    case SvcKey.noDefaultAlpn:
    case SvcKey.ohttp:
      return length === 0;
    case SvcKey.port:
      return length === 2;
    case SvcKey.ipv4hint:
      return length > 0 && length % 4 === 0;
    case SvcKey.ipv6hint:
      return length > 0 && length % 16 === 0;
    default:
      return true;
  }
}

/** §8: at least one key, going up, and never `mandatory` itself. */
function isKeyList(bytes: Uint8Array, at: number, length: number): boolean {
  if (length === 0 || length % 2 !== 0) return false;
  for (let last = 0, place = at; place < at + length; place += 2) {
    const key = readUint16(bytes, place);
    if (key <= last) return false;
    last = key;
  }
  return true;
}

/** §7.1.1: at least one protocol, none empty. */
function isProtocolList(bytes: Uint8Array, at: number, to: number): boolean {
  if (at === to) return false;
  while (at < to) {
    if (bytes[at] === 0) return false;
    at += 1 + bytes[at]!;
  }
  return at === to;
}

/** §8: a record that lacks a key it calls mandatory is malformed. Both lists go up, so one pass over each is enough. */
function areMandatoryThere(bytes: Uint8Array, at: number, to: number): boolean {
  if (at === to || readUint16(bytes, at) !== SvcKey.mandatory) return true;
  let wanted = at + PARAMETER_HEAD_BYTES;
  const wantedEnd = wanted + readUint16(bytes, at + 2);
  for (let place = wantedEnd; place < to && wanted < wantedEnd; ) {
    const key = readUint16(bytes, place);
    const wantedKey = readUint16(bytes, wanted);
    if (key > wantedKey) return false;
    if (key === wantedKey) wanted += 2;
    place += PARAMETER_HEAD_BYTES + readUint16(bytes, place + 2);
  }
  return wanted === wantedEnd;
}

/** Finds a parameter among sound ones. @returns where its value begins, behind key and length; -1 where there is none */
export function findParameter(bytes: Uint8Array, at: number, to: number, key: number): number {
  while (at < to) {
    if (readUint16(bytes, at) === key) return at + PARAMETER_HEAD_BYTES;
    at += PARAMETER_HEAD_BYTES + readUint16(bytes, at + 2);
  }
  return -1;
}
