import { checkName, HEADER_BYTES, type NameBudget } from "./compressed-name.ts";
import { areOptionsSound } from "./edns-options.ts";
import { QUESTIONS_AT, RCODE_MASK } from "./header.ts";
import { readUint16 } from "./integers.ts";
import type { Message } from "./message.ts";
import { isRdataSound, layoutOf } from "./rdata/mod.ts";
import { Section } from "./record-table.ts";
import { OPT } from "./record-type.ts";

/** Type, class, TTL, length. */
const FIXED_BYTES = 10;
const QUESTION_BYTES = 4;

/**
 * Steps of names a byte of the message. Honest ones take less than three, where every record points at a name of 34 labels. So 64 KiB
 * take half a million steps at most, about a millisecond.
 */
const STEPS_A_BYTE = 8;

const budget: NameBudget = { steps: 0 };

/**
 * Reads the message that is all of `bytes[from, to)` and checks all of it: every name, every length, and the data of every type that
 * has a form. Whatever a record says afterwards can be relied on.
 *
 * @returns false where it is refused, with `message.refusal`; the header is there then, and the records so far
 */
export function readMessage(message: Message, bytes: Uint8Array, from: number, to: number): boolean {
  message.begin(from, to);
  if (to - from < HEADER_BYTES) return message.refuse("short");
  message.id = readUint16(bytes, from);
  message.flags = readUint16(bytes, from + 2);
  message.rcode = message.flags & RCODE_MASK;
  budget.steps = STEPS_A_BYTE * (to - from);
  let at = from + HEADER_BYTES;
  for (let section = 0; section <= Section.additional; section++) {
    const count = readUint16(bytes, from + QUESTIONS_AT + 2 * section);
    for (let left = count; left > 0; left--) {
      at = section === Section.question ? readQuestion(message, bytes, at) : readRecord(message, bytes, at, section);
      if (at < 0) return false;
    }
    message.starts[section + 1] = message.records.count;
  }
  return at === to || message.refuse("trailing-bytes");
}

/** @returns the offset after the question; -1 where the message is refused */
function readQuestion(message: Message, bytes: Uint8Array, at: number): number {
  const nameEnd = readName(message, bytes, at);
  if (nameEnd < 0) return -1;
  const end = nameEnd + QUESTION_BYTES;
  if (end > message.to) return refused(message, "cut");
  const type = readUint16(bytes, nameEnd);
  const recordClass = readUint16(bytes, nameEnd + 2);
  return message.records.add(Section.question, at, type, recordClass, end, end)
    ? end
    : refused(message, "too-many-records");
}

/** @returns the offset after the record; -1 where the message is refused */
function readRecord(message: Message, bytes: Uint8Array, at: number, section: number): number {
  const { from, to, records } = message;
  const nameEnd = readName(message, bytes, at);
  if (nameEnd < 0) return -1;
  const rdataFrom = nameEnd + FIXED_BYTES;
  const type = readUint16(bytes, nameEnd);
  const recordClass = readUint16(bytes, nameEnd + 2);
  const rdataTo = rdataFrom + readUint16(bytes, nameEnd + 8);
  if (rdataTo > to) return refused(message, "cut");
  if (!records.add(section, at, type, recordClass, rdataFrom, rdataTo)) return refused(message, "too-many-records");
  if (type === OPT) {
    const isSound = message.opt < 0 && section === Section.additional && bytes[at] === 0;
    if (!isSound || !areOptionsSound(bytes, rdataFrom, rdataTo, !message.isResponse)) return refused(message, "opt");
    message.noteOpt(bytes, records.count - 1);
    return rdataTo;
  }
  const layout = layoutOf(type, recordClass);
  if (layout !== undefined && !isRdataSound(layout, bytes, from, rdataFrom, rdataTo, budget)) {
    return refused(message, budget.steps < 0 ? "too-much-work" : "rdata");
  }
  return rdataTo;
}

function readName(message: Message, bytes: Uint8Array, at: number): number {
  const end = checkName(bytes, message.from, message.to, at, budget);
  return end < 0 ? refused(message, budget.steps < 0 ? "too-much-work" : "name") : end;
}

function refused(message: Message, refusal: Parameters<Message["refuse"]>[0]): -1 {
  message.refuse(refusal);
  return -1;
}
