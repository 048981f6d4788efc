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
  /** When each began, the oldest first, and what tells of its end. */
  readonly #begun = new Map<string, { readonly ms: number; readonly end: AbortController }>();

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
    this.#begun.set(keyOf(word), { ms: nowMs, end: new AbortController() });
    for (const key of this.#begun.keys()) {
      if (this.#begun.size <= this.max) break;
      this.#end(key);
    }
    return word;
  }

  isOpen(word: string, nowMs: number): boolean {
    return this.ending(word, nowMs) !== undefined;
  }

  /** @returns what is aborted when the session ends; undefined where there is none */
  ending(word: string, nowMs: number): AbortSignal | undefined {
    const key = keyOf(word);
    const begun = this.#begun.get(key);
    if (begun === undefined) return undefined;
    if (nowMs - begun.ms < this.maxAgeMs) return begun.end.signal;
    this.#end(key);
    return undefined;
  }

  end(word: string): void {
    this.#end(keyOf(word));
  }

  endAll(): void {
    for (const key of [...this.#begun.keys()]) this.#end(key);
  }

  #end(key: string): void {
    const begun = this.#begun.get(key);
    this.#begun.delete(key);
    begun?.end.abort();
  }
}

function keyOf(word: string): string {
  return digestOf(word).toString("base64");
}
