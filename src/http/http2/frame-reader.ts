import { isHttp1 } from "../../wire/http1/mod.ts";
import {
  ErrorCode,
  FRAME_HEADER_BYTES,
  FrameFlag,
  FrameType,
  frameLength,
  PREFACE,
  readUint31,
} from "../../wire/http2/mod.ts";
import { ConnectionError } from "./connection-error.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Gets the frames of a connection. `bytes` are borrowed. Any of these may throw a `ConnectionError`. */
export interface FrameSink {
  /** No further frame is wanted. */
  readonly isClosing: boolean;
  /** A frame with its whole payload. */
  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void;
  /** A DATA frame without padding begins, whose payload has `length` bytes. */
  dataBegins(streamId: number, flags: number, length: number): void;
  /** A part of that payload. */
  dataPart(bytes: Uint8Array, from: number, to: number): void;
  dataEnds(flags: number): void;
}

/**
 * Cuts what comes into frames. The content of DATA is passed on as it comes; other frames are passed on whole, and what is there of
 * one that is not is kept, up to the size that we accept.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxFrameBytes: number;
  #prefaceBytes: number;
  /** An unfinished frame: its bytes, and how many there are. */
  #kept = NOTHING;
  #keptBytes = 0;
  /** Of a DATA frame in progress: bytes that are still to come; its flags. */
  #dataLeft = 0;
  #dataFlags = 0;
  // The chunk that is being read, and where its next frame begins.
  #chunk = NOTHING;
  #next = 0;

  /** @param expectsPreface frames begin behind a client's preface; a server sends none */
  constructor(sink: FrameSink, maxFrameBytes: number, expectsPreface = true) {
    this.#sink = sink;
    this.#prefaceBytes = expectsPreface ? 0 : PREFACE.length;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether a frame has begun that is not complete. */
  get isInFrame(): boolean {
    return this.#keptBytes > 0;
  }
  get hasPreface(): boolean {
    return this.#prefaceBytes === PREFACE.length;
  }

  /** Whether the next frame was read together with this one, and is content of that stream. */
  contentFollows(streamId: number): boolean {
    const chunk = this.#chunk;
    const at = this.#next;
    return (
      chunk.length > at + FRAME_HEADER_BYTES &&
      chunk[at + 3] === FrameType.data &&
      readUint31(chunk, at + 5) === streamId &&
      frameLength(chunk, at) > 0
    );
  }

  read(bytes: Uint8Array): void {
    this.#chunk = bytes;
    try {
      let at = this.hasPreface ? 0 : this.#readPreface(bytes);
      if (this.#dataLeft > 0) at = this.#readData(bytes, at);
      else if (this.#keptBytes > 0) at = this.#complete(bytes, at);
      while (at < bytes.length && !this.#sink.isClosing) {
        const end = this.#readFrame(bytes, at);
        if (end === at) {
          this.#keep(bytes, at, bytes.length);
          return;
        }
        at = end;
      }
    } finally {
      this.#chunk = NOTHING;
    }
  }

  #readPreface(bytes: Uint8Array): number {
    let at = 0;
    for (; at < bytes.length && !this.hasPreface; at++) {
      if (bytes[at] !== PREFACE[this.#prefaceBytes++])
        throw new ConnectionError(ErrorCode.protocolError, "preface", "not the preface of HTTP/2");
    }
    return at;
  }

  /** @returns where the next frame begins, or `at` where this one is not complete */
  #readFrame(bytes: Uint8Array, at: number): number {
    const available = bytes.length - at - FRAME_HEADER_BYTES;
    if (available < 0) return at;
    const length = this.#checkLength(bytes, at);
    const from = at + FRAME_HEADER_BYTES;
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const streamId = readUint31(bytes, at + 5);
    if (type === FrameType.data && (flags & FrameFlag.padded) === 0) {
      this.#sink.dataBegins(streamId, flags, length);
      this.#dataLeft = length;
      this.#dataFlags = flags;
      return this.#readData(bytes, from);
    }
    if (available < length) return at;
    this.#next = from + length;
    this.#sink.frame(type, flags, streamId, bytes, from, from + length);
    return from + length;
  }

  #checkLength(bytes: Uint8Array, at: number): number {
    const length = frameLength(bytes, at);
    if (length > this.#maxFrameBytes) {
      const what = isHttp1(bytes, at) ? "HTTP/1.1 instead of frames" : `a frame of ${length} bytes`;
      throw new ConnectionError(ErrorCode.frameSizeError, "frame-size", what);
    }
    return length;
  }

  #readData(bytes: Uint8Array, from: number): number {
    const to = Math.min(bytes.length, from + this.#dataLeft);
    this.#dataLeft -= to - from;
    if (to > from) this.#sink.dataPart(bytes, from, to);
    if (this.#dataLeft === 0) this.#sink.dataEnds(this.#dataFlags);
    return to;
  }

  /** Completes the kept frame, with as few bytes as it needs. @returns where the next one begins */
  #complete(bytes: Uint8Array, from: number): number {
    let at = from;
    if (this.#keptBytes < FRAME_HEADER_BYTES) {
      at = this.#keep(bytes, at, Math.min(bytes.length, at + FRAME_HEADER_BYTES - this.#keptBytes));
      if (this.#keptBytes < FRAME_HEADER_BYTES) return at;
    }
    const missing = FRAME_HEADER_BYTES + this.#checkLength(this.#kept, 0) - this.#keptBytes;
    const isData = this.#kept[3] === FrameType.data && (this.#kept[4]! & FrameFlag.padded) === 0;
    if (!isData) {
      at = this.#keep(bytes, at, Math.min(bytes.length, at + missing));
      if (FRAME_HEADER_BYTES + frameLength(this.#kept, 0) > this.#keptBytes) return at;
    }
    const whole = this.#kept.subarray(0, this.#keptBytes);
    this.#kept = NOTHING;
    this.#keptBytes = 0;
    this.#next = at;
    this.#readFrame(whole, 0);
    return this.#dataLeft > 0 ? this.#readData(bytes, at) : at;
  }

  /** @returns `to` */
  #keep(bytes: Uint8Array, from: number, to: number): number {
    const length = this.#keptBytes + to - from;
    if (length > this.#kept.length) {
      const larger = new Uint8Array(
        Math.max(64, length, Math.min(this.#kept.length * 2, this.#maxFrameBytes + FRAME_HEADER_BYTES)),
      );
      larger.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = larger;
    }
    this.#kept.set(bytes.subarray(from, to), this.#keptBytes);
    this.#keptBytes = length;
    return to;
  }
}
