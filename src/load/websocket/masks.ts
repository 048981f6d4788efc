const POOL = 1024;

/**
 * Masking keys (RFC 6455 §5.3): random, drawn from the system 1024 at a time, which costs about 5 ns a key. Reused keys would still be
 * correct frames, since a server undoes any mask; fresh ones keep what is sent from looking alike to what lies between.
 */
export class Masks {
  readonly #pool = new Uint32Array(POOL);
  #at = POOL;

  next(): number {
    if (this.#at === POOL) {
      crypto.getRandomValues(this.#pool);
      this.#at = 0;
    }
    return this.#pool[this.#at++]!;
  }
}
