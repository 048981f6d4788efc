import { HEADER_BYTES } from "./compressed-name.ts";
import { areOptionsSound } from "./edns-options.ts";
import { ADDITIONAL_AT, ANSWERS_AT, Flag, OPCODE_MASK, QUESTIONS_AT } from "./header.ts";
import { readUint16, readUint32 } from "./integers.ts";
import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from "./name.ts";
import { MIN_UDP_BYTES, type Query } from "./query.ts";
import { QueryVerdict } from "./query-refusal.ts";
import { OPT } from "./record-type.ts";

/** Root, type, size, extended code with version and flags, length. */
const OPT_BYTES = 11;
const DO = 0x8000;

/**
 * Reads the query that is all of `bytes[from, to)`: one question and at most an OPT record. What is wrong with others is in
 * `query.refusal`; what could be read of them is in the fields, for the answer that tells so.
 *
 * @example
 * const query = new Query();
 * const bytes = Uint8Array.of(0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 28, 0, 1); // AAAA of a.
 * readQuery(query, bytes, 0, bytes.length); // 0
 * query.type; // 28
 */
export function readQuery(query: Query, bytes: Uint8Array, from: number, to: number): QueryVerdict {
  query.begin(from);
  if (to - from < HEADER_BYTES) return query.refuse("short");
  const flags = readUint16(bytes, from + 2);
  query.id = readUint16(bytes, from);
  query.flags = flags;
  if ((flags & Flag.response) !== 0) return query.refuse("response");
  if ((flags & OPCODE_MASK) !== 0) return query.refuse("opcode");
  if (readUint16(bytes, from + QUESTIONS_AT) !== 1) return query.refuse("question-count");

  const nameEnd = readQuestionName(query, bytes, from + HEADER_BYTES, to);
  if (nameEnd < 0) return query.refuse("name");
  if (to - nameEnd < 4) return query.refuse("question-cut");
  query.nameEnd = nameEnd;
  query.type = readUint16(bytes, nameEnd);
  query.class = readUint16(bytes, nameEnd + 2);
  query.questionEnd = nameEnd + 4;

  if (readUint32(bytes, from + ANSWERS_AT) !== 0) return query.refuse("unexpected-records");
  const additional = readUint16(bytes, from + ADDITIONAL_AT);
  if (additional === 1) return readOpt(query, bytes, nameEnd + 4, to);
  if (additional > 1) return query.refuse("unexpected-records");
  return nameEnd + 4 === to ? QueryVerdict.ok : query.refuse("trailing-bytes");
}

/** Reads the name and notes where its labels begin. @returns the offset after it, or -1 */
function readQuestionName(query: Query, bytes: Uint8Array, at: number, to: number): number {
  const { labelStarts } = query;
  const start = at;
  const limit = Math.min(to, at + MAX_NAME_BYTES);
  query.nameFrom = at;
  for (let labels = 0; at < limit; labels++) {
    const length = bytes[at]!;
    if (length === 0) {
      query.labels = labels;
      return at + 1;
    }
    if (length > MAX_LABEL_BYTES) return -1;
    labelStarts[labels] = at - start;
    at += length + 1;
  }
  return -1;
}

/** Options come before the version: those that are not sound are so in every version that there is. */
function readOpt(query: Query, bytes: Uint8Array, at: number, to: number): QueryVerdict {
  if (to - at < OPT_BYTES) return query.refuse("opt-cut");
  if (bytes[at] !== 0 || readUint16(bytes, at + 1) !== OPT) return query.refuse("unexpected-records");
  const optionsFrom = at + OPT_BYTES;
  const optionsTo = optionsFrom + readUint16(bytes, at + 9);
  query.hasEdns = true;
  query.udpBytes = Math.max(MIN_UDP_BYTES, readUint16(bytes, at + 3));
  query.ednsVersion = bytes[at + 6]!;
  query.wantsDnssec = (readUint16(bytes, at + 7) & DO) !== 0;
  if (optionsTo > to) return query.refuse("opt-cut");
  if (optionsTo < to) return query.refuse("trailing-bytes");
  if (optionsTo > optionsFrom && !areOptionsSound(bytes, optionsFrom, optionsTo, true)) return query.refuse("options");
  query.optionsFrom = optionsFrom;
  query.optionsTo = optionsTo;
  return query.ednsVersion === 0 ? QueryVerdict.ok : query.refuse("edns-version");
}
