import {
  ChunkedBody,
  Head,
  HeadAssembler,
  type HeadLimits,
  persists,
  RESPONSE_BODY_LIMITS,
  RESPONSE_LIMITS,
  readResponse,
  responseFraming,
} from "../../wire/http1/mod.ts";

/** Field lines of an answer's head. */
const MAX_FIELDS = 256;
/** 1xx answers before the answer proper. */
const MAX_INTERIMS = 32;

const HEAD = 0;
const LENGTH = 1;
const CHUNKS = 2;
const CLOSE = 3;

/** What a reader tells of. */
export interface ResponseReaderEvents {
  /** The first byte of an answer came. */
  began(): void;
  interim(): void;
  /** The head of the answer, which lies in `bytes`; borrowed. */
  head(head: Head, bytes: Uint8Array): void;
  /** Content, without its framing; borrowed. */
  body(bytes: Uint8Array, from: number, to: number): void;
  /** The bytes are no valid answer. @param phase that it was in */
  broke(phase: ResponsePhase, why: string): void;
}

/** How far an answer has come. */
export type ResponsePhase = "first byte" | "head" | "body";

/** What readers of one event loop share: each head is read and used in one call. */
export class ReaderScratch {
  readonly head = new Head(MAX_FIELDS);
  readonly limits: HeadLimits = RESPONSE_LIMITS;
}

/**
 * Reads the answers of one connection, one after the other, without an object for any of them. What is wrong with one ends the
 * connection, as the bytes behind it cannot be told apart any more.
 */
export class ResponseReader {
  /** The answer that was read last is complete; its status, and whether the connection can carry no other. */
  isDone = false;
  status = 0;
  isLast = false;
  /** The request was HEAD, so that the answer has no body; to be set within `began`. */
  isHead = false;
  readonly #scratch: ReaderScratch;
  readonly #events: ResponseReaderEvents;
  #state = HEAD;
  #hasBegun = false;
  #left = 0;
  #interims = 0;
  #pieces: HeadAssembler | undefined;
  #chunks: ChunkedBody | undefined;

  constructor(scratch: ReaderScratch, events: ResponseReaderEvents) {
    this.#scratch = scratch;
    this.#events = events;
  }

  get phase(): ResponsePhase {
    if (this.#state !== HEAD) return "body";
    return this.#hasBegun ? "head" : "first byte";
  }

  /**
   * Reads on to the end of one answer (then `isDone`) or of the bytes.
   *
   * @returns where to go on; -1 where the answer broke, of which `broke` was told
   */
  read(bytes: Uint8Array, from: number): number {
    this.isDone = false;
    let at = from;
    do {
      at = this.#state === HEAD ? this.#readHead(bytes, at) : this.#readBody(bytes, at);
    } while (at >= 0 && at < bytes.length && !this.isDone);
    return at;
  }

  /** The peer sends nothing more. @returns whether the answer ends with it */
  finished(): boolean {
    if (this.#state !== CLOSE) return false;
    this.#complete();
    return true;
  }

  // ---- head ----------------------------------------------------------------------------------------------------------

  #readHead(bytes: Uint8Array, from: number): number {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#events.began();
    }
    const { head } = this.#scratch;
    const length =
      this.#pieces === undefined
        ? this.#readWhole(head, bytes, from)
        : this.#readPiece(this.#pieces, head, bytes, from);
    const pieces = this.#pieces;
    if (length < 0) return this.#broke("head", head.refusal ?? "no HTTP/1.1");
    if (length === 0) return bytes.length;
    this.#pieces = undefined;
    if (head.status < 200) return this.#interim(head.status) ? from + length : -1;
    this.#events.head(head, pieces?.bytes ?? bytes);
    return this.#begin(head, from + length);
  }

  /** @returns the head's length; 0 when it is not complete, and kept; or a `HeadError` */
  #readWhole(head: Head, bytes: Uint8Array, from: number): number {
    const { limits } = this.#scratch;
    const length = readResponse(head, bytes, from, bytes.length, limits);
    if (length !== 0) return length;
    this.#pieces = new HeadAssembler(limits.maxBytes);
    return this.#readPiece(this.#pieces, head, bytes, from);
  }

  #readPiece(pieces: HeadAssembler, head: Head, bytes: Uint8Array, from: number): number {
    const taken = pieces.add(bytes, from, bytes.length);
    head.refusal = pieces.refusal;
    if (taken <= 0) return taken;
    const length = readResponse(head, pieces.bytes, 0, pieces.length, this.#scratch.limits);
    return length === pieces.length ? taken : Math.min(length, -1);
  }

  #interim(status: number): boolean {
    this.#interims += 1;
    this.#events.interim();
    if (status !== 101 && this.#interims <= MAX_INTERIMS) return true;
    this.#broke("head", status === 101 ? "101 without an upgrade" : "too many 1xx");
    return false;
  }

  /** @param at behind the head */
  #begin(head: Head, at: number): number {
    const framing = responseFraming(head, this.isHead);
    this.status = head.status;
    this.isLast = framing === "until-close" || !persists(head);
    this.#left = head.contentLength;
    if (framing === "none" || (framing === "length" && this.#left === 0)) this.#complete();
    else if (framing === "length") this.#state = LENGTH;
    else if (framing === "until-close") this.#state = CLOSE;
    else {
      this.#state = CHUNKS;
      this.#chunks ??= new ChunkedBody(RESPONSE_BODY_LIMITS);
      this.#chunks.begin();
    }
    return at;
  }

  // ---- body ----------------------------------------------------------------------------------------------------------

  #readBody(bytes: Uint8Array, from: number): number {
    if (this.#state === CHUNKS) return this.#readChunks(this.#chunks!, bytes, from);
    const to = this.#state === CLOSE ? bytes.length : Math.min(bytes.length, from + this.#left);
    this.#events.body(bytes, from, to);
    if (this.#state === CLOSE) return to;
    this.#left -= to - from;
    if (this.#left === 0) this.#complete();
    return to;
  }

  #readChunks(chunks: ChunkedBody, bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length && !chunks.done) {
      at = chunks.next(bytes, at, bytes.length);
      if (at < 0) return this.#broke("body", chunks.refusal ?? "bad chunk");
      if (chunks.runEnd > chunks.runStart) this.#events.body(bytes, chunks.runStart, chunks.runEnd);
    }
    if (chunks.done) this.#complete();
    return at;
  }

  #complete(): void {
    this.#state = HEAD;
    this.#hasBegun = false;
    this.#interims = 0;
    this.isDone = true;
  }

  #broke(phase: ResponsePhase, why: string): -1 {
    this.#events.broke(phase, why);
    return -1;
  }
}
