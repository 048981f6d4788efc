const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

/** Returns foreign text as one line that is safe to log: no control or direction characters, cut at `maxLength`. */
export function printable(text: string, maxLength = 500): string {
  // Cut first, so that a megabyte of text costs nothing.
  const line = text
    .slice(0, maxLength + 1)
    .replace(UNPRINTABLE, " ")
    .trim();
  return line.length > maxLength || text.length > maxLength + 1 ? `${line.slice(0, maxLength)}…` : line;
}

/** base64url without padding (RFC 4648 §5), as JWS has it. */
export function base64Url(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString("base64url");
}
