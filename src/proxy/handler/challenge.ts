const PREFIX = new TextEncoder().encode("/.well-known/acme-challenge/");
/** Of the base64url alphabet (RFC 8555 §8.3). */
const MAX_TOKEN_BYTES = 128;

/** Returns the token of an ACME HTTP challenge's path; undefined for every other target. */
export function challengeToken(bytes: Uint8Array, from: number, to: number): string | undefined {
  const start = from + PREFIX.length;
  // Nearly all targets differ in their second byte.
  if (to <= start || to - start > MAX_TOKEN_BYTES || bytes[from + 1] !== PREFIX[1]) return undefined;
  for (let i = 0; i < PREFIX.length; i++) if (bytes[from + i] !== PREFIX[i]) return undefined;
  const token = new TextDecoder("latin1").decode(bytes.subarray(start, to));
  return /^[A-Za-z0-9_-]+$/.test(token) ? token : undefined;
}
