import { MAX_LABEL_BYTES, MAX_NAME_BYTES } from "./name.ts";

/** Names as text (RFC 1035 §5.1): labels with dots between them, `\.` for a dot in a label, `\DDD` for what cannot be printed. */

const BACKSLASH = 0x5c;
const DOT = 0x2e;
const ZERO = 0x30;

/** Characters that zone files give a meaning to. */
const SPECIAL = '"().;\\@$';

/** Each byte of a label as text. */
const LABEL_TEXT = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (byte <= 0x20 || byte >= 0x7f) return `\\${String(byte).padStart(3, "0")}`;
  return SPECIAL.includes(character) ? `\\${character}` : character;
});

/**
 * Returns a valid name as text, without the dot at its end; the root is ".".
 *
 * @example
 * nameText(Uint8Array.of(3, 97, 46, 98, 1, 99, 0), 0); // "a\\.b.c"
 */
export function nameText(bytes: Uint8Array, at = 0): string {
  if (bytes[at] === 0) return ".";
  let text = "";
  while (bytes[at] !== 0) {
    const end = at + bytes[at]! + 1;
    if (text !== "") text += ".";
    while (++at < end) text += LABEL_TEXT[bytes[at]!];
  }
  return text;
}

/** Returns a name as zone files and `dig` write it: with the dot at its end, so that nothing is appended to it. */
export function absoluteNameText(bytes: Uint8Array, at = 0): string {
  return bytes[at] === 0 ? "." : `${nameText(bytes, at)}.`;
}

/** What is wrong with a text that is no name. The negated place of each is what `writeNameOfText` returns. */
const NAME_PROBLEMS = [
  "",
  "is empty",
  "has an empty label: two dots in a row, or one at the start",
  `has a label of more than ${MAX_LABEL_BYTES} characters`,
  `has more than ${MAX_NAME_BYTES} bytes`,
  "has a backslash that is followed neither by a character nor by three digits up to 255",
  "has a blank or a control character, which is written \\DDD",
  "has a character outside of ASCII: write the name in its form with xn--",
] as const;
const EMPTY = -1;
const EMPTY_LABEL = -2;
const LONG_LABEL = -3;
const LONG_NAME = -4;
const BAD_ESCAPE = -5;
const BAD_CHARACTER = -6;
const NOT_ASCII = -7;

/**
 * Writes the name whose text is `text[from, to)`, with or without the dot at its end. `out` has room for 255 bytes.
 *
 * @returns the offset after the name; a negative number where the text is no name
 */
export function writeNameOfText(text: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  if (from === to) return EMPTY;
  const end = at + MAX_NAME_BYTES;
  let lengthAt = at;
  let next = at + 1;
  if (to - from === 1 && text[from] === DOT) from = to;
  for (let read = from; read < to; read++) {
    let byte = text[read]!;
    if (byte === DOT) {
      if (next === lengthAt + 1) return EMPTY_LABEL;
      out[lengthAt] = next - lengthAt - 1;
      lengthAt = next++;
      if (next > end) return LONG_NAME;
      continue;
    }
    if (byte === BACKSLASH) {
      byte = escapedByte(text, read + 1, to);
      if (byte < 0) return BAD_ESCAPE;
      read += isDigit(text[read + 1]!) ? 3 : 1;
    } else if (byte >= 0x80) return NOT_ASCII;
    else if (byte <= 0x20 || byte === 0x7f) return BAD_CHARACTER;
    if (next - lengthAt > MAX_LABEL_BYTES) return LONG_LABEL;
    // One byte stays free for the root.
    if (next + 1 >= end) return LONG_NAME;
    out[next++] = byte;
  }
  const length = next - lengthAt - 1;
  out[lengthAt] = length;
  if (length > 0) out[next++] = 0;
  return next;
}

/** Returns the byte that is escaped at `at`, behind the backslash; -1 where there is none. */
export function escapedByte(text: Uint8Array, at: number, to: number): number {
  if (at >= to) return -1;
  const byte = text[at]!;
  if (!isDigit(byte)) return byte > 0x20 && byte < 0x7f ? byte : -1;
  if (at + 2 >= to || !isDigit(text[at + 1]!) || !isDigit(text[at + 2]!)) return -1;
  const value = (byte - ZERO) * 100 + (text[at + 1]! - ZERO) * 10 + text[at + 2]! - ZERO;
  return value <= 255 ? value : -1;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

/** Longest text of a name: every byte escaped. */
const MAX_TEXT = 4 * MAX_NAME_BYTES;
const scratch = new Uint8Array(MAX_NAME_BYTES + 1);

function writeToScratch(text: string): number {
  if (text.length > MAX_TEXT) return LONG_NAME;
  const codes = Uint8Array.from(text, (character) => Math.min(character.charCodeAt(0), 0x80));
  return writeNameOfText(codes, 0, codes.length, scratch, 0);
}

/**
 * Parses a name; undefined where the text is none.
 *
 * @example
 * parseName("home.arpa"); // new Uint8Array([4, 104, 111, 109, 101, 4, 97, 114, 112, 97, 0])
 */
export function parseName(text: string): Uint8Array | undefined {
  const length = writeToScratch(text);
  return length < 0 ? undefined : scratch.slice(0, length);
}

/** Returns what is wrong with a text that `parseName` does not take, as the end of a sentence; undefined where nothing is. */
export function nameProblem(text: string): string | undefined {
  const length = writeToScratch(text);
  return length < 0 ? NAME_PROBLEMS[-length] : undefined;
}
