import { TenkError } from "../../base/mod.ts";

/** What argon2id costs: 64 MiB and some tens of milliseconds, in a thread of the runtime's. */
const AT_ONCE = 2;
const IN_LINE = 8;
/** Longer ones are no passwords, and hashing costs by the length. */
const MAX_LENGTH = 1024;

/** @throws {TenkError} `usage` */
export async function hashPassword(password: string): Promise<string> {
  if (password.length >= 8 && password.length <= MAX_LENGTH) return Bun.password.hash(password, "argon2id");
  throw new TenkError("usage", "Cannot use this password: expected 8 to 1024 characters");
}

export function isPasswordHash(text: string): boolean {
  return /^\$argon2id\$v=19\$m=\d{1,8},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$/.test(text);
}

/** Verifies passwords against one hash, a few at once: a flood of guesses must not take all memory. */
export class PasswordCheck {
  readonly hash: string;
  #running = 0;
  readonly #line: (() => void)[] = [];

  constructor(hash: string) {
    this.hash = hash;
  }

  /** @returns undefined where too many wait already */
  async verify(password: string): Promise<boolean | undefined> {
    if (password === "" || password.length > MAX_LENGTH) return false;
    if (this.#running >= AT_ONCE) {
      if (this.#line.length >= IN_LINE) return undefined;
      await new Promise<void>((resolve) => this.#line.push(resolve));
    }
    this.#running += 1;
    try {
      return await Bun.password.verify(password, this.hash, "argon2id");
    } catch {
      return false;
    } finally {
      this.#running -= 1;
      this.#line.shift()?.();
    }
  }
}
