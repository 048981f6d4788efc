/**
 * A text to find in a stream that comes in chunks (Knuth, Morris and Pratt 1977). All it needs to remember between two
 * chunks is one number: how many bytes of the text the stream ends with so far.
 *
 * ```text
 *   text  PONG     stream  …xxPO | NGxx…
 *   after the first chunk: 2      second: "NG" completes it
 * ```
 */
export class Pattern {
  readonly bytes: Uint8Array;
  /** Of each number of matched bytes: the longest shorter match that is still possible when the next byte differs. */
  readonly #fallback: Int32Array;

  /** @throws {RangeError} when there is nothing to find */
  constructor(bytes: Uint8Array) {
    if (bytes.length === 0) throw new RangeError("Cannot find an empty pattern: it must have at least one byte");
    this.bytes = bytes.slice();
    this.#fallback = new Int32Array(bytes.length);
    for (let index = 1, matched = 0; index < bytes.length; index++) {
      this.#fallback[index] = matched;
      while (matched > 0 && bytes[index] !== bytes[matched]) matched = this.#fallback[matched]!;
      if (bytes[index] === bytes[matched]) matched += 1;
    }
  }

  /** Matched bytes after one more byte; `length` of the pattern means found. Amortised O(1). */
  step(matched: number, byte: number): number {
    let length = matched;
    while (length > 0 && byte !== this.bytes[length]) length = this.#fallback[length]!;
    return byte === this.bytes[length] ? length + 1 : 0;
  }

  /**
   * Goes on in `chunk` from `from` until the pattern is complete, and returns the offset behind it; -1 where the chunk ends
   * first. Either way `state[offset]` is what to go on from: 0 after a find, so that finds never overlap.
   */
  findEnd(state: Int32Array, offset: number, chunk: Uint8Array, from: number): number {
    const { bytes } = this;
    const complete = bytes.length;
    const first = bytes[0]!;
    let matched = state[offset]!;
    for (let at = from; at < chunk.length; at++) {
      // Nothing matched yet: the system's own search passes over what cannot begin it.
      if (matched === 0 && chunk[at] !== first) {
        at = chunk.indexOf(first, at + 1);
        if (at < 0) break;
      }
      matched = this.step(matched, chunk[at]!);
      if (matched === complete) {
        state[offset] = 0;
        return at + 1;
      }
    }
    state[offset] = matched;
    return -1;
  }
}
