import {
  equalsIgnoringCase,
  FIELD_STRIDE,
  FieldName,
  type FieldSet,
  fieldLine,
  fieldNameOf,
  fieldSet,
  type Head,
  HOP_BY_HOP,
} from "../../wire/http1/mod.ts";
import { FIELD_OVERHEAD_BYTES } from "../../wire/http2/mod.ts";
import { dateLine } from "../date-line.ts";
import type { HeadWriter } from "../exchange.ts";
import type { Http2Exchange } from "./exchange.ts";

const COLON = 0x3a;
const LF = 0x0a;
/** Room for the fields that the exchange adds itself. */
const OWN_BYTES = 256;
const DATE_LASTS_MS = 100;
const NOTHING: FieldSet = fieldSet();
const NO_NAMES: readonly Uint8Array[] = [];
/** Fields of one hop; and that of a WebSocket on HTTP/1.1, since extended CONNECT has no key to prove (RFC 8441 §5). */
const LEFT_OUT: FieldSet = HOP_BY_HOP.slice();
LEFT_OUT[FieldName.secWebsocketAccept] = 1;

/** Encodes heads of answers. One serves an event loop; what is encoded counts when it is taken. */
export class Http2HeadWriter implements HeadWriter {
  /** Whose head is open. */
  exchange: Http2Exchange<unknown> | undefined;
  /** The head is longer than `maxBytes`: it must not be sent. */
  overflowed = false;
  readonly block: Uint8Array;
  readonly #maxBytes: number;
  #at = 0;
  #hasDate = false;
  #date = dateLine();
  #dateMs = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.block = new Uint8Array(maxBytes + OWN_BYTES);
  }

  begin(exchange: Http2Exchange<unknown>, status: number): this {
    this.open(exchange);
    this.#at = exchange.client.sender.encoder.status(this.block, this.#at, status);
    return this;
  }

  /** Begins a block without status: trailers. */
  open(exchange: Http2Exchange<unknown>): this {
    // Its owner returned without sending it, which the contract forbids.
    if (this.exchange !== undefined && this.exchange !== exchange) this.exchange.abort("failed");
    this.exchange = exchange;
    this.overflowed = false;
    this.#hasDate = false;
    this.#at = exchange.client.sender.encoder.begin(this.block, 0);
    return this;
  }

  lines(head: Head, bytes: Uint8Array, drop: FieldSet = NOTHING, dropNames: readonly Uint8Array[] = NO_NAMES): void {
    const { fields, count } = head;
    for (let line = 0; line < count; line++) {
      const place = line * FIELD_STRIDE;
      const known = fields[place + 4]!;
      if (LEFT_OUT[known] === 1 || drop[known] === 1) continue;
      if (dropNames.length > 0 && isOneOf(dropNames, bytes, fields[place]!, fields[place + 1]!)) continue;
      this.#add(bytes, fields[place]!, fields[place + 1]!, fields[place + 2]!, fields[place + 3]!, known);
    }
  }

  /** Also of several lines. */
  line(prepared: Uint8Array): void {
    const end =
      this.#at + FIELD_OVERHEAD_BYTES > this.#maxBytes ? -1 : this.#encoder.prepared(this.block, this.#at, prepared);
    if (end < 0) this.#lines(prepared);
    else {
      this.#at = end;
      if (prepared === this.#date) this.#hasDate = true;
    }
  }

  #lines(prepared: Uint8Array): void {
    let at = 0;
    while (at < prepared.length) {
      const colon = prepared.indexOf(COLON, at);
      const end = prepared.indexOf(LF, colon);
      if (colon < 0 || end < 0) return;
      const known = fieldNameOf(prepared, at, colon);
      const isKept = known >= 0 && LEFT_OUT[known] !== 1;
      if (isKept) this.#add(prepared, at, colon, colon + 2, end - 1, known);
      // A `Date` must be seen here, so that there is no second one.
      if (isKept && at === 0 && end + 1 === prepared.length && (known !== FieldName.date || prepared === this.#date))
        this.#encoder.remember(prepared);
      at = end + 1;
    }
  }

  field(name: string, value: string): void {
    this.line(fieldLine(name, value));
  }

  contentLength(bytes: number): void {
    this.#at = this.#encoder.contentLength(this.block, this.#at, bytes);
  }

  /**
   * Ends the block, which is then sent before any other.
   *
   * @param nowMs the time of an answer that needs a `Date`, on the clock of `performance.now()`; 0 = none is needed
   * @returns its length
   */
  finish(nowMs = 0): number {
    if (nowMs > 0 && !this.#hasDate) this.line(this.#dateAt(nowMs));
    this.#encoder.commit();
    this.exchange = undefined;
    return this.#at;
  }

  /** Asks for the time of day only now and then. */
  #dateAt(nowMs: number): Uint8Array {
    if (nowMs - this.#dateMs >= DATE_LASTS_MS) {
      this.#dateMs = nowMs;
      this.#date = dateLine();
    }
    return this.#date;
  }

  get #encoder() {
    return this.exchange!.client.sender.encoder;
  }

  #add(
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    known: number,
  ): void {
    const most = nameEnd - nameStart + valueEnd - valueStart + FIELD_OVERHEAD_BYTES;
    if (this.#at + most > this.#maxBytes) {
      this.overflowed = true;
      return;
    }
    if (known === FieldName.date) this.#hasDate = true;
    this.#at = this.#encoder.field(this.block, this.#at, bytes, nameStart, nameEnd, valueStart, valueEnd, known);
  }
}

function isOneOf(names: readonly Uint8Array[], bytes: Uint8Array, from: number, to: number): boolean {
  for (const name of names) if (equalsIgnoringCase(bytes, from, to, name)) return true;
  return false;
}

/** Takes the fields of answers that nobody waits for any more. */
export const DISCARDING_WRITER: HeadWriter = { lines() {}, line() {}, field() {} };
