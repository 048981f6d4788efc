import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { TenkError } from "../../base/mod.ts";

export const NONCE_BYTES = 32;
export const PROOF_BYTES = 32;
const LEAST_KEY_CHARACTERS = 16;
const MOST_KEY_CHARACTERS = 1024;

/** Random bytes of both sides: a proof that was seen is of no use on another connection. */
export interface Nonces {
  readonly ofController: Uint8Array;
  readonly ofAgent: Uint8Array;
}

/** Returns a key of 256 random bits. */
export function newKey(): string {
  return randomBytes(32).toString("base64url");
}

/** Returns the key without the spaces around it, such as a file's last line end. @throws {TenkError} `usage` for one that can be guessed */
export function checkedKey(given: string, where: string): string {
  const key = given.trim();
  if (key.length >= LEAST_KEY_CHARACTERS && key.length <= MOST_KEY_CHARACTERS) return key;
  throw new TenkError("usage", `The key of ${where} has ${key.length} characters: expected at least 16`, {
    hint: "for example from: openssl rand -base64 32",
  });
}

/**
 * Returns what proves that one side has the key, for this TLS connection alone: the certificate that the agent was shown goes into it,
 * so that nobody in between, who has another certificate, can pass a proof on.
 *
 * ```text
 *   controller ─ challenge: nonce ───────────────► agent
 *   controller ◄──────── join: nonce, its proof ── agent       a stranger is told nothing
 *   controller ─ welcome: the other proof ───────► agent
 * ```
 *
 * @param fingerprint SHA-256 of the controller's certificate
 */
export function proof(
  key: string,
  side: "agent" | "controller",
  fingerprint: string,
  { ofController, ofAgent }: Nonces,
): Uint8Array {
  // Every part has a fixed length.
  const hash = createHmac("sha256", key).update(`tenk ${side === "agent" ? "a" : "c"} ${hex(fingerprint)} `);
  return new Uint8Array(hash.update(ofController).update(ofAgent).digest());
}

export function isProof(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** `AB:CD:…` or `abcd…` → `abcd…` */
function hex(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}
