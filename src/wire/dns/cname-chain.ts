import { sameNames } from "./compressed-name.ts";
import type { Message } from "./message.ts";
import { Section } from "./record-table.ts";
import { RecordType } from "./record-type.ts";

/** Links that are followed, as dnsmasq and unbound do it. */
export const MAX_CNAME_LINKS = 10;
const POINTER = 0xc0;

/**
 * The names that an answer leads to: from its question by CNAME from one to the next, in whatever order the records are. Records of other
 * names were not asked for, and must be neither believed nor kept.
 */
export class CnameChain {
  /** Where each name begins in the message: the question's, then targets. They may be compressed. */
  readonly #names: Int32Array;
  /** Names of the chain, the question's among them. */
  count = 0;

  constructor(maxLinks = MAX_CNAME_LINKS) {
    this.#names = new Int32Array(maxLinks + 1);
  }

  /** Where a name of the chain begins, 0 being the question's. */
  nameAt(index: number): number {
    return this.#names[index]!;
  }

  /**
   * Follows the chain of a message that was read, with one question.
   *
   * @returns false where it is a circle, or has too many links
   */
  read(message: Message, bytes: Uint8Array): boolean {
    const names = this.#names;
    names[0] = message.records.nameAt(0);
    this.count = 1;
    // Who asks for CNAME wants the first one.
    const asked = message.records.type(0);
    if (asked === RecordType.cname || asked === RecordType.any) return true;
    for (;;) {
      const target = findTarget(message, bytes, names[this.count - 1]!);
      if (target < 0) return true;
      if (this.count === names.length || this.#has(message.from, bytes, target)) return false;
      names[this.count++] = target;
    }
  }

  /** Returns whether a record of the answer belongs to a name of the chain; a DNAME does so to the names below its own. */
  includes(message: Message, bytes: Uint8Array, index: number): boolean {
    const { from, records } = message;
    const owner = records.nameAt(index);
    if (this.#has(from, bytes, owner)) return true;
    if (records.type(index) !== RecordType.dname) return false;
    for (let name = 0; name < this.count; name++) if (isBelow(bytes, from, this.#names[name]!, owner)) return true;
    return false;
  }

  #has(from: number, bytes: Uint8Array, at: number): boolean {
    for (let name = 0; name < this.count; name++)
      if (sameNames(bytes, from, at, bytes, from, this.#names[name]!)) return true;
    return false;
  }
}

/** @returns where the target of a name's CNAME begins; -1 where it has none */
function findTarget(message: Message, bytes: Uint8Array, nameAt: number): number {
  const { from, records, starts } = message;
  const recordClass = records.class(0);
  for (let index = starts[Section.answer]!; index < starts[Section.authority]!; index++) {
    if (records.type(index) !== RecordType.cname || records.class(index) !== recordClass) continue;
    if (sameNames(bytes, from, records.nameAt(index), bytes, from, nameAt)) return records.rdataFrom(index);
  }
  return -1;
}

/** Returns whether a name of a message is another one, or below it. */
function isBelow(bytes: Uint8Array, from: number, at: number, zoneAt: number): boolean {
  for (;;) {
    while (bytes[at]! >= POINTER) at = from + (((bytes[at]! & 0x3f) << 8) | bytes[at + 1]!);
    if (sameNames(bytes, from, at, bytes, from, zoneAt)) return true;
    if (bytes[at] === 0) return false;
    at += bytes[at]! + 1;
  }
}
