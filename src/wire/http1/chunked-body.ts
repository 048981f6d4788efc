import { CR, HEX_VALUE, LF } from "./characters.ts";
import { ChunkExtension } from "./chunk-extension.ts";
import { FieldName, type FieldSet, FORWARDING, fieldSet, HOP_BY_HOP } from "./field-name.ts";
import { FIELD_STRIDE, Head } from "./head.ts";
import { HeadAssembler } from "./head-assembler.ts";
import { readFields } from "./read-fields.ts";
import { type HeadError, type Http1Refusal, headError } from "./refusal.ts";

/** Bounds of a chunked body. Its payload has none here. */
export interface ChunkedBodyLimits {
  /** Extensions of all chunks together, in bytes. */
  readonly maxExtensionBytes: number;
  /** The trailer section, in bytes. */
  readonly maxTrailerBytes: number;
  /** Trailers that end the body as refused, since some receivers merge trailers into the head. */
  readonly forbiddenTrailers: FieldSet;
}

/** RFC 9110 §6.5.1: nothing that frames or routes a message may come behind its body. */
const RESPONSE_FORBIDDEN = union(HOP_BY_HOP, fieldSet(FieldName.host));
const REQUEST_FORBIDDEN = union(
  RESPONSE_FORBIDDEN,
  FORWARDING,
  fieldSet(FieldName.ambiguous, FieldName.authorization, FieldName.cookie),
);

export const REQUEST_BODY_LIMITS: ChunkedBodyLimits = {
  maxExtensionBytes: 16_384,
  maxTrailerBytes: 8192,
  forbiddenTrailers: REQUEST_FORBIDDEN,
};
export const RESPONSE_BODY_LIMITS: ChunkedBodyLimits = {
  ...REQUEST_BODY_LIMITS,
  forbiddenTrailers: RESPONSE_FORBIDDEN,
};

function union(...sets: readonly FieldSet[]): FieldSet {
  return sets[0]!.map((_, name) => (sets.some((set) => set[name] === 1) ? 1 : 0));
}

/** Twelve digits are 256 TiB, and exact in a number. */
const MAX_SIZE_DIGITS = 12;
const SEMICOLON = 0x3b;

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILERS_START = 6;
const TRAILERS = 7;
const LAST_LF = 8;
const DONE = 9;

/** Shared: it is read in the call that fills it in. */
const trailerHead = new Head(64);

/**
 * Follows a chunked body (RFC 9112 §7.1) through pieces of any size, strictly: CRLF only, no blanks in a size line, bounded sizes,
 * extensions and trailers. `follow` serves those who pass the framing on as it is, `next` those who remove it.
 *
 * ```text
 *   5;ext CRLF hello CRLF 0 CRLF name: value CRLF CRLF
 *   size  │    payload    │      trailers         done
 * ```
 */
export class ChunkedBody {
  /** Payload found by the last `next`: `bytes[runStart, runEnd)`, possibly empty. */
  runStart = 0;
  runEnd = 0;
  /** Why the last call refused the body. */
  refusal: Http1Refusal | undefined;
  readonly #limits: ChunkedBodyLimits;
  #state = SIZE;
  /** Payload bytes of this chunk that are still to come; while its size is read, that size. */
  #left = 0;
  #digits = 0;
  #extensionBytes = 0;
  #extension: ChunkExtension | undefined;
  #trailers: HeadAssembler | undefined;

  constructor(limits: ChunkedBodyLimits = REQUEST_BODY_LIMITS) {
    this.#limits = limits;
  }

  /** Begins another body, as a new one would. */
  begin(): void {
    this.refusal = undefined;
    this.#state = SIZE;
    this.#left = 0;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.#trailers = undefined;
  }

  /** True behind the empty line that ends the body. */
  get done(): boolean {
    return this.#state === DONE;
  }

  /** The trailer section with its empty line, once the body is done and if it has one: for `readTrailers`. */
  get trailers(): Uint8Array | undefined {
    const section = this.done ? this.#trailers : undefined;
    return section?.bytes.subarray(0, section.length);
  }

  /** Returns how many bytes of `bytes[from, to)` are of this body: all, unless it is `done`; or a `HeadError`. */
  follow(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state !== DONE) {
      at = this.next(bytes, at, to);
      if (at < 0) return at;
    }
    return at - from;
  }

  /**
   * Reads on up to the end of one payload run, which is then `bytes[runStart, runEnd)`.
   *
   * @returns where to go on, or a `HeadError`
   */
  next(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    this.runStart = from;
    this.runEnd = from;
    while (at < to) {
      if (this.#state === DATA) return this.#takePayload(bytes, at, to);
      if (this.#state === DONE) return at;
      if (this.#state === TRAILERS) return this.#takeTrailers(bytes, at, to);
      const begun = this.#state === SIZE && this.#digits === 0 ? this.#takeSizeLine(bytes, at, to) : 0;
      if (begun > 0) at = begun;
      else {
        const error = this.#takeFraming(bytes[at]!);
        if (error !== 0) return error;
        // The first byte of a trailer is read again, as one of the section.
        if (this.#state !== TRAILERS) at += 1;
      }
    }
    return at;
  }

  #takePayload(bytes: Uint8Array, at: number, to: number): number {
    const end = Math.min(to, at + this.#left);
    this.#left -= end - at;
    this.runStart = at;
    this.runEnd = end;
    if (this.#left > 0) return end;
    const isEnded = end + 1 < to && bytes[end] === CR && bytes[end + 1] === LF;
    this.#state = isEnded ? SIZE : DATA_CR;
    return isEnded ? end + 2 : end;
  }

  /** Takes a size line of the usual kind, whole and without extensions. Returns its end, or 0 for those that are read byte by byte. */
  #takeSizeLine(bytes: Uint8Array, from: number, to: number): number {
    let size = 0;
    let at = from;
    for (let digit = HEX_VALUE[bytes[at]!]!; digit >= 0 && at + 2 < to; digit = HEX_VALUE[bytes[at]!]!) {
      size = size * 16 + digit;
      at += 1;
    }
    const isUsual = at > from && at - from <= MAX_SIZE_DIGITS && bytes[at] === CR && bytes[at + 1] === LF;
    if (!isUsual) return 0;
    this.#left = size;
    this.#state = size > 0 ? DATA : TRAILERS_START;
    return at + 2;
  }

  #takeFraming(byte: number): HeadError | 0 {
    switch (this.#state) {
      case SIZE:
        return this.#takeSize(byte);
      case EXTENSION:
        return this.#takeExtension(byte);
      case SIZE_LF:
        if (byte !== LF) return this.#refuse("bad-chunk-size");
        this.#state = this.#left > 0 ? DATA : TRAILERS_START;
        this.#digits = 0;
        return 0;
      case DATA_CR:
        if (byte !== CR) return this.#refuse("bad-chunk-end");
        this.#state = DATA_LF;
        return 0;
      case DATA_LF:
        if (byte !== LF) return this.#refuse("bad-chunk-end");
        this.#state = SIZE;
        return 0;
      case TRAILERS_START:
        this.#state = byte === CR ? LAST_LF : TRAILERS;
        return 0;
      default:
        if (byte !== LF) return this.#refuse("bad-chunk-end");
        this.#state = DONE;
        return 0;
    }
  }

  #takeSize(byte: number): HeadError | 0 {
    const digit = HEX_VALUE[byte]!;
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      this.#digits += 1;
      return this.#digits > MAX_SIZE_DIGITS ? this.#refuse("bad-chunk-size") : 0;
    }
    if (this.#digits === 0) return this.#refuse("bad-chunk-size");
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) {
      this.#extension ??= new ChunkExtension();
      this.#extension.begin();
      this.#state = EXTENSION;
    } else return this.#refuse("bad-chunk-size");
    return 0;
  }

  #takeExtension(byte: number): HeadError | 0 {
    this.#extensionBytes += 1;
    if (this.#extensionBytes > this.#limits.maxExtensionBytes) return this.#refuse("chunk-extensions-too-long");
    if (byte === CR && this.#extension!.mayEnd) {
      this.#state = SIZE_LF;
      return 0;
    }
    return this.#extension!.take(byte) ? 0 : this.#refuse("bad-chunk-extension");
  }

  #takeTrailers(bytes: Uint8Array, at: number, to: number): number {
    this.#trailers ??= new HeadAssembler(this.#limits.maxTrailerBytes);
    const taken = this.#trailers.add(bytes, at, to);
    if (taken === 0) return to;
    if (taken < 0) {
      return this.#refuse(this.#trailers.refusal === "head-too-long" ? "trailers-too-long" : this.#trailers.refusal!);
    }
    const error = readTrailers(trailerHead, this.#trailers.bytes, 0, this.#trailers.length);
    if (error < 0) return this.#refuse(trailerHead.refusal!);
    const { fields, count } = trailerHead;
    for (let line = 0; line < count; line++) {
      const name = fields[line * FIELD_STRIDE + 4]!;
      if (this.#limits.forbiddenTrailers[name] === 1) return this.#refuse("forbidden-trailer");
    }
    this.#state = DONE;
    return at + taken;
  }

  #refuse(refusal: Http1Refusal): HeadError {
    this.refusal = refusal;
    return headError(refusal);
  }
}

/** Reads a trailer section, which is field lines without a start line, into `head`. Returns its length or a `HeadError`. */
export function readTrailers(head: Head, bytes: Uint8Array, from: number, to: number): number {
  head.begin(11);
  const end = readFields(head, bytes, from, to, false);
  return end > 0 ? end - from : end;
}
