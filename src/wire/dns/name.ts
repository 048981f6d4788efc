/**
 * Names as they are on the wire, without compression (RFC 1035 §3.1): labels, each behind its length, up to the empty label of the
 * root. Everywhere in this folder such a name is known by the place where it begins; it ends by itself.
 *
 * ```text
 *   3 w w w 4 h o m e 4 a r p a 0
 * ```
 */
export const MAX_NAME_BYTES = 255;
export const MAX_LABEL_BYTES = 63;
/** Labels of the longest name, without the root. */
export const MAX_LABELS = 127;

/** Each byte in lower case. Lengths of labels are no letters, so whole names can be folded byte by byte. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));

/** The root, which is also the shortest name. */
export const ROOT = Uint8Array.of(0);

/**
 * Checks a name of which nothing is known.
 *
 * @returns the offset after it; -1 where it is compressed, too long, or not complete in `bytes[at, to)`
 */
export function nameEnd(bytes: Uint8Array, at: number, to: number): number {
  const limit = Math.min(to, at + MAX_NAME_BYTES);
  while (at < limit) {
    const length = bytes[at]!;
    if (length === 0) return at + 1;
    if (length > MAX_LABEL_BYTES) return -1;
    at += length + 1;
  }
  return -1;
}

// Below: names that are valid.

/** Returns the bytes of a name, with its root. */
export function nameLength(bytes: Uint8Array, at: number): number {
  let end = at;
  while (bytes[end] !== 0) end += bytes[end]! + 1;
  return end + 1 - at;
}

/** Returns where the parent's name begins; -1 for the root, which has none. */
export function parentAt(bytes: Uint8Array, at: number): number {
  const length = bytes[at]!;
  return length === 0 ? -1 : at + length + 1;
}

/** Returns how many labels a name has, without the root. */
export function labelCount(bytes: Uint8Array, at: number): number {
  let count = 0;
  for (; bytes[at] !== 0; count++) at += bytes[at]! + 1;
  return count;
}

/** Returns whether two names are the same in any case of ASCII letters (RFC 4343). */
export function sameName(bytes: Uint8Array, at: number, others: Uint8Array, otherAt: number): boolean {
  for (;;) {
    const length = bytes[at]!;
    if (length !== others[otherAt]) return false;
    if (length === 0) return true;
    for (const end = at + length; at < end; ) {
      if (LOWER[bytes[++at]!] !== LOWER[others[++otherAt]!]) return false;
    }
    at += 1;
    otherAt += 1;
  }
}

/** Returns whether a name is `zone`, or lies below it. */
export function isWithin(bytes: Uint8Array, at: number, zone: Uint8Array, zoneAt: number): boolean {
  for (let excess = labelCount(bytes, at) - labelCount(zone, zoneAt); excess !== 0; excess--) {
    if (excess < 0) return false;
    at += bytes[at]! + 1;
  }
  return sameName(bytes, at, zone, zoneAt);
}

/**
 * Returns a number of 32 bits that names which differ only in case share. With a secret seed nobody else can choose names that collide.
 *
 * @param seed any integer
 */
export function hashName(bytes: Uint8Array, at: number, seed: number): number {
  let hash = seed | 0;
  for (let end = at; ; ) {
    const length = bytes[end]!;
    end += length + 1;
    for (; at < end; at++) hash = Math.imul(hash ^ LOWER[bytes[at]!]!, 0x01000193) ^ (hash >>> 15);
    if (length === 0) break;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Copies a name in lower case, and returns the offset after the copy. */
export function copyLower(bytes: Uint8Array, at: number, out: Uint8Array, to: number): number {
  const length = nameLength(bytes, at);
  for (let index = 0; index < length; index++) out[to + index] = LOWER[bytes[at + index]!]!;
  return to + length;
}

/** Characters of host names: letters, digits and `-`; and `_`, which names of services and of careless people have. */
const IS_HOST_CHARACTER = new Uint8Array(256);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") {
  IS_HOST_CHARACTER[character.charCodeAt(0)] = 1;
}
const HYPHEN = 0x2d;

/** Returns whether a name may be a host's (RFC 1123 §2.1, and `_`): no label begins or ends with `-`. The root is none. */
export function isHostName(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0) return false;
  while (bytes[at] !== 0) {
    const end = at + bytes[at]! + 1;
    if (bytes[at + 1] === HYPHEN || bytes[end - 1] === HYPHEN) return false;
    while (++at < end) if (IS_HOST_CHARACTER[bytes[at]!] === 0) return false;
  }
  return true;
}
