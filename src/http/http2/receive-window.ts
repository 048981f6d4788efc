import { DEFAULT_WINDOW_BYTES } from "../../wire/http2/mod.ts";

/**
 * What the client may send on a connection or a stream (RFC 9113 §5.2): content is counted when it comes, and given back when it
 * was taken, half a window at a time.
 */
export class ReceiveWindow {
  readonly #bytes: number;
  /** Content that came and was not given back. */
  #outstandingBytes = 0;
  /** Of that, what was taken. */
  #takenBytes = 0;

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Counts content that came. @returns false where the client may not send so much */
  receive(bytes: number): boolean {
    this.#outstandingBytes += bytes;
    // A smaller window is not in force before the client knows our SETTINGS.
    return this.#outstandingBytes <= Math.max(this.#bytes, DEFAULT_WINDOW_BYTES);
  }

  /** Counts content that was taken. @returns the increment that is to be sent, or 0 */
  take(bytes: number): number {
    this.#takenBytes += bytes;
    const increment = this.#takenBytes;
    if (increment * 2 < this.#bytes) return 0;
    this.#outstandingBytes -= increment;
    this.#takenBytes = 0;
    return increment;
  }

  /** Whether half of it is used up. */
  get isHalfUsed(): boolean {
    return this.#outstandingBytes * 2 >= this.#bytes;
  }
}
