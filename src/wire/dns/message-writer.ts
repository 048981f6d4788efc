import { expandName, HEADER_BYTES } from "./compressed-name.ts";
import { Flag, OPCODE_MASK, QUESTIONS_AT, RCODE_MASK } from "./header.ts";
import { readUint32, writeUint16, writeUint32 } from "./integers.ts";
import type { Message } from "./message.ts";
import { MAX_NAME_BYTES, nameLength } from "./name.ts";
import { NameCompressor } from "./name-compressor.ts";
import type { Query } from "./query.ts";
import { endOfField, Field, type Layout, layoutOf } from "./rdata/mod.ts";
import { Section } from "./record-table.ts";

/** Type, class, TTL, length. */
const FIXED_BYTES = 10;
/** What the header says of a query, and an answer repeats (RFC 1035 §4.1.1, RFC 4035 §3.2.2). */
const ECHOED = OPCODE_MASK | Flag.recursionDesired | Flag.checkingDisabled;

const name = new Uint8Array(MAX_NAME_BYTES);

/**
 * Writes a message into bytes of the caller: header, questions, records section by section, and what `OptWriter` adds. Nothing is
 * allocated, and one writer serves all messages of an event loop.
 *
 * A record that does not fit is left out as a whole, and so are all that follow; of an answer or an authority this makes the
 * message truncated (RFC 2181 §9).
 *
 * @example
 * const writer = new MessageWriter();
 * writer.begin(new Uint8Array(512), 0, 512);
 * writer.header(7, 0x0100);
 * writer.question(Uint8Array.of(1, 97, 0), 0, 28, 1); // true
 * writer.finish(); // 19
 */
export class MessageWriter {
  out: Uint8Array = new Uint8Array(0);
  /** Where the message begins in `out`. */
  from = 0;
  /** Behind what is written. */
  at = 0;
  /** Where records have to end: room for an OPT record is kept behind it. */
  #recordsTo = 0;
  /** Where the message has to end. */
  to = 0;
  flags = 0;
  /** Up to 12 bits, of which an OPT record has the upper ones. */
  rcode = 0;
  /** A record did not fit. */
  isFull = false;
  /** Names are written with pointers. @default {true} */
  compresses = true;
  readonly #counts = new Uint16Array(4);
  readonly #compressor = new NameCompressor();
  /** The question that is answered: its owner's name is that of most records. */
  #askedBytes: Uint8Array | undefined;
  #askedAt = 0;
  /** Its name is not known to the compressor yet. */
  #isUnlearned = false;

  /**
   * Begins a message at `out[from]`.
   *
   * @param maxBytes of the whole message; `out` has that much room
   * @param reservedBytes kept for an OPT record and its options
   */
  begin(out: Uint8Array, from: number, maxBytes: number, reservedBytes = 0): void {
    this.out = out;
    this.from = from;
    this.at = from + HEADER_BYTES;
    this.to = from + maxBytes;
    this.#recordsTo = this.to - reservedBytes;
    this.flags = 0;
    this.rcode = 0;
    this.isFull = false;
    this.#counts.fill(0);
    this.#compressor.clear();
    this.#askedBytes = undefined;
    this.#isUnlearned = false;
  }

  header(id: number, flags: number): void {
    writeUint16(this.out, this.from, id);
    this.flags = flags;
  }

  /** Writes the header of the answer to a query, and its question in the case in which it was asked, as far as it could be read. */
  answer(query: Query, bytes: Uint8Array, rcode: number, flags: number): void {
    this.header(query.id, Flag.response | (query.flags & ECHOED) | flags);
    this.rcode = rcode;
    if (query.questionEnd === 0) return;
    const { out, at } = this;
    const length = query.questionEnd - query.nameFrom;
    if (at + length > this.#recordsTo) return;
    for (let index = 0; index < length; index++) out[at + index] = bytes[query.nameFrom + index]!;
    this.#askedBytes = bytes;
    this.#askedAt = query.nameFrom;
    this.#isUnlearned = true;
    this.at = at + length;
    this.#counts[Section.question] = 1;
  }

  /** @returns false where it does not fit, and then no record does */
  question(bytes: Uint8Array, nameAt: number, type: number, recordClass: number): boolean {
    const end = this.#name(bytes, nameAt, this.at, true);
    if (end < 0 || this.#recordsTo - end < 4) return this.#overflow(Section.question);
    writeUint16(this.out, end, type);
    writeUint16(this.out, end + 2, recordClass);
    this.at = end + 4;
    this.#counts[Section.question]! += 1;
    return true;
  }

  /**
   * Writes a record.
   *
   * @param nameBytes where the owner's name is, without compression
   * @param rdata where its data are, without compression, such as those of `parseRdata`
   * @returns false where it does not fit
   */
  record(
    section: number,
    nameBytes: Uint8Array,
    nameAt: number,
    type: number,
    recordClass: number,
    ttl: number,
    rdata: Uint8Array,
    rdataFrom: number,
    rdataTo: number,
  ): boolean {
    if (this.isFull) return false;
    const fixedAt = this.#name(nameBytes, nameAt, this.at, true);
    return this.#finishRecord(section, fixedAt, type, recordClass, ttl, rdata, rdataFrom, rdataFrom, rdataTo);
  }

  /** Copies a record of a message that was read from `bytes`; its names are written anew. @returns false where it does not fit */
  copy(
    message: Message,
    bytes: Uint8Array,
    index: number,
    ttl = readUint32(bytes, message.records.ttlAt(index)),
  ): boolean {
    if (this.isFull) return false;
    const { from, to, records } = message;
    expandName(bytes, from, to, records.nameAt(index), name, 0);
    const fixedAt = this.#name(name, 0, this.at, true);
    const [type, recordClass] = [records.type(index), records.class(index)];
    const [rdataFrom, rdataTo] = [records.rdataFrom(index), records.rdataTo(index)];
    return this.#finishRecord(records.section(index), fixedAt, type, recordClass, ttl, bytes, from, rdataFrom, rdataTo);
  }

  /** @returns the offset after the message */
  finish(): number {
    const { out, from } = this;
    writeUint16(out, from + 2, (this.flags & ~RCODE_MASK) | (this.rcode & RCODE_MASK));
    for (let section = 0; section < 4; section++)
      writeUint16(out, from + QUESTIONS_AT + 2 * section, this.#counts[section]!);
    return this.at;
  }

  /** Counts a record that was written by others behind all others: an OPT record. */
  countAdditional(): void {
    this.#counts[Section.additional]! += 1;
  }

  #finishRecord(
    section: number,
    fixedAt: number,
    type: number,
    recordClass: number,
    ttl: number,
    rdata: Uint8Array,
    rdataBase: number,
    rdataFrom: number,
    rdataTo: number,
  ): boolean {
    const { out } = this;
    const dataAt = fixedAt + FIXED_BYTES;
    if (fixedAt < 0 || dataAt > this.#recordsTo) return this.#overflow(section);
    const layout = layoutOf(type, recordClass);
    const end =
      layout === undefined
        ? this.#bytes(rdata, rdataFrom, rdataTo, dataAt)
        : this.#rdata(layout, rdata, rdataBase, rdataFrom, rdataTo, dataAt);
    if (end < 0 || end - dataAt > 0xffff) return this.#overflow(section);
    writeUint16(out, fixedAt, type);
    writeUint16(out, fixedAt + 2, recordClass);
    writeUint32(out, fixedAt + 4, ttl);
    writeUint16(out, fixedAt + 8, end - dataAt);
    this.at = end;
    this.#counts[section]! += 1;
    return true;
  }

  #rdata(layout: Layout, bytes: Uint8Array, base: number, at: number, to: number, outAt: number): number {
    for (const field of layout.fields) {
      const end = endOfField(field, bytes, at, to);
      if (field === Field.name) {
        expandName(bytes, base, to, at, name, 0);
        outAt = this.#name(name, 0, outAt, layout.mayCompress);
      } else outAt = this.#bytes(bytes, at, end, outAt);
      if (outAt < 0) return -1;
      at = end;
    }
    return outAt;
  }

  /** @returns the offset after the copy; -1 where it does not fit */
  #bytes(bytes: Uint8Array, at: number, to: number, outAt: number): number {
    if (to - at > this.#recordsTo - outAt) return -1;
    const { out } = this;
    while (at < to) out[outAt++] = bytes[at++]!;
    return outAt;
  }

  #name(bytes: Uint8Array, nameAt: number, at: number, mayCompress: boolean): number {
    if (mayCompress && this.compresses) {
      // The root is shorter than a pointer to it.
      if (nameAt === this.#askedAt && bytes === this.#askedBytes && bytes[nameAt] !== 0) return this.#askedName(at);
      if (this.#isUnlearned) {
        this.#isUnlearned = false;
        this.#compressor.learn(this.out, this.from, this.from + HEADER_BYTES);
      }
      return this.#compressor.write(bytes, nameAt, this.out, this.from, at, this.#recordsTo);
    }
    return this.#bytes(bytes, nameAt, nameAt + nameLength(bytes, nameAt), at);
  }

  /** Writes the question's name, which is known to begin behind the header. */
  #askedName(at: number): number {
    if (this.#recordsTo - at < 2) return -1;
    this.out[at] = 0xc0;
    this.out[at + 1] = HEADER_BYTES;
    return at + 2;
  }

  #overflow(section: number): false {
    this.isFull = true;
    if (section !== Section.additional) this.flags |= Flag.truncated;
    return false;
  }
}
