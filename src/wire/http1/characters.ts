/** Classes of bytes (RFC 9110 §5.6.2, §5.5, RFC 3986 §2), as tables: one load decides a byte. */

/** In `TOKEN`: a character of a token. */
export const IS_TOKEN = 1;
/** In `TOKEN`: `_` or `.`, which CGI and its heirs turn into the same variable as `-` (GHSA-f59h). */
export const IS_AMBIGUOUS = 2;

const ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Token characters, 0 for all others. */
export const TOKEN = classOf(`!#$%&'*+-^_.\`|~${ALPHANUMERIC}`);
for (const character of "_.") TOKEN[character.charCodeAt(0)]! |= IS_AMBIGUOUS;

/** Characters of a field value: HTAB, SP, VCHAR and obs-text. CR, LF, NUL and other controls are 0. */
export const FIELD_VALUE = classOf("\t");
for (let byte = 0x20; byte < 0x100; byte++) FIELD_VALUE[byte] = byte === 0x7f ? 0 : 1;

/** Characters of a request target: VCHAR without `#`, which ends a URI's query. Browsers send `"<>\^{|}` and backticks unescaped. */
export const TARGET = new Uint8Array(256);
for (let byte = 0x21; byte < 0x7f; byte++) TARGET[byte] = 1;
TARGET["#".charCodeAt(0)] = 0;

/** Characters of a host name: letters, digits, `-`, `.`, `_` (containers have such names) and `~`. */
export const HOST_NAME = classOf(`-._~${ALPHANUMERIC}`);

/** Value of a hexadecimal digit, -1 for other bytes. */
export const HEX_VALUE = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  HEX_VALUE["0123456789abcdef".charCodeAt(value)] = value;
  HEX_VALUE["0123456789ABCDEF".charCodeAt(value)] = value;
}

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;

function classOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Returns whether the bytes are `lowerCase` in any case of ASCII letters. */
export function equalsIgnoringCase(bytes: Uint8Array, from: number, to: number, lowerCase: Uint8Array): boolean {
  if (to - from !== lowerCase.length) return false;
  for (let index = 0; index < lowerCase.length; index++) {
    const byte = bytes[from + index]!;
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== lowerCase[index]) return false;
  }
  return true;
}

/** Returns whether two runs are the same in any case of ASCII letters. */
export function sameIgnoringCase(bytes: Uint8Array, from: number, to: number, from2: number, to2: number): boolean {
  if (to - from !== to2 - from2) return false;
  for (let index = 0; index < to - from; index++) {
    if (lower(bytes[from + index]!) !== lower(bytes[from2 + index]!)) return false;
  }
  return true;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

/** Returns the bytes of an ASCII text. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Returns bytes as text, one character a byte: for logs and slow paths. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}
