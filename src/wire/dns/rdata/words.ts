import { escapedByte } from "../name-text.ts";

/** A word of a record's text, as it was written: with its escapes, without its quotes. */
export interface Word {
  readonly text: string;
  readonly isQuoted: boolean;
}

const BLANK = /[\s()]/;

/**
 * Splits the text of a record into its words (RFC 1035 §5.1): blanks between them, or quotes around them; `\` before a character
 * that is to have no meaning; `(` and `)` are for the eye; a `;` begins a comment, up to the end of its line. Quotes inside a word
 * belong to it, as in `alpn="h2,h3"`.
 *
 * @returns undefined where a quote is not closed
 */
export function wordsOf(text: string): Word[] | undefined {
  const words: Word[] = [];
  for (let at = 0; at < text.length; ) {
    const character = text[at]!;
    if (BLANK.test(character)) at += 1;
    else if (character === ";") {
      const lineEnd = text.indexOf("\n", at);
      at = lineEnd < 0 ? text.length : lineEnd;
    } else {
      const end = wordEnd(text, at);
      if (end < 0) return undefined;
      const isQuoted = character === '"' && quoteEnd(text, at) === end;
      words.push({ text: isQuoted ? text.slice(at + 1, end - 1) : text.slice(at, end), isQuoted });
      at = end;
    }
  }
  return words;
}

function wordEnd(text: string, at: number): number {
  // A quote at the start is a word by itself: `"a""b"` are two.
  if (text[at] === '"') return quoteEnd(text, at);
  while (at < text.length && !BLANK.test(text[at]!) && text[at] !== ";") {
    if (text[at] === '"') {
      at = quoteEnd(text, at);
      if (at < 0) return -1;
    } else at += text[at] === "\\" ? 2 : 1;
  }
  return Math.min(at, text.length);
}

/** @returns the offset after the closing quote, or -1 */
function quoteEnd(text: string, at: number): number {
  for (at += 1; at < text.length; at += text[at] === "\\" ? 2 : 1) if (text[at] === '"') return at + 1;
  return -1;
}

const encoder = new TextEncoder();

/** Returns the bytes that a word stands for, its escapes resolved, others as UTF-8; undefined where an escape is none. */
export function bytesOfWord(text: string): Uint8Array | undefined {
  const coded = encoder.encode(text);
  const bytes: number[] = [];
  for (let at = 0; at < coded.length; at++) {
    if (coded[at] !== 0x5c) {
      bytes.push(coded[at]!);
      continue;
    }
    const next = coded[at + 1];
    const byte = next === 0x20 ? next : escapedByte(coded, at + 1, coded.length);
    if (byte < 0) return undefined;
    bytes.push(byte);
    at += next! >= 0x30 && next! <= 0x39 ? 3 : 1;
  }
  return Uint8Array.from(bytes);
}

/** Each byte inside of quotes. */
const QUOTED = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (byte < 0x20 || byte >= 0x7f) return `\\${String(byte).padStart(3, "0")}`;
  return character === '"' || character === "\\" ? `\\${character}` : character;
});

/** Returns bytes as a text in quotes. */
export function quoted(bytes: Uint8Array, at: number, to: number): string {
  let text = '"';
  while (at < to) text += QUOTED[bytes[at++]!];
  return `${text}"`;
}
