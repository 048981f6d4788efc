import { createHmac, randomBytes } from "node:crypto";

/** About 300 KB. */
const MAX_ENTRIES = 1000;
/** A password that was changed elsewhere holds no longer than this. */
const KEEP_MS = 5 * 60_000;

interface Checked<Result> {
  readonly result: Result;
  readonly untilMs: number;
}

/**
 * What credentials were found to be, so that each request does not cost a password hash. They are kept under a keyed hash: who reads
 * this memory can guess at them no faster than with the hash alone of one who must also find the key. Time is an argument.
 */
export class CheckedCredentials<Result> {
  readonly #key = randomBytes(32);
  /** In the order in which they were checked. */
  readonly #checked = new Map<string, Checked<Result>>();
  readonly #maxEntries: number;

  constructor(maxEntries = MAX_ENTRIES) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#checked.size;
  }

  /** Returns the name under which credentials from an address are kept. */
  nameOf(callerKey: string, credentials: Uint8Array): string {
    return createHmac("sha256", this.#key).update(callerKey).update("\0").update(credentials).digest("base64");
  }

  get(name: string, nowMs: number): Result | undefined {
    const checked = this.#checked.get(name);
    return checked !== undefined && nowMs < checked.untilMs ? checked.result : undefined;
  }

  set(name: string, result: Result, nowMs: number): void {
    this.#checked.delete(name);
    this.#checked.set(name, { result, untilMs: nowMs + KEEP_MS });
    if (this.#checked.size <= this.#maxEntries) return;
    const oldest = this.#checked.keys().next().value;
    if (oldest !== undefined) this.#checked.delete(oldest);
  }
}
