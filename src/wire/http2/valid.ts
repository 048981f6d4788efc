/** Which bytes may stand in a field of HTTP/2 (RFC 9113 §8.2.1): lower-case tokens, and values that are one line. */
const IN_NAME = new Uint8Array(256);
const IN_VALUE = new Uint8Array(256).fill(1);

for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") IN_NAME[character.charCodeAt(0)] = 1;
IN_VALUE.fill(0, 0, 0x20);
IN_VALUE[0x09] = 1;
IN_VALUE[0x7f] = 0;

const COLON = 0x3a;
const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x09;

/** Returns whether a name is not empty and valid; that of a pseudo-field begins with a colon. */
export function isFieldName(bytes: Uint8Array, from: number, to: number): boolean {
  const first = bytes[from] === COLON ? from + 1 : from;
  if (first >= to) return false;
  for (let at = first; at < to; at++) if (IN_NAME[bytes[at]!] === 0) return false;
  return true;
}

/** Returns whether a value has no control characters, and no space around it. */
export function isFieldValue(bytes: Uint8Array, from: number, to: number): boolean {
  if (from < to && (isSpace(bytes[from]) || isSpace(bytes[to - 1]))) return false;
  for (let at = from; at < to; at++) if (IN_VALUE[bytes[at]!] === 0) return false;
  return true;
}
