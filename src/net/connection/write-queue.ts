import { release } from "./release.ts";

/**
 * Holds bytes that were accepted from the writer and not yet written to the socket: one block, used as a queue.
 *
 * ```text
 *   block  ░░░░░░░░▓▓▓▓▓▓▓▓▓▓▓▓░░░░░░
 *          0       start       end    length (doubles, bytes move to the front first)
 * ```
 *
 * With one block instead of a list of pieces, a million one-byte writes cost a megabyte and not a million objects.
 */
export class WriteQueue {
  #block: Uint8Array;
  #start = 0;
  #end = 0;

  constructor(firstBytes: Uint8Array) {
    this.#block = new Uint8Array(Math.max(1024, firstBytes.length));
    this.append(firstBytes);
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#block.length) this.#makeRoom(bytes.length);
    this.#block.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Returns the bytes that wait, in order, as a view that is valid until the next call. */
  waiting(): Uint8Array {
    return this.#block.subarray(this.#start, this.#end);
  }

  /** Drops the first `count` bytes, which were written. */
  consume(count: number): void {
    this.#start += count;
  }

  /** Drops everything and releases the block; call it at the end. */
  discard(): void {
    this.#start = this.#end = 0;
    release(this.#block);
  }

  #makeRoom(extra: number): void {
    const waiting = this.waiting();
    const needed = waiting.length + extra;
    // Moving to the front is enough while it leaves a quarter free; otherwise appends would copy all too often.
    if (needed <= this.#block.length * 0.75) {
      this.#block.copyWithin(0, this.#start, this.#end);
    } else {
      const larger = new Uint8Array(Math.max(needed, this.#block.length * 2));
      larger.set(waiting);
      release(this.#block);
      this.#block = larger;
    }
    this.#end = needed - extra;
    this.#start = 0;
  }
}
