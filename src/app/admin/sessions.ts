import { digestOf, newSecret } from "./secrets.ts";
import type { KeptSession } from "./session-file.ts";

export interface SessionsOptions {
  /** A further session ends the oldest. @default {100} */
  readonly max?: number;
  /** ms @default {2592000000} thirty days */
  readonly maxAgeMs?: number;
  /** Called with all open sessions whenever one begins or ends. */
  readonly onChange?: (sessions: readonly KeptSession[]) => void;
  /** ms since 1970 @default Date.now */
  readonly now?: () => number;
}

interface Session {
  /** On the monotonic clock; negative when it began before the process did. */
  readonly begunMs: number;
  /** On the system's clock, ms since 1970. */
  readonly begunAt: number;
  readonly end: AbortController;
}

/**
 * The open sessions, each by the digest of the random secret in its cookie. Ages are counted by the monotonic clock, and from one
 * process to the next by the system's clock.
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

  /** Adds the sessions of the file. One that seems to begin in the future, by a clock that was set, counts as new. */
  restore(kept: readonly KeptSession[], nowMs: number): void {
    const nowAt = this.#now();
    for (const { digest, begunAt } of kept.toSorted((a, b) => a.begunAt - b.begunAt).slice(-this.max)) {
      const ageMs = Math.max(0, nowAt - begunAt);
      if (ageMs >= this.maxAgeMs) continue;
      this.#sessions.set(digest, { begunMs: nowMs - ageMs, begunAt, end: new AbortController() });
    }
    this.#changed();
  }

  /** Begins a session with a new secret, so that one that a stranger planted in the browser is worth nothing. */
  begin(nowMs: number): string {
    const secret = newSecret();
    this.#dropExpired(nowMs);
    this.#sessions.set(keyOf(secret), { begunMs: nowMs, begunAt: this.#now(), end: new AbortController() });
    for (const key of this.#sessions.keys()) {
      if (this.#sessions.size <= this.max) break;
      this.#end(key);
    }
    this.#changed();
    return secret;
  }

  isOpen(secret: string, nowMs: number): boolean {
    return this.endSignal(secret, nowMs) !== undefined;
  }

  /** @returns a signal that aborts when the session ends; undefined when there is no such session */
  endSignal(secret: string, nowMs: number): AbortSignal | undefined {
    const key = keyOf(secret);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    if (nowMs - session.begunMs < this.maxAgeMs) return session.end.signal;
    this.#end(key);
    this.#changed();
    return undefined;
  }

  end(secret: string): void {
    if (this.#end(keyOf(secret))) this.#changed();
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

function keyOf(secret: string): string {
  return digestOf(secret).toString("base64");
}
