/**
 * An entry of the query log as bytes, the same in the ring of a thread and in memory. Little-endian, as are all processors that
 * tenk runs on; its length is a multiple of 8.
 *
 * ```text
 *    0 length of the entry (2) │ verdict (1) │ transport (1)
 *    4 type (2) │ response code (1) │ number of the upstream + 1, 0 = none (1)
 *    8 when it was answered: ms since 1970, a double (8)
 *   16 latency in µs (4)       │ 20 mask of the lists that decided (4)
 *   24 labels of the entry that decided (1) │ it was stale (1) │ file of the rule that decided + 1 (2) │ 28 its line (4)
 *   32 address of the client, 16 bytes; all 0 = hidden
 *   48 length of the name (1), 0 = hidden or unreadable │ name in wire form, in small letters
 * ```
 */
export const HEAD_WORDS = 12;
export const NAME_LENGTH_AT = HEAD_WORDS * 4;
export const NAME_AT = NAME_LENGTH_AT + 1;
export const IP_AT = 32;
export const IP_BYTES = 16;

/** Places of words, counted from the entry's. */
export const KIND_WORD = 0;
export const TYPE_WORD = 1;
export const LATENCY_WORD = 4;
export const LISTS_WORD = 5;
export const RULE_WORD = 6;
export const LINE_WORD = 7;
/** The time, as the place of a double. */
export const TIME_DOUBLE = 1;

export const MAX_FILE = 0xfffe;

/** Returns the length of an entry whose name takes so many bytes. */
export function entryBytes(nameBytes: number): number {
  return (NAME_AT + nameBytes + 7) & ~7;
}
