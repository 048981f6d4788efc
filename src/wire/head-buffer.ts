const NOTHING = new Uint8Array(0);
const FIRST_BLOCK_BYTES = 64;

/**
 * The start of a stream, for a decoder that wants to see all of it each time. A head that comes in one chunk, as almost all
 * do, is not copied; one that comes in pieces is copied once, however small they are.
 *
 * @example
 * const head = new HeadBuffer();
 * head.keep(head.add(new Uint8Array([1, 2])));
 * head.add(new Uint8Array([3])); // new Uint8Array([1, 2, 3])
 */
export class HeadBuffer {
  #block = NOTHING;
  #length = 0;

  /** What was kept with `chunk` behind it: a view that is valid until the next call; the chunk itself when nothing was kept. */
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

  /** Keeps what `add` gave, or the end of it that is still to be decoded, for the next chunk. */
  keep(bytes: Uint8Array): void {
    if (bytes.length > 0 && (bytes.buffer !== this.#block.buffer || bytes.byteOffset !== 0)) {
      const block = new Uint8Array(Math.max(FIRST_BLOCK_BYTES, bytes.length));
      block.set(bytes);
      this.#block = block;
    }
    this.#length = bytes.length;
  }
}
