import { refuseText } from "./scanner.ts";

const BACKSLASH = 0x5c;
const LETTERS: Readonly<Record<string, number>> = { a: 7, b: 8, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 };
const KNOWN = "\\n \\r \\t \\a \\b \\e \\f \\v, \\0 and octal, \\xHH, or a backslash before punctuation";

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}

function octalValue(byte: number | undefined): number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x37 ? byte - 0x30 : -1;
}

/** A refusal quotes only the surroundings: the bytes may be a large file. */
function refuse(bytes: Uint8Array, at: number, what: string, problem: string): never {
  const decoder = new TextDecoder();
  const before = decoder.decode(bytes.subarray(Math.max(0, at - 40), at));
  const after = decoder.decode(bytes.subarray(at, at + 40));
  return refuseText(what, before + after, before.length, problem, "write \\\\ for a backslash, or leave out -e");
}

/**
 * Replaces backslash escapes by the bytes they stand for, as `-e` asks: `\n \r \t \a \b \e \f \v`, octal `\0 \012 \377`,
 * hexadecimal `\xHH` (one or two digits), `\\` and `\"`; a backslash before any other punctuation stands for that character.
 * An octal escape takes up to three digits (after a leading zero: three more) as long as the value fits a byte.
 *
 * Unlike tcpkali, `\\` is one backslash, `\t` a tab, and an unknown letter is refused instead of losing its backslash.
 *
 * @param what names the bytes in errors. @default {"the message"}
 * @returns the same array when there is nothing to replace
 * @throws {TenkError} `usage`, with the place
 */
export function unescapeBytes(bytes: Uint8Array, what = "the message"): Uint8Array {
  let read = bytes.indexOf(BACKSLASH);
  if (read < 0) return bytes;
  const result = new Uint8Array(bytes.length);
  result.set(bytes.subarray(0, read));
  let write = read;
  while (read < bytes.length) {
    const byte = bytes[read]!;
    if (byte !== BACKSLASH) {
      result[write++] = byte;
      read += 1;
      continue;
    }
    const [value, next] = readEscape(bytes, read, what);
    result[write++] = value;
    read = next;
  }
  return result.subarray(0, write);
}

/** The byte an escape stands for, and where reading goes on. */
function readEscape(bytes: Uint8Array, at: number, what: string): readonly [number, number] {
  const kind = bytes[at + 1];
  if (kind === undefined) return refuse(bytes, at, what, "a backslash at the end escapes nothing");
  const letter = String.fromCharCode(kind);
  if (letter === "x") {
    const high = hexValue(bytes[at + 2]);
    if (high < 0) return refuse(bytes, at, what, "expected one or two hexadecimal digits after \\x");
    const low = hexValue(bytes[at + 3]);
    return low < 0 ? [high, at + 3] : [high * 16 + low, at + 4];
  }
  if (octalValue(kind) >= 0) return readOctal(bytes, at + 1);
  const value = LETTERS[letter];
  if (value !== undefined) return [value, at + 2];
  if (/[A-Za-z89]/.test(letter)) return refuse(bytes, at, what, `unknown escape \\${letter}, expected ${KNOWN}`);
  return [kind, at + 2];
}

function readOctal(bytes: Uint8Array, from: number): readonly [number, number] {
  const longest = from + (bytes[from] === 0x30 ? 4 : 3);
  let value = 0;
  let at = from;
  while (at < longest) {
    const digit = octalValue(bytes[at]);
    if (digit < 0 || value * 8 + digit > 0xff) break;
    value = value * 8 + digit;
    at += 1;
  }
  return [value, at];
}

/**
 * The same for text, which becomes UTF-8.
 *
 * @throws {TenkError} `usage`
 * @example
 * unescapeText("a\\r\\n\\x00"); // new Uint8Array([97, 13, 10, 0])
 */
export function unescapeText(text: string, what?: string): Uint8Array {
  return unescapeBytes(new TextEncoder().encode(text), what);
}
