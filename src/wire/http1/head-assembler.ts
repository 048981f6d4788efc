import { CR, LF } from "./characters.ts";
import { type HeadError, type Http1Refusal, headError } from "./refusal.ts";

const NOTHING = new Uint8Array(0);
const FIRST_BLOCK_BYTES = 1024;

/**
 * Collects a head that comes in pieces, after `readRequest` or `readResponse` found the first piece incomplete. Each byte is copied
 * and searched once, however small the pieces are; then the whole head is read once.
 *
 * ```text
 *   taken = assembler.add(bytes, 0, bytes.length)
 *   if (taken > 0) readRequest(head, assembler.bytes, 0, assembler.length)
 * ```
 */
export class HeadAssembler {
  /** The head is `bytes[0, length)`; valid until `clear` or the next `add`. */
  bytes: Uint8Array = NOTHING;
  length = 0;
  /** Why the last `add` refused the head. */
  refusal: Http1Refusal | undefined;
  readonly #maxBytes: number;
  #lineStart = 0;

  /** @param maxBytes longest head @default {16384} */
  constructor(maxBytes = 16_384) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Adds a piece.
   *
   * @returns how many of its bytes belong to the head, which is complete; 0 when it is not and all were taken; or a `HeadError`
   */
  add(bytes: Uint8Array, from: number, to: number): number {
    const before = this.length;
    const piece = bytes.subarray(from, Math.min(to, from + this.#maxBytes - before));
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) {
      const previous = at > 0 ? piece[at - 1] : this.bytes[before - 1];
      if (previous !== CR || before + at === 0) return this.#refuse("bad-line-end");
      const lineEnd = before + at + 1;
      if (lineEnd - this.#lineStart === 2) {
        this.#keep(piece.subarray(0, at + 1));
        return at + 1;
      }
      this.#lineStart = lineEnd;
    }
    this.#keep(piece);
    return this.length === this.#maxBytes ? this.#refuse("head-too-long") : 0;
  }

  /** Frees the block: between heads an assembler holds no memory. */
  clear(): void {
    this.bytes = NOTHING;
    this.length = 0;
    this.refusal = undefined;
    this.#lineStart = 0;
  }

  #keep(piece: Uint8Array): void {
    const length = this.length + piece.length;
    if (length > this.bytes.length) {
      const size = Math.max(FIRST_BLOCK_BYTES, length, Math.min(this.bytes.length * 2, this.#maxBytes));
      const larger = new Uint8Array(size);
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(piece, this.length);
    this.length = length;
  }

  #refuse(refusal: Http1Refusal): HeadError {
    this.refusal = refusal;
    return headError(refusal);
  }
}
