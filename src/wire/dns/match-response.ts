import { HEADER_BYTES } from "./compressed-name.ts";
import { Flag, OPCODE_MASK, QUESTIONS_AT } from "./header.ts";
import { readUint16 } from "./integers.ts";

/** Why a datagram is not the response to a query. A closed set: it may be a metric label. */
export const RESPONSE_MISMATCHES = ["form", "id", "question"] as const;
export type ResponseMismatch = (typeof RESPONSE_MISMATCHES)[number];

/**
 * Compares what should be a response with the query that was sent, before any more is done with it: a response with the same id and
 * exactly the same question, letter by letter, since a forger does not know in which case it was asked.
 *
 * @param query the query's message, in which `questionEnd` is the offset after its one question
 * @returns undefined where it matches
 */
export function responseMismatch(
  query: Uint8Array,
  queryFrom: number,
  questionEnd: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): ResponseMismatch | undefined {
  if (to - from < HEADER_BYTES) return "form";
  const flags = readUint16(bytes, from + 2);
  if ((flags & Flag.response) === 0 || (flags & OPCODE_MASK) !== 0) return "form";
  if (readUint16(bytes, from) !== readUint16(query, queryFrom)) return "id";
  const length = questionEnd - queryFrom;
  if (readUint16(bytes, from + QUESTIONS_AT) !== 1 || to - from < length) return "question";
  for (let index = HEADER_BYTES; index < length; index++) {
    if (bytes[from + index] !== query[queryFrom + index]) return "question";
  }
  return undefined;
}

/**
 * Sets the case of each letter of a name by a random bit (draft-vixie-dnsext-dns0x20): one bit of doubt a letter for whoever forges a
 * response.
 *
 * @param random as many bytes as an eighth of the name's, or more
 */
export function scrambleCase(bytes: Uint8Array, nameAt: number, random: Uint8Array): void {
  let bit = 0;
  for (let at = nameAt; bytes[at] !== 0; ) {
    const end = at + bytes[at]! + 1;
    while (++at < end) {
      const lower = bytes[at]! | 0x20;
      if (lower < 0x61 || lower > 0x7a) continue;
      bytes[at] = (random[bit >> 3]! & (1 << (bit & 7))) === 0 ? lower : lower & ~0x20;
      bit += 1;
    }
  }
}
