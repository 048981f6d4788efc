/** What a gate stops: a connection. */
interface Source {
  pause(): void;
  resume(): void;
}

const NOTHING = new Uint8Array(0);

/**
 * Bytes that were read too early, and whether more are read.
 *
 * ```text
 *   kept: ├ taken ┤from┤ waits for its turn ┤      paused while the body is, or while much is kept
 * ```
 */
export class ReadGate {
  /** What is kept begins at `from`: taking some of it copies nothing. */
  bytes: Uint8Array = NOTHING;
  from = 0;
  isBodyPaused = false;
  readonly #source: Source;
  /** Nothing more is read until what is kept was taken. */
  #isHeld = false;
  #isPaused = false;

  constructor(source: Source) {
    this.#source = source;
  }

  get isEmpty(): boolean {
    return this.from === this.bytes.length;
  }

  /** Keeps a copy of `bytes` from `from` on. Few bytes do not stop reading, since a paused connection does not see its client go. */
  keep(bytes: Uint8Array, from: number, maxBytes: number): void {
    const before = this.bytes.length - this.from;
    const joined = new Uint8Array(before + bytes.length - from);
    joined.set(this.bytes.subarray(this.from));
    joined.set(bytes.subarray(from), before);
    this.bytes = joined;
    this.from = 0;
    if (joined.length > maxBytes) this.#isHeld = true;
    if (this.#isHeld) this.#pause();
  }

  clear(): void {
    this.bytes = NOTHING;
    this.from = 0;
  }

  pauseBody(): void {
    this.isBodyPaused = true;
    this.#pause();
  }

  /** Reads on where nothing is against it. Bytes may come within this call. */
  settle(): void {
    if (this.isEmpty) {
      this.clear();
      this.#isHeld = false;
    }
    if (!this.#isPaused || this.#isHeld || this.isBodyPaused) return;
    this.#isPaused = false;
    this.#source.resume();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#source.pause();
  }
}
