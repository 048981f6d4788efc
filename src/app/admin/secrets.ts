import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** Returns 32 random bytes as text for people and URLs: 43 letters, digits, `-` and `_`. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Returns the token that reads and changes nothing, for another box or a script. It follows from the token, which it does not tell.
 *
 * @example
 * readTokenOf("A".repeat(43)).length; // 43
 */
export function readTokenOf(token: string): string {
  return createHmac("sha256", token).update("tenk read-only token").digest("base64url");
}

export function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Compares in constant time. It compares digests, so that the time does not depend on the length either. */
export function isSame(given: string, secret: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(secret));
}
