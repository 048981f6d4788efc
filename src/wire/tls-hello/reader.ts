const NOTHING = new Uint8Array(0);

/** Reads numbers and length-prefixed blocks. Reading beyond the end returns nothing and sets `failed`. */
export class Reader {
  failed = false;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Whether all bytes were read, and none beyond the end. */
  get isAtEnd(): boolean {
    return !this.failed && this.left === 0;
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** @param width 1 to 4 bytes, the most significant first */
  number(width: number): number {
    let value = 0;
    for (const byte of this.#take(width)) value = value * 256 + byte;
    return value;
  }

  /** Reads a block that follows its length of `width` bytes. */
  block(width: number): Uint8Array {
    return this.#take(this.number(width));
  }

  #take(count: number): Uint8Array {
    if (this.failed || count > this.left) {
      this.failed = true;
      return NOTHING;
    }
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}
