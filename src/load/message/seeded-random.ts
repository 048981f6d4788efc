/** A small repeatable source of randomness (Marsaglia's xorshift, 32 bits). For varied text, not for secrets. */
export class SeededRandom {
  #state = 1;

  /** Starts anew from three numbers; near ones give unrelated sequences (MurmurHash3's final mix). */
  reseed(seed: number, stream: number, part: number): void {
    let mixed = Math.imul(seed ^ Math.imul(stream | 0, 0x9e3779b1) ^ Math.imul(part + 1, 0x85ebca77), 0x27d4eb2f);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    // Zero is the one state that xorshift never leaves.
    this.#state = mixed ^ (mixed >>> 16) || 1;
  }

  /** As Math.random: 0 ≤ value < 1. A field, so that it can be passed on as a function. */
  readonly next = (): number => {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 0x1_0000_0000;
  };
}
