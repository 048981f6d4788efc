/** Smaller pieces are copied into a block of this size, so that a byte at a time costs no more than its bytes. */
const BLOCK_BYTES = 4096;

/** Copies of bytes that must wait, first in, first out. */
export class ByteQueue {
  readonly #blocks: Uint8Array[] = [];
  /** Bytes of the first block that are taken. */
  #start = 0;
  /** Bytes of the last block that are filled; all others are full. */
  #end = 0;
  length = 0;

  push(bytes: Uint8Array): void {
    const { length } = bytes;
    const last = this.#blocks.at(-1);
    if (last !== undefined && length <= last.length - this.#end) {
      last.set(bytes, this.#end);
      this.#end += length;
    } else {
      if (last !== undefined) this.#blocks[this.#blocks.length - 1] = last.subarray(0, this.#end);
      const block = new Uint8Array(Math.max(length, BLOCK_BYTES));
      block.set(bytes);
      this.#blocks.push(block);
      this.#end = length;
    }
    this.length += length;
  }

  /** Returns the first bytes, as many as lie together; none where it is empty. Valid until they are taken. */
  first(): Uint8Array {
    const block = this.#blocks[0];
    if (block === undefined) return NOTHING;
    return block.subarray(this.#start, this.#blocks.length === 1 ? this.#end : block.length);
  }

  /** Takes bytes of `first`. */
  take(bytes: number): void {
    this.#start += bytes;
    this.length -= bytes;
    if (this.#start < (this.#blocks.length === 1 ? this.#end : this.#blocks[0]!.length)) return;
    this.#blocks.shift();
    this.#start = 0;
  }
}

const NOTHING = new Uint8Array(0);
