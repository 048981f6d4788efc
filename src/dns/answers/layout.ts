/**
 * Stored answers in one block of memory that threads share: one writes, all read, nobody waits.
 *
 * ```text
 *   ┌─ control ─┬─ tags, a byte a slot ─┬─ slots, a position each ─┬─ ring of entries ──────────────────────┐
 *   │ reserved  │ bucket 0 │ bucket 1 … │ bucket 0 │ bucket 1 …    │ … older │ free │ entry │ entry │ … ◄── │
 *   └───────────┴───────────────────────┴──────────────────────────┴──────────────────────────────────────────┘
 *   entry: stored at │ TTL │ lengths │ variant, leads     │ offsets of TTLs, 2 bytes each │ answer
 *          s           s     16, 8, 8   8, 8 bits
 * ```
 *
 * Positions count words of four bytes from the start on and never go back; an entry lies in the ring at its position modulo the ring's
 * length. The writer raises `reserved` before it overwrites: what lies more than the ring's length below `reserved` is gone. A reader that copies an
 * entry looks at `reserved` before and after, and then knows that what it copied was whole. Slots of what is gone count as free, so an
 * eviction costs nothing.
 */
export const CONTROL_WORDS = 16;
/** Word of the control block: the position up to which the ring is, or is being, written. */
export const RESERVED = 0;
/** Word of the control block: roughly how many answers are stored. */
export const COUNT = 1;
/** Word of the control block: a secret, so that nobody outside can choose names that share a bucket. */
export const SEED = 2;

export const SLOTS_PER_BUCKET = 8;
/** Half of an entry with one address, so that half to two thirds of the slots are in use when the ring is full. */
const BYTES_PER_SLOT = 48;

/** Words of an entry before its offsets. */
export const HEADER_WORDS = 4;
export const STORED_AT = 0;
export const TTL = 1;
/** Bytes of the answer (16 bits), of its question's name (8) and the number of its TTLs (8). */
export const LENGTHS = 2;
/** Variant (8 bits), and 1 for an answer that leads to other names (8 bits). */
export const MARKS = 3;
/** Byte of an entry. Little-endian, as are all processors that tenk runs on. */
export const VARIANT_BYTE = 12;
export const LEADS_BYTE = 13;

/** Offsets of everything in a block. */
export interface Layout {
  readonly buckets: number;
  readonly slots: number;
  readonly tagsAt: number;
  readonly slotsAt: number;
  readonly hitsAt: number;
  readonly askedAt: number;
  readonly ringAt: number;
  readonly ringWords: number;
}

/**
 * Divides `bytes` among index and ring.
 *
 * @param bytes at least 4096
 */
export function layoutOf(bytes: number): Layout {
  const buckets = Math.floor(bytes / BYTES_PER_SLOT / SLOTS_PER_BUCKET);
  const slots = buckets * SLOTS_PER_BUCKET;
  const tagsAt = CONTROL_WORDS * 4;
  const slotsAt = tagsAt + slots;
  // Readers write these: if they were in the ring, a reader could overwrite the entry that has just replaced the one it read.
  const hitsAt = slotsAt + slots * 4;
  const askedAt = hitsAt + slots;
  const ringAt = askedAt + slots * 2;
  return { buckets, slots, tagsAt, slotsAt, hitsAt, askedAt, ringAt, ringWords: Math.floor((bytes - ringAt) / 4) };
}

/** Words of an entry with so many TTLs and bytes. */
export function entryWords(ttls: number, bytes: number): number {
  return HEADER_WORDS + Math.ceil((ttls * 2 + bytes) / 4);
}

/** Maps A to Z to lower case: names are equal in either case (RFC 4343). */
export const FOLD: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 65 && byte <= 90 ? byte + 32 : byte,
);

/** Hashes a question, its name in any case. */
export function hashQuestion(
  bytes: Uint8Array,
  from: number,
  nameBytes: number,
  variant: number,
  seed: number,
): number {
  let hash = seed ^ variant;
  for (let at = from; at < from + nameBytes; at++)
    hash = Math.imul(hash ^ FOLD[bytes[at]!]!, 0x01000193) ^ (hash >>> 15);
  for (let at = from + nameBytes; at < from + nameBytes + 4; at++) {
    hash = Math.imul(hash ^ bytes[at]!, 0x01000193) ^ (hash >>> 15);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
