import { FieldName } from "./field-name.ts";
import { type HeadError, type Http1Refusal, headError } from "./refusal.ts";

/** Numbers of one field line in `Head.fields`. */
export const FIELD_STRIDE = 5;

/**
 * A head as offsets into bytes that somebody else holds. Nothing is decoded and nothing allocated: one `Head` serves an event loop
 * and direction, and is valid until the next read into it.
 *
 * ```text
 *   bytes   GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n
 *                              │   │ │        │
 *   fields               name start│ value    │
 *                                  end  start end   and the id of the name: five numbers a line
 * ```
 */
export class Head {
  /** Name start, name end, value start, value end and `FieldName` of each line. Values are without blanks around them. */
  readonly fields: Int32Array;
  /** Field lines in use. */
  count = 0;
  /** Request line. Of an absolute target, the part that begins with the path. */
  methodStart = 0;
  methodEnd = 0;
  method: number = 0;
  targetStart = 0;
  targetEnd = 0;
  /** The scheme of an absolute target, or HTTP/2's `:scheme`. */
  schemeIsHttps = false;
  /** Authority in force: of an absolute target, `Host`, or `:authority`; -1 = none. */
  hostStart = -1;
  hostEnd = -1;
  hasHostField = false;
  version: 10 | 11 | 20 = 11;
  /** Of a response. */
  status = 0;
  /** In bytes; -1 = none. */
  contentLength = -1;
  isChunked = false;
  /** Options of `Connection` (RFC 9110 §7.6.1): how many, and which. */
  connectionOptions = 0;
  wantsClose = false;
  wantsKeepAlive = false;
  wantsUpgrade = false;
  /** `Connection` has other options. The lines they name have the id `namedByConnection`. */
  namesOthers = false;
  /** `Expect: 100-continue`. */
  expectsContinue = false;
  /** A name has `_` or `.`. Such lines have the id `ambiguous`. */
  hasAmbiguousNames = false;
  /** Bytes of the head, with its empty line. */
  length = 0;
  /** Why the last read refused the head. */
  refusal: Http1Refusal | undefined;

  /** @param maxFields field lines that fit @default {128} */
  constructor(maxFields = 128) {
    this.fields = new Int32Array(maxFields * FIELD_STRIDE);
  }

  /** Empties the table for a new head. */
  begin(version: 10 | 11 | 20): void {
    this.count = 0;
    this.methodStart = 0;
    this.methodEnd = 0;
    this.method = 0;
    this.targetStart = 0;
    this.targetEnd = 0;
    this.schemeIsHttps = false;
    this.hostStart = -1;
    this.hostEnd = -1;
    this.hasHostField = false;
    this.version = version;
    this.status = 0;
    this.contentLength = -1;
    this.isChunked = false;
    this.connectionOptions = 0;
    this.wantsClose = false;
    this.wantsKeepAlive = false;
    this.wantsUpgrade = false;
    this.namesOthers = false;
    this.expectsContinue = false;
    this.hasAmbiguousNames = false;
    this.length = 0;
    this.refusal = undefined;
  }

  /** Adds a line as it is; `checkFields` judges it. Returns false when the table is full. */
  add(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, known: FieldName): boolean {
    const { fields } = this;
    const place = this.count * FIELD_STRIDE;
    if (place >= fields.length) return false;
    fields[place] = nameStart;
    fields[place + 1] = nameEnd;
    fields[place + 2] = valueStart;
    fields[place + 3] = valueEnd;
    fields[place + 4] = known;
    if (known === FieldName.ambiguous) this.hasAmbiguousNames = true;
    this.count += 1;
    return true;
  }

  /** Returns the index of the first line of that name, or -1. */
  at(name: FieldName): number {
    const { fields, count } = this;
    for (let line = 0; line < count; line++) {
      if (fields[line * FIELD_STRIDE + 4] === name) return line;
    }
    return -1;
  }

  /** Returns a copy to keep, and a copy of the bytes that it is about; no others are kept. */
  copy(bytes: Uint8Array): { readonly head: Head; readonly bytes: Uint8Array } {
    const { fields, ...values } = this;
    const head = Object.assign(new Head(this.count), values);
    const spans = [this.methodStart, this.methodEnd, this.targetStart, this.targetEnd, this.hostStart, this.hostEnd];
    const lines = fields.subarray(0, this.count * FIELD_STRIDE);
    for (let at = 0; at < lines.length; at += FIELD_STRIDE) spans.push(lines[at]!, lines[at + 3]!);
    let from = bytes.length;
    let to = 0;
    for (let at = 0; at < spans.length; at += 2) {
      if (spans[at]! < 0 || spans[at] === spans[at + 1]) continue;
      from = Math.min(from, spans[at]!);
      to = Math.max(to, spans[at + 1]!);
    }
    from = Math.min(from, to);
    const moved = (offset: number) => (offset < 0 ? offset : Math.max(0, offset - from));
    for (let at = 0; at < lines.length; at++) {
      head.fields[at] = at % FIELD_STRIDE === FIELD_STRIDE - 1 ? lines[at]! : moved(lines[at]!);
    }
    head.methodStart = moved(this.methodStart);
    head.methodEnd = moved(this.methodEnd);
    head.targetStart = moved(this.targetStart);
    head.targetEnd = moved(this.targetEnd);
    head.hostStart = moved(this.hostStart);
    head.hostEnd = moved(this.hostEnd);
    return { head, bytes: new Uint8Array(bytes.subarray(from, to)) };
  }

  /** Notes why the head is refused. */
  refuse(refusal: Http1Refusal): HeadError {
    this.refusal = refusal;
    return headError(refusal);
  }
}
