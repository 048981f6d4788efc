import {
  copyRun,
  equalsIgnoringCase,
  FIELD_STRIDE,
  FieldName,
  type FieldSet,
  fieldLine,
  type Head,
  HOP_BY_HOP,
  statusLine,
  writeDecimal,
} from "../../wire/http1/mod.ts";
import { dateLine } from "../date-line.ts";
import type { HeadWriter } from "../exchange.ts";
import type { Http1Exchange } from "./http1-exchange.ts";
import { JOINED_BYTES, type Output } from "./output.ts";

const CR = 0x0d;
const LF = 0x0a;
/** Room for the fields that the exchange adds itself. */
const OWN_BYTES = 256;
const NOTHING: FieldSet = new Uint8Array(HOP_BY_HOP.length);
const NO_NAMES: readonly Uint8Array[] = [];
const encoder = new TextEncoder();
const CONTENT_LENGTH = encoder.encode("Content-Length: ");

/** Writes heads of answers as text, right behind what the event loop's block holds already. */
export class Http1HeadWriter implements HeadWriter {
  /** Whose head is open. */
  exchange: Http1Exchange<unknown> | undefined;
  /** The head is longer than `maxBytes`: it must not be sent. */
  overflowed = false;
  readonly #output: Output;
  readonly #maxBytes: number;
  #start = 0;
  #at = 0;
  #end = 0;
  #hasDate = false;

  constructor(output: Output, maxBytes: number) {
    this.#output = output;
    this.#maxBytes = maxBytes;
  }

  /** Begins the head of an answer. */
  begin(exchange: Http1Exchange<unknown>, status: number): this {
    this.open(exchange);
    this.line(statusLine(status));
    return this;
  }

  /** Begins lines without a start line. */
  open(exchange: Http1Exchange<unknown>): void {
    // Its owner returned without sending it, which the contract forbids.
    if (this.exchange !== undefined && this.exchange !== exchange) this.exchange.abort("failed");
    this.exchange = exchange;
    this.overflowed = false;
    this.#hasDate = false;
    const room = this.#maxBytes + OWN_BYTES + JOINED_BYTES;
    this.#at = this.#output.reserve(exchange.client.connection, room);
    this.#start = this.#at;
    this.#end = this.#at + this.#maxBytes;
  }

  lines(head: Head, bytes: Uint8Array, drop: FieldSet = NOTHING, dropNames: readonly Uint8Array[] = NO_NAMES): void {
    const { fields, count } = head;
    let runStart = -1;
    let runEnd = 0;
    for (let line = 0; line < count; line++) {
      const place = line * FIELD_STRIDE;
      const nameStart = fields[place]!;
      const known = fields[place + 4]!;
      const isDropped =
        HOP_BY_HOP[known] === 1 ||
        drop[known] === 1 ||
        (dropNames.length > 0 && isOneOf(dropNames, bytes, nameStart, fields[place + 1]!));
      // A line goes on a run where only its line end lies between: not behind blanks, nor where lines are apart.
      if (runStart >= 0 && (isDropped || nameStart !== runEnd + 2)) {
        this.#run(bytes, runStart, runEnd);
        runStart = -1;
      }
      if (isDropped) continue;
      if (runStart < 0) runStart = nameStart;
      runEnd = fields[place + 3]!;
      if (known === FieldName.date) this.#hasDate = true;
    }
    if (runStart >= 0) this.#run(bytes, runStart, runEnd);
  }

  line(prepared: Uint8Array): void {
    if (!this.#hasRoom(prepared.length)) return;
    this.#at = copyRun(this.#output.block, this.#at, prepared, 0, prepared.length);
  }

  field(name: string, value: string): void {
    if (name.toLowerCase() === "date") this.#hasDate = true;
    this.line(fieldLine(name, value));
  }

  /** Returns whether the head is still where it was begun: not where others sent something in between. */
  isIntact(exchange: Http1Exchange<unknown>): boolean {
    return this.exchange === exchange && this.#output.isAt(exchange.client.connection, this.#start);
  }

  contentLength(bytes: number): void {
    const { block } = this.#output;
    const at = copyRun(block, this.#at, CONTENT_LENGTH, 0, CONTENT_LENGTH.length);
    this.#at = this.#lineEnd(writeDecimal(block, at, bytes));
  }

  /** Ends the head and commits it. Returns its length in bytes. */
  finish(isFinal: boolean): number {
    const { block } = this.#output;
    if (isFinal && !this.#hasDate) {
      const date = dateLine();
      this.#at = copyRun(block, this.#at, date, 0, date.length);
    }
    this.#at = this.#lineEnd(this.#at);
    const length = this.#at - this.#output.length;
    this.#output.length = this.#at;
    this.exchange = undefined;
    return length;
  }

  #run(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#hasRoom(to - from + 2)) return;
    this.#at = this.#lineEnd(copyRun(this.#output.block, this.#at, bytes, from, to));
  }

  #hasRoom(bytes: number): boolean {
    if (this.#at + bytes > this.#end) this.overflowed = true;
    return !this.overflowed;
  }

  #lineEnd(at: number): number {
    const { block } = this.#output;
    block[at] = CR;
    block[at + 1] = LF;
    return at + 2;
  }
}

function isOneOf(names: readonly Uint8Array[], bytes: Uint8Array, from: number, to: number): boolean {
  for (const name of names) if (equalsIgnoringCase(bytes, from, to, name)) return true;
  return false;
}

/** Takes the fields of answers that nobody waits for any more. */
export const DISCARDING_WRITER: HeadWriter = { lines() {}, line() {}, field() {} };
