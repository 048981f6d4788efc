import { digestOf, newSecret } from "./secrets.ts";
import type { KeptSession } from "./session-file.ts";

export interface SessionsOptions {
  /** The oldest ends when there are more. @default {100} */
  readonly max?: number;
  /** ms @default {2592000000} thirty days */
  readonly maxAgeMs?: number;
  /** Called with all that are open whenever one begins or ends. */
  readonly onChange?: (sessions: readonly KeptSession[]) => void;
  /** ms since 1970 @default Date.now */
  readonly now?: () => number;
}

interface Session {
  /** By a clock that only goes forward; negative where it began before the process. */
  readonly begunMs: number;
  /** ms since 1970, as the clock was when it began. */
  readonly begunAt: number;
  readonly end: AbortController;
}

/**
 * Who has shown the token or the password, by a random word that their browser keeps; here it is known by its digest alone. Ages
 * are counted by a clock that nobody sets, and for the time between two starts by the other one.
 */
export class Sessions {
  readonly max: number;
  readonly maxAgeMs: number;
  readonly #onChange: (sessions: readonly KeptSession[]) => void;
  readonly #now: () => number;
  /** By digest, the oldest first. */
  readonly #sessions = new Map<string, Session>();

  constructor({ max = 100, maxAgeMs = 30 * 24 * 3_600_000, onChange, now = Date.now }: SessionsOptions = {}) {
    this.max = max;
    this.maxAgeMs = maxAgeMs;
    this.#onChange = onChange ?? (() => undefined);
    this.#now = now;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Takes up what was kept. A clock that was ahead, or is behind now, makes a session no older than new. */
  restore(kept: readonly KeptSession[], nowMs: number): void {
    const nowAt = this.#now();
    for (const { digest, begunAt } of kept.toSorted((a, b) => a.begunAt - b.begunAt).slice(-this.max)) {
      const ageMs = Math.max(0, nowAt - begunAt);
      if (ageMs >= this.maxAgeMs) continue;
      this.#sessions.set(digest, { begunMs: nowMs - ageMs, begunAt, end: new AbortController() });
    }
    this.#changed();
  }

  /** Always a new word: one that a stranger put into the browser before is worth nothing afterwards. */
  begin(nowMs: number): string {
    const word = newSecret();
    this.#dropExpired(nowMs);
    this.#sessions.set(keyOf(word), { begunMs: nowMs, begunAt: this.#now(), end: new AbortController() });
    for (const key of this.#sessions.keys()) {
      if (this.#sessions.size <= this.max) break;
      this.#end(key);
    }
    this.#changed();
    return word;
  }

  isOpen(word: string, nowMs: number): boolean {
    return this.ending(word, nowMs) !== undefined;
  }

  /** @returns what is aborted when the session ends; undefined where there is none */
  ending(word: string, nowMs: number): AbortSignal | undefined {
    const key = keyOf(word);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    if (nowMs - session.begunMs < this.maxAgeMs) return session.end.signal;
    this.#end(key);
    this.#changed();
    return undefined;
  }

  end(word: string): void {
    if (this.#end(keyOf(word))) this.#changed();
  }

  endAll(): void {
    for (const key of [...this.#sessions.keys()]) this.#end(key);
    this.#changed();
  }

  #dropExpired(nowMs: number): void {
    for (const [key, { begunMs }] of this.#sessions) if (nowMs - begunMs >= this.maxAgeMs) this.#end(key);
  }

  #end(key: string): boolean {
    const session = this.#sessions.get(key);
    session?.end.abort();
    return this.#sessions.delete(key);
  }

  #changed(): void {
    this.#onChange([...this.#sessions].map(([digest, { begunAt }]) => ({ digest, begunAt })));
  }
}

function keyOf(word: string): string {
  return digestOf(word).toString("base64");
}
