import { expandName, HEADER_BYTES, MAX_NAME_BYTES, RecordType, readUint16, skipName } from "../../wire/dns/mod.ts";
import { Verdict } from "../blocking/mod.ts";
import type { Asker } from "./asker.ts";
import type { Blocker } from "./blocker.ts";

const QUESTIONS_AT = 4;
const ANSWERS_AT = 6;
const TYPE_AND_CLASS_BYTES = 4;
/** Type, class, TTL, length. */
const FIXED_BYTES = 10;
const LENGTH_AT = 8;
/** Before the target of SVCB and HTTPS. */
const PRIORITY_BYTES = 2;

/**
 * Finds blocked names among those that an answer leads to: the targets of its CNAME, SVCB and HTTPS records. Sites give trackers names
 * of their own in this way (CNAME cloaking).
 */
export class AnswerTargets {
  readonly #name = new Uint8Array(MAX_NAME_BYTES);

  /**
   * Returns whether a target is blocked. Then `blocker` tells what decided.
   *
   * @param answer a sound message, all of `[from, to)`
   * @param type of the question
   */
  areBlocked(answer: Uint8Array, from: number, to: number, type: number, blocker: Blocker, asker: Asker): boolean {
    let at = from + HEADER_BYTES;
    for (let left = readUint16(answer, from + QUESTIONS_AT); left > 0; left--)
      at = skipName(answer, at) + TYPE_AND_CLASS_BYTES;
    for (let left = readUint16(answer, from + ANSWERS_AT); left > 0; left--) {
      const fixedAt = skipName(answer, at);
      at = fixedAt + FIXED_BYTES + readUint16(answer, fixedAt + LENGTH_AT);
      if (at > to) return false;
      const targetAt = targetOf(readUint16(answer, fixedAt), fixedAt + FIXED_BYTES);
      if (targetAt < 0 || expandName(answer, from, to, targetAt, this.#name, 0) < 0) continue;
      // As a target, the root means the owner itself, or none (RFC 9460 §2.5).
      if (this.#name[0] !== 0 && blocker.decide(this.#name, 0, type, asker) === Verdict.blocked) return true;
    }
    return false;
  }
}

/** Returns where a record's target begins; -1 if it has none. */
function targetOf(type: number, rdataAt: number): number {
  if (type === RecordType.cname) return rdataAt;
  return type === RecordType.https || type === RecordType.svcb ? rdataAt + PRIORITY_BYTES : -1;
}
