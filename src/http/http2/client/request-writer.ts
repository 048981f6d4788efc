import {
  FIELD_STRIDE,
  FieldName,
  fieldNameOf,
  fieldSet,
  type Head,
  HOP_BY_HOP,
  latin1,
} from "../../../wire/http1/mod.ts";
import { FIELD_OVERHEAD_BYTES, type HpackEncoder } from "../../../wire/http2/mod.ts";

const COLON = 0x3a;
const LF = 0x0a;
const TE_TRAILERS = new TextEncoder().encode("te: trailers");
/** Said by pseudo-fields, or of no use without HTTP/1.1. */
const LEFT_OUT = fieldSet(FieldName.host, FieldName.secWebsocketKey);
/** Room for pseudo-fields' own bytes and Content-Length. */
const OWN_BYTES = 256;

/** Encodes the heads of requests, which callers give as HTTP/1.1. One serves an event loop. */
export class RequestWriter {
  readonly block: Uint8Array;
  #at = 0;

  constructor(maxBytes: number) {
    this.block = new Uint8Array(maxBytes + OWN_BYTES);
  }

  /**
   * Encodes the head that `head` describes. Fields of the connection are left out; of `TE` only `trailers` is passed on.
   *
   * @param contentLength -1 = none is sent
   * @returns its length, or -1 where it is too long; then nothing may be sent of it
   */
  request(encoder: HpackEncoder, head: Head, bytes: Uint8Array, isHttps: boolean, contentLength: number): number {
    const { block } = this;
    const { methodStart, methodEnd, targetStart, targetEnd, hostStart, hostEnd } = head;
    // Of the longest request, names and values take no more than their own bytes and a little for each.
    if (head.length + head.count * FIELD_OVERHEAD_BYTES + OWN_BYTES > block.length) return -1;
    this.#at = encoder.begin(block, 0);
    this.#at = encoder.method(block, this.#at, bytes, methodStart, methodEnd);
    this.#at = encoder.scheme(block, this.#at, isHttps);
    this.#at = encoder.path(block, this.#at, bytes, targetStart, targetEnd);
    this.#at = encoder.authority(block, this.#at, bytes, hostStart, hostEnd);
    for (let place = 0; place < head.count * FIELD_STRIDE; place += FIELD_STRIDE) {
      const known = head.fields[place + 4]!;
      if (known === FieldName.te) this.#te(encoder, bytes, head.fields[place + 2]!, head.fields[place + 3]!);
      if (HOP_BY_HOP[known] === 1 || LEFT_OUT[known] === 1) continue;
      this.#field(
        encoder,
        bytes,
        head.fields[place]!,
        head.fields[place + 1]!,
        head.fields[place + 2]!,
        head.fields[place + 3]!,
        known,
      );
    }
    if (contentLength >= 0) this.#at = encoder.contentLength(block, this.#at, contentLength);
    encoder.commit();
    return this.#at;
  }

  /** Encodes trailers: lines with their CRLF. @returns the length, or -1 where they are too long or no lines */
  trailers(encoder: HpackEncoder, lines: Uint8Array): number {
    // A line takes five bytes at least.
    if (lines.length + (lines.length / 5) * FIELD_OVERHEAD_BYTES > this.block.length) return -1;
    this.#at = encoder.begin(this.block, 0);
    for (let at = 0; at < lines.length; ) {
      const colon = lines.indexOf(COLON, at);
      const end = lines.indexOf(LF, colon);
      if (colon < 0 || end < 0) return -1;
      const known = fieldNameOf(lines, at, colon);
      if (known >= 0 && HOP_BY_HOP[known] !== 1) this.#field(encoder, lines, at, colon, colon + 2, end - 1, known);
      at = end + 1;
    }
    encoder.commit();
    return this.#at;
  }

  #te(encoder: HpackEncoder, bytes: Uint8Array, from: number, to: number): void {
    if (/(^|,)\s*trailers\s*(,|$)/i.test(latin1(bytes, from, to)))
      this.#field(encoder, TE_TRAILERS, 0, 2, 4, TE_TRAILERS.length, FieldName.te);
  }

  #field(
    encoder: HpackEncoder,
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    from: number,
    to: number,
    known: number,
  ): void {
    this.#at = encoder.field(this.block, this.#at, bytes, nameStart, nameEnd, from, to, known);
  }
}
