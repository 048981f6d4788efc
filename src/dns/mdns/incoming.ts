import { expandName, MAX_NAME_BYTES, Message, opcodeOf, readMessage, sameNames } from "../../wire/dns/mod.ts";
import { nameInData } from "./records.ts";

/** The highest bit of a class: of a record, "forget others" (cache-flush, RFC 6762 §10.2); of a question, "answer me alone" (QU, §5.4). */
export const CLASS_BIT = 0x8000;
export const CLASS_MASK = 0x7fff;

/** Longest datagram (RFC 6762 §17). */
const MAX_BYTES = 9000;

/** A datagram that was received. One object for all: it is valid until the next `read`. */
export class Incoming {
  readonly message = new Message();
  bytes: Uint8Array = new Uint8Array(0);
  /** The name that `name` expanded last. */
  readonly nameBytes = new Uint8Array(MAX_NAME_BYTES);
  /** The data that `data` expanded last. */
  readonly dataBytes = new Uint8Array(MAX_BYTES + MAX_NAME_BYTES);

  /** @returns whether it is a well-formed message without opcode and response code (RFC 6762 §18.3, §18.11) */
  read(bytes: Uint8Array): boolean {
    this.bytes = bytes;
    if (bytes.length > MAX_BYTES || !readMessage(this.message, bytes, 0, bytes.length)) return false;
    return opcodeOf(this.message.flags) === 0 && this.message.rcode === 0;
  }

  /** Expands the name of a question or a record into `nameBytes`. */
  name(index: number): Uint8Array {
    const { message, bytes } = this;
    expandName(bytes, message.from, message.to, message.records.nameAt(index), this.nameBytes, 0);
    return this.nameBytes;
  }

  /** Whether a question or a record has this name. */
  isNamed(index: number, name: Uint8Array): boolean {
    const { message, bytes } = this;
    return sameNames(bytes, message.from, message.records.nameAt(index), name, 0, 0);
  }

  /** Copies the data of a record into `dataBytes`, without compression. @returns their length */
  data(index: number): number {
    const { message, bytes, dataBytes } = this;
    const { records } = message;
    const from = records.rdataFrom(index);
    const to = records.rdataTo(index);
    const nameAt = nameInData(records.type(index));
    const plain = nameAt < 0 ? to - from : nameAt;
    for (let at = 0; at < plain; at++) dataBytes[at] = bytes[from + at]!;
    return nameAt < 0 ? plain : expandName(bytes, message.from, message.to, from + nameAt, dataBytes, nameAt);
  }
}
