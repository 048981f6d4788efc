import { TenkError } from "../base/mod.ts";

/** Verifying costs 64 MiB and some tens of milliseconds, in a thread of the runtime. */
const MAX_CONCURRENT = 2;
const MAX_WAITING = 8;
/** The cost of hashing grows with the length. */
const MAX_LENGTH = 1024;

/** @throws {TenkError} `usage` */
export async function hashPassword(password: string): Promise<string> {
  if (password.length >= 8 && password.length <= MAX_LENGTH) return Bun.password.hash(password, "argon2id");
  throw new TenkError("usage", "Cannot use this password: expected 8 to 1024 characters");
}

/** Verifies passwords against one hash, a few at a time, so that a flood of guesses does not take all memory. */
export class PasswordCheck {
  readonly hash: string;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(hash: string) {
    this.hash = hash;
  }

  /** @returns undefined when too many are waiting */
  async verify(password: string): Promise<boolean | undefined> {
    if (password === "" || password.length > MAX_LENGTH) return false;
    if (this.#running >= MAX_CONCURRENT) {
      if (this.#waiting.length >= MAX_WAITING) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
    try {
      return await Bun.password.verify(password, this.hash, "argon2id");
    } catch {
      return false;
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}
