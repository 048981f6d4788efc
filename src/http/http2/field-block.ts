import { ErrorCode } from "../../wire/http2/mod.ts";
import { ConnectionError } from "./connection-error.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** A field block that comes in HEADERS and CONTINUATION frames. Holds no memory between two of them. */
export class FieldBlock {
  readonly #maxContinuations: number;
  readonly #maxBytes: number;
  #continuations = 0;
  /** Whose block it is; 0 = none has begun. */
  streamId = 0;
  flags = 0;
  beganMs = 0;
  bytes = NOTHING;
  length = 0;

  constructor(maxContinuations: number, maxBytes: number) {
    this.#maxContinuations = maxContinuations;
    this.#maxBytes = maxBytes;
  }

  begin(streamId: number, flags: number, nowMs: number, bytes: Uint8Array, from: number, to: number): void {
    this.streamId = streamId;
    this.flags = flags;
    this.beganMs = nowMs;
    this.#continuations = 0;
    this.#append(bytes, from, to);
  }

  /** Adds a CONTINUATION, of which there may be without end (CVE-2024-27316). @throws {ConnectionError} */
  add(bytes: Uint8Array, from: number, to: number): void {
    this.#continuations += 1;
    if (this.#continuations > this.#maxContinuations)
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "continuations", "too many CONTINUATION frames");
    this.#append(bytes, from, to);
  }

  clear(): void {
    this.streamId = 0;
    this.length = 0;
    this.bytes = NOTHING;
  }

  #append(bytes: Uint8Array, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.#maxBytes)
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "head-size", `a head of ${length} bytes`);
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(256, length, this.bytes.length * 2)));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(bytes.subarray(from, to), this.length);
    this.length = length;
  }
}
