import { digestOf, newSecret } from "./secrets.ts";

export interface SessionsOptions {
  /** The oldest ends when there are more. @default {100} */
  readonly max?: number;
  /** ms @default {2592000000} thirty days */
  readonly maxAgeMs?: number;
}

/** Who has shown the token or the password, by a random word that their browser keeps. Kept in memory, as digests. */
export class Sessions {
  readonly max: number;
  readonly maxAgeMs: number;
  /** When each began, the oldest first. */
  readonly #begun = new Map<string, number>();

  constructor({ max = 100, maxAgeMs = 30 * 24 * 3_600_000 }: SessionsOptions = {}) {
    this.max = max;
    this.maxAgeMs = maxAgeMs;
  }

  get size(): number {
    return this.#begun.size;
  }

  /** Always a new word: one that a stranger put into the browser before is worth nothing afterwards. */
  begin(nowMs: number): string {
    const word = newSecret();
    this.#begun.set(keyOf(word), nowMs);
    for (const key of this.#begun.keys()) {
      if (this.#begun.size <= this.max) break;
      this.#begun.delete(key);
    }
    return word;
  }

  isOpen(word: string, nowMs: number): boolean {
    const key = keyOf(word);
    const begunMs = this.#begun.get(key);
    if (begunMs === undefined) return false;
    if (nowMs - begunMs < this.maxAgeMs) return true;
    this.#begun.delete(key);
    return false;
  }

  end(word: string): void {
    this.#begun.delete(keyOf(word));
  }

  endAll(): void {
    this.#begun.clear();
  }
}

function keyOf(word: string): string {
  return digestOf(word).toString("base64");
}
