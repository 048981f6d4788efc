import { TenkError } from "../../base/mod.ts";
import { ascii, CR, FIELD_VALUE, LF, TOKEN } from "./characters.ts";

/** Up to this size a loop copies faster than `set` with a view. */
const SHORT_RUN_BYTES = 64;
const HEX_DIGITS = ascii("0123456789abcdef");
const ZERO = 0x30;

/** The end of a chunked body without trailers. */
export const LAST_CHUNK: Uint8Array = ascii("0\r\n\r\n");
/** Longest chunk head that `writeChunkHead` writes. */
export const MAX_CHUNK_HEAD_BYTES = 16;

/**
 * Returns a prepared `Name: value` line with its line end.
 *
 * @throws {TenkError} `invalid-option` when the name is not a token or the value has control characters or characters above U+00FF
 */
export function fieldLine(name: string, value: string): Uint8Array {
  if (!isFieldName(name))
    throw new TenkError("invalid-option", `Invalid field name "${name}": expected letters, digits and -`);
  if (!isFieldValue(value)) {
    throw new TenkError(
      "invalid-option",
      `Invalid value of the field ${name}: expected text without control characters`,
    );
  }
  return ascii(`${name}: ${value}\r\n`);
}

/** Returns whether a text is a field name (RFC 9110 §5.1). */
export function isFieldName(name: string): boolean {
  return name.length > 0 && isOf(TOKEN, name);
}

/** Returns whether a text is a field value (RFC 9110 §5.5): one line without blanks at its ends. */
export function isFieldValue(value: string): boolean {
  return isOf(FIELD_VALUE, value) && !/^[ \t]|[ \t]$/.test(value);
}

function isOf(table: Uint8Array, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (!table[text.charCodeAt(index)]) return false;
  return true;
}

/** Copies `source[from, to)` to `target` at `at`. Returns the position behind it. */
export function copyRun(target: Uint8Array, at: number, source: Uint8Array, from: number, to: number): number {
  if (to - from > SHORT_RUN_BYTES) target.set(source.subarray(from, to), at);
  else for (let index = from; index < to; index++) target[at + index - from] = source[index]!;
  return at + to - from;
}

/** Writes ASCII text at `at`. Returns the position behind it. */
export function writeAscii(target: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) target[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** Writes a whole number ≥ 0 in decimal at `at`. Returns the position behind it. */
export function writeDecimal(target: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let limit = 10; limit <= value; limit *= 10) digits += 1;
  let rest = value;
  for (let index = at + digits - 1; index >= at; index--) {
    const next = Math.floor(rest / 10);
    target[index] = rest - next * 10 + ZERO;
    rest = next;
  }
  return at + digits;
}

/** Writes a whole number ≥ 0 in hexadecimal at `at`. Returns the position behind it. */
export function writeHex(target: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let limit = 16; limit <= value; limit *= 16) digits += 1;
  let rest = value;
  for (let index = at + digits - 1; index >= at; index--) {
    const next = Math.floor(rest / 16);
    target[index] = HEX_DIGITS[rest - next * 16]!;
    rest = next;
  }
  return at + digits;
}

/** Writes the size line of a chunk of `bytes` > 0 payload bytes at `at`. Returns the position behind it. */
export function writeChunkHead(target: Uint8Array, at: number, bytes: number): number {
  const end = writeHex(target, at, bytes);
  target[end] = CR;
  target[end + 1] = LF;
  return end + 2;
}
