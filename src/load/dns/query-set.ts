import { writeUint16 } from "../../wire/dns/mod.ts";
import { type ParsedQuery, UNIQUE_DIGITS } from "./query-file.ts";

const HEADER_BYTES = 12;
const RECURSION_DESIRED = 0x0100;
const OPT_TYPE = 41;
const DNSSEC_OK = 0x8000;
const DIGITS = Uint8Array.from("0123456789abcdefghijklmnopqrstuvwxyz", (digit) => digit.charCodeAt(0));

export interface EdnsOptions {
  /** What the client takes in a datagram; 0 = the query has no OPT record. */
  readonly udpBytes: number;
  readonly dnssecOk: boolean;
  /** Options of the OPT record, as they are on the wire. */
  readonly options: Uint8Array;
}

/**
 * The queries of a run in one block of memory: what differs between messages is the question, header and OPT record are the same in all.
 *
 * ```text
 *   questions │ 3 w w w 7 e x … │ 3 a p i … │        message: header │ question │ OPT
 *   starts    0                 21          …
 * ```
 */
export class QuerySet {
  readonly count: number;
  readonly isConstantLength: boolean;
  readonly maxBytes: number;
  /** A name has unique digits. */
  readonly hasUnique: boolean;
  readonly #questions: Uint8Array;
  readonly #starts: Uint32Array;
  /** Where the unique digits of each begin in `#questions`; -1 = none. */
  readonly #uniqueAt: Int32Array;
  readonly #opt: Uint8Array;
  readonly #additional: number;

  constructor(queries: readonly ParsedQuery[], edns: EdnsOptions) {
    this.count = queries.length;
    this.#starts = new Uint32Array(queries.length + 1);
    this.#uniqueAt = new Int32Array(queries.length).fill(-1);
    let at = 0;
    for (const [index, { question, uniqueAt }] of queries.entries()) {
      if (uniqueAt >= 0) this.#uniqueAt[index] = at + uniqueAt;
      at += question.length;
      this.#starts[index + 1] = at;
    }
    this.#questions = new Uint8Array(at);
    for (const [index, { question }] of queries.entries()) this.#questions.set(question, this.#starts[index]!);
    this.#opt = optOf(edns);
    this.#additional = this.#opt.length > 0 ? 1 : 0;
    const lengths = queries.map(({ question }) => question.length);
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    this.maxBytes = HEADER_BYTES + longest + this.#opt.length;
    this.isConstantLength = lengths.every((length) => length === longest);
    this.hasUnique = queries.some(({ uniqueAt }) => uniqueAt >= 0);
  }

  /** Returns how long a query's message is. */
  lengthOf(query: number): number {
    return HEADER_BYTES + this.#starts[query + 1]! - this.#starts[query]! + this.#opt.length;
  }

  /**
   * Writes a query.
   *
   * @param serial written as its unique digits
   * @returns its length
   */
  write(query: number, serial: number, out: Uint8Array, at: number): number {
    const questions = this.#questions;
    const end = this.#starts[query + 1]!;
    writeUint16(out, at + 2, RECURSION_DESIRED);
    writeUint16(out, at + 4, 1);
    for (let index = 6; index < HEADER_BYTES; index++) out[at + index] = 0;
    out[at + 11] = this.#additional;
    const nameAt = at + HEADER_BYTES - this.#starts[query]!;
    for (let from = this.#starts[query]!; from < end; from++) out[nameAt + from] = questions[from]!;
    const uniqueAt = this.#uniqueAt[query]!;
    if (uniqueAt >= 0) writeDigits(serial, out, nameAt + uniqueAt);
    const opt = this.#opt;
    const optAt = nameAt + end;
    for (let index = 0; index < opt.length; index++) out[optAt + index] = opt[index]!;
    return optAt + opt.length - at;
  }

  /** Returns whether a message has this question, letter by letter. @param from of its question; @param to of its last byte */
  isAsked(query: number, serial: number, bytes: Uint8Array, from: number, to: number): boolean {
    const questions = this.#questions;
    const start = this.#starts[query]!;
    const length = this.#starts[query + 1]! - start;
    if (to - from < length) return false;
    const uniqueAt = this.#uniqueAt[query]!;
    if (uniqueAt >= 0) return this.#isUniqueAsked(start, length, uniqueAt - start, serial, bytes, from);
    for (let index = 0; index < length; index++) if (bytes[from + index] !== questions[start + index]) return false;
    return true;
  }

  #isUniqueAsked(
    start: number,
    length: number,
    digitsAt: number,
    serial: number,
    bytes: Uint8Array,
    from: number,
  ): boolean {
    writeDigits(serial, digits, 0);
    for (let index = 0; index < length; index++) {
      const inDigits = index - digitsAt;
      const isDigit = inDigits >= 0 && inDigits < UNIQUE_DIGITS;
      if (bytes[from + index] !== (isDigit ? digits[inDigits] : this.#questions[start + index])) return false;
    }
    return true;
  }
}

const digits = new Uint8Array(UNIQUE_DIGITS);

function writeDigits(serial: number, out: Uint8Array, at: number): void {
  let rest = serial;
  for (let index = UNIQUE_DIGITS - 1; index >= 0; index--) {
    const next = Math.floor(rest / DIGITS.length);
    out[at + index] = DIGITS[rest - next * DIGITS.length]!;
    rest = next;
  }
}

function optOf({ udpBytes, dnssecOk, options }: EdnsOptions): Uint8Array {
  if (udpBytes === 0) return new Uint8Array(0);
  const opt = new Uint8Array(11 + options.length);
  writeUint16(opt, 1, OPT_TYPE);
  writeUint16(opt, 3, udpBytes);
  writeUint16(opt, 7, dnssecOk ? DNSSEC_OK : 0);
  writeUint16(opt, 9, options.length);
  opt.set(options, 11);
  return opt;
}
