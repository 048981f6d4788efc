import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 32 random bytes as people and addresses carry them: 43 letters, digits, `-` and `_`. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

export function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Takes as long whatever is wrong: digests are compared, all of them, so that not even the length tells. */
export function isSame(given: string, secret: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(secret));
}
