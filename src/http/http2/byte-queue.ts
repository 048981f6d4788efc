/** The first block of a queue: bytes that come one at a time cost little more than themselves. */
const SMALL_BLOCK_BYTES = 4096;
/** Other blocks: as long as a frame, so that most of them leave in one. They are used again, since a slow download fills many. */
const BLOCK_BYTES = 16_384;
const MAX_SPARE_BLOCKS = 64;
const spareBlocks: Uint8Array[] = [];
const NOTHING = new Uint8Array(0);

/** Copies of bytes that must wait, first in, first out. */
export class ByteQueue {
  readonly #blocks: Uint8Array[] = [];
  /** Bytes of the first block that are taken. */
  #start = 0;
  /** Bytes of the last block that are filled; all others are full. */
  #end = 0;
  length = 0;

  push(bytes: Uint8Array): void {
    this.length += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      let last = this.#blocks.at(-1);
      if (last === undefined || this.#end === last.length) {
        const isSmall = last === undefined && bytes.length <= SMALL_BLOCK_BYTES;
        last = isSmall ? new Uint8Array(SMALL_BLOCK_BYTES) : (spareBlocks.pop() ?? new Uint8Array(BLOCK_BYTES));
        this.#blocks.push(last);
        this.#end = 0;
      }
      const taken = Math.min(bytes.length - at, last.length - this.#end);
      last.set(bytes.subarray(at, at + taken), this.#end);
      this.#end += taken;
      at += taken;
    }
  }

  /** Returns the first bytes, as many as lie together; none where it is empty. Valid until they are taken. */
  first(): Uint8Array {
    const block = this.#blocks[0];
    if (block === undefined) return NOTHING;
    return block.subarray(this.#start, this.#blocks.length === 1 ? this.#end : block.length);
  }

  /** Takes bytes of `first`. @returns the block that this emptied, for `release` once its bytes are used */
  take(bytes: number): Uint8Array | undefined {
    if (bytes === 0) return undefined;
    this.#start += bytes;
    this.length -= bytes;
    if (this.#start < (this.#blocks.length === 1 ? this.#end : this.#blocks[0]!.length)) return undefined;
    this.#start = 0;
    return this.#blocks.shift();
  }

  /** Drops what is there. @returns how many bytes it was */
  clear(): number {
    const { length } = this;
    for (const block of this.#blocks.splice(0)) release(block);
    this.length = this.#start = this.#end = 0;
    return length;
  }
}

/** Lets queues use a block again. */
export function release(block: Uint8Array | undefined): void {
  if (block?.length === BLOCK_BYTES && spareBlocks.length < MAX_SPARE_BLOCKS) spareBlocks.push(block);
}
