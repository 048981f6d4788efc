import { Flag, opcodeOf, RCODE_MASK } from "./header.ts";
import { readUint32 } from "./integers.ts";
import { RecordTable } from "./record-table.ts";

/** Why a message is refused. A closed set: it may be a metric label. */
export const MESSAGE_REFUSALS = [
  "short", // no whole header
  "name", // a pointer that does not go back, a label or a name that is too long, or one that is cut off
  "cut", // a record or a question is not complete
  "rdata", // data that are not of their type's form, or not as long as they say
  "opt", // a second OPT, one in another section or with a name, or options that are not sound
  "too-many-records",
  "too-much-work", // names that are built to be slow to read
  "trailing-bytes",
] as const;

export type MessageRefusal = (typeof MESSAGE_REFUSALS)[number];

/** More than any honest answer has: of IPv4 addresses, 32 KiB. */
export const MAX_RECORDS = 2048;

/**
 * Any message as numbers and places in bytes that somebody else holds: an upstream's answer, or what mDNS sends. It is valid until the
 * next read into it.
 */
export class Message {
  from = 0;
  to = 0;
  id = 0;
  flags = 0;
  /** With the upper bits that an OPT record has. */
  rcode = 0;
  /** Questions, then the records of all sections. */
  readonly records: RecordTable;
  /** Where each section begins in `records`, and where the last one ends. */
  readonly starts = new Int32Array(5);
  /** The OPT record in `records`; -1 = none. */
  opt = -1;
  /** Why the last read refused the message. */
  refusal: MessageRefusal | undefined;

  constructor(maxRecords = MAX_RECORDS) {
    this.records = new RecordTable(maxRecords);
  }

  begin(from: number, to: number): void {
    this.from = from;
    this.to = to;
    this.id = 0;
    this.flags = 0;
    this.rcode = 0;
    this.records.count = 0;
    this.starts.fill(0);
    this.opt = -1;
    this.refusal = undefined;
  }

  get isResponse(): boolean {
    return (this.flags & Flag.response) !== 0;
  }

  get isTruncated(): boolean {
    return (this.flags & Flag.truncated) !== 0;
  }

  get opcode(): number {
    return opcodeOf(this.flags);
  }

  /** Questions or records of a section. */
  count(section: number): number {
    return this.starts[section + 1]! - this.starts[section]!;
  }

  /** Takes over what an OPT record says about the message. */
  noteOpt(bytes: Uint8Array, index: number): void {
    this.opt = index;
    this.rcode = (bytes[this.records.ttlAt(index)]! << 4) | (this.flags & RCODE_MASK);
  }

  /** Returns a record's TTL in seconds; one that is negative counts as 0 (RFC 2181 §8). */
  ttl(bytes: Uint8Array, index: number): number {
    const ttl = readUint32(bytes, this.records.ttlAt(index));
    return ttl < 0x80000000 ? ttl : 0;
  }

  refuse(refusal: MessageRefusal): false {
    this.refusal = refusal;
    return false;
  }
}
