import { expandName } from "./compressed-name.ts";
import type { Message } from "./message.ts";
import type { MessageWriter } from "./message-writer.ts";
import { MAX_NAME_BYTES } from "./name.ts";
import { Section } from "./record-table.ts";
import { OPT, RecordType } from "./record-type.ts";

const name = new Uint8Array(MAX_NAME_BYTES);

/** Decides whether a record of a message is copied. */
export type Keep = (message: Message, bytes: Uint8Array, index: number) => boolean;

/**
 * Copies a message that was read into one that is being written: questions, and the records that are to be kept. OPT belongs to one hop and
 * is never copied (RFC 6891 §6.2.1). All names are written anew, so that none points at a record that was left out.
 *
 * @returns false where it does not fit
 */
export function copyMessage(writer: MessageWriter, message: Message, bytes: Uint8Array, keep?: Keep): boolean {
  const { records, starts } = message;
  for (let index = 0; index < starts[Section.answer]!; index++) {
    expandName(bytes, message.from, message.to, records.nameAt(index), name, 0);
    if (!writer.question(name, 0, records.type(index), records.class(index))) return false;
  }
  for (let index = starts[Section.answer]!; index < records.count; index++) {
    if (records.type(index) === OPT || (keep !== undefined && !keep(message, bytes, index))) continue;
    writer.copy(message, bytes, index);
  }
  return !writer.isFull;
}

/**
 * Returns whether a client that did not set DO gets a record: signatures and proofs only where it asked for that type (RFC 4035 §3.2.1,
 * RFC 3225 §3).
 *
 * @param asked the question's type
 */
export function isForPlainClients(type: number, asked: number): boolean {
  if (type === asked || asked === RecordType.any) return true;
  return type !== RecordType.rrsig && type !== RecordType.nsec && type !== RecordType.nsec3;
}
