const NOTHING = new Uint8Array(0);
const FIRST_BLOCK_BYTES = 64;

/**
 * Collects the start of a stream for a decoder that needs all of it on each call. A head in one chunk, as almost always, is not
 * copied; one in pieces is copied once, however small they are.
 *
 * @example
 * const head = new HeadBuffer();
 * head.keep(head.add(new Uint8Array([1, 2])));
 * head.add(new Uint8Array([3])); // new Uint8Array([1, 2, 3])
 */
export class HeadBuffer {
  #block = NOTHING;
  #length = 0;

  /** Returns the kept bytes followed by `chunk`, as a view valid until the next call; the chunk itself when nothing was kept. */
  add(chunk: Uint8Array): Uint8Array {
    if (this.#length === 0) return chunk;
    const length = this.#length + chunk.length;
    if (length > this.#block.length) {
      const larger = new Uint8Array(Math.max(length, this.#block.length * 2));
      larger.set(this.#block.subarray(0, this.#length));
      this.#block = larger;
    }
    this.#block.set(chunk, this.#length);
    return this.#block.subarray(0, length);
  }

  /** Keeps the result of `add`, or the rest of it that is not decoded yet, for the next chunk. */
  keep(bytes: Uint8Array): void {
    if (bytes.length > 0 && (bytes.buffer !== this.#block.buffer || bytes.byteOffset !== 0)) {
      const block = new Uint8Array(Math.max(FIRST_BLOCK_BYTES, bytes.length));
      block.set(bytes);
      this.#block = block;
    }
    this.#length = bytes.length;
  }
}
