import type { AnswerWriter, NewAnswer } from "./answer-writer.ts";

/**
 * Stored answers as bytes, for a file: one behind the other, the oldest first. All numbers are little-endian.
 *
 * ```text
 *   stored at │ TTL │ length │ TTLs │ name's bytes │ variant │ leads elsewhere │ offsets of TTLs, 2 bytes each │ answer
 *       4        4      2       1          1            1            1
 * ```
 */
const ENTRY_BYTES = 14;
/** The least that an answer has: header, the root's name, type and class. */
const MIN_ANSWER_BYTES = 17;
const NAME_AT = 12;

export interface SnapshotAges {
  readonly nowSeconds: number;
  /** Answers that expired longer ago than this are left out. */
  readonly staleSeconds: number;
}

/** Returns all answers that may still be given. */
export function encodeAnswers(from: AnswerWriter, ages: SnapshotAges): Uint8Array {
  let length = 0;
  from.each((answer, storedAt) => {
    if (isOfUse(answer.ttlSeconds, storedAt, ages)) length += entryBytes(answer);
  });
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  let at = 0;
  from.each((answer, storedAt) => {
    if (!isOfUse(answer.ttlSeconds, storedAt, ages)) return;
    view.setUint32(at, storedAt, true);
    view.setUint32(at + 4, answer.ttlSeconds, true);
    view.setUint16(at + 8, answer.length, true);
    out[at + 10] = answer.ttls;
    out[at + 11] = answer.nameBytes;
    out[at + 12] = answer.variant;
    out[at + 13] = answer.leadsElsewhere ? 1 : 0;
    for (let index = 0; index < answer.ttls; index++)
      view.setUint16(at + ENTRY_BYTES + 2 * index, answer.ttlOffsets[index]!, true);
    out.set(answer.bytes.subarray(0, answer.length), at + ENTRY_BYTES + 2 * answer.ttls);
    at += entryBytes(answer);
  });
  return out;
}

/**
 * Reads what `encodeAnswers` wrote.
 *
 * @returns undefined where it is not whole
 */
export function* decodeAnswers(bytes: Uint8Array): Generator<{ answer: NewAnswer; storedAt: number }, boolean> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < ENTRY_BYTES) return false;
    const length = view.getUint16(at + 8, true);
    const [ttls, nameBytes, variant] = [bytes[at + 10]!, bytes[at + 11]!, bytes[at + 12]!];
    const leadsElsewhere = bytes[at + 13] !== 0;
    const answerAt = at + ENTRY_BYTES + 2 * ttls;
    const isSound = length >= MIN_ANSWER_BYTES && NAME_AT + nameBytes + 4 <= length && nameBytes > 0;
    if (!isSound || answerAt + length > bytes.length) return false;
    const ttlOffsets = Array.from({ length: ttls }, (_, index) => view.getUint16(at + ENTRY_BYTES + 2 * index, true));
    const ttlSeconds = view.getUint32(at + 4, true);
    const answer = {
      bytes: bytes.subarray(answerAt, answerAt + length),
      length,
      nameBytes,
      variant,
      ttlOffsets,
      ttls,
      ttlSeconds,
      leadsElsewhere,
    };
    yield { answer, storedAt: view.getUint32(at, true) };
    at = answerAt + length;
  }
  return true;
}

/** Returns whether an answer may still be given. */
export function isOfUse(ttlSeconds: number, storedAt: number, { nowSeconds, staleSeconds }: SnapshotAges): boolean {
  return nowSeconds - storedAt < ttlSeconds + staleSeconds;
}

function entryBytes({ ttls, length }: NewAnswer): number {
  return ENTRY_BYTES + 2 * ttls + length;
}
