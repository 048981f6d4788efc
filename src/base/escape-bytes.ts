const NAMED: Readonly<Record<number, string>> = { 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" };

/**
 * Letters, marks, digits, punctuation and symbols. Left out are characters that control a terminal or cannot be seen: C0 and C1
 * controls, formats (which can reverse text), separators, private use, and unassigned ones.
 */
const VISIBLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u;

export interface EscapeOptions {
  /** Show characters of valid UTF-8; without it every byte from 128 on is `\xNN`. @default {false} */
  utf8?: boolean;
}

/**
 * Formats bytes as one line of text that is safe to print: control characters are escaped.
 *
 * @example
 * escapeBytes(new Uint8Array([65, 10, 27, 92])); // "A\\n\\x1b\\\\"
 * escapeBytes(new Uint8Array([0xc3, 0xbc, 0xff]), { utf8: true }); // "ü\\xff"
 */
export function escapeBytes(bytes: Uint8Array, options: EscapeOptions = {}): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    const length = byte >= 0x80 && options.utf8 === true ? lengthOfCharacter(bytes, at) : 1;
    if (length > 1) {
      text += shown(codePointOf(bytes, at, length));
      at += length - 1;
    } else {
      const isPrintable = byte >= 0x20 && byte < 0x7f;
      text += NAMED[byte] ?? (isPrintable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`);
    }
  }
  return text;
}

function shown(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  return VISIBLE.test(character) ? character : `\\u{${codePoint.toString(16)}}`;
}

/** Returns the length of the UTF-8 character here, by RFC 3629 §4 (not overlong, no surrogate); 1 when there is none. */
function lengthOfCharacter(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first < 0xc2 || first > 0xf4 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (at + length > bytes.length) return 1;
  for (let index = 1; index < length; index++) if ((bytes[at + index]! & 0xc0) !== 0x80) return 1;
  const second = bytes[at + 1]!;
  const isWrong =
    (first === 0xe0 && second < 0xa0) ||
    (first === 0xed && second > 0x9f) ||
    (first === 0xf0 && second < 0x90) ||
    (first === 0xf4 && second > 0x8f);
  return isWrong ? 1 : length;
}

function codePointOf(bytes: Uint8Array, at: number, length: number): number {
  let value = bytes[at]! & (0x7f >> length);
  for (let index = 1; index < length; index++) value = (value << 6) | (bytes[at + index]! & 0x3f);
  return value;
}
