import { FIELD_STRIDE, type FieldName, Head } from "../../wire/http1/mod.ts";

const SEPARATOR = new TextEncoder().encode(": ");
const CRLF = new TextEncoder().encode("\r\n");

/** A copy of trailers, for those that must wait: lines `name: value`, each with its CRLF, as heads have them. */
export class Trailers {
  readonly head: Head;
  readonly bytes: Uint8Array;

  constructor(head: Head, bytes: Uint8Array) {
    const { fields, count } = head;
    this.head = new Head(count);
    this.head.begin(20);
    let length = 0;
    for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE)
      length += fields[place + 1]! - fields[place]! + fields[place + 3]! - fields[place + 2]! + 4;
    this.bytes = new Uint8Array(length);
    let at = 0;
    for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
      const nameEnd = this.#copy(bytes, fields[place]!, fields[place + 1]!, at);
      const valueStart = this.#copy(SEPARATOR, 0, SEPARATOR.length, nameEnd);
      const valueEnd = this.#copy(bytes, fields[place + 2]!, fields[place + 3]!, valueStart);
      this.head.add(at, nameEnd, valueStart, valueEnd, fields[place + 4] as FieldName);
      at = this.#copy(CRLF, 0, CRLF.length, valueEnd);
    }
  }

  #copy(bytes: Uint8Array, from: number, to: number, at: number): number {
    this.bytes.set(bytes.subarray(from, to), at);
    return at + to - from;
  }
}
