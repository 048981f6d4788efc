/** How characters are escaped that could end a text or a line, or that a terminal obeys. */
export type Escaping = "json" | "hex";

const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const ZERO = 0x30;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const encoder = new TextEncoder();

/** Characters that stand for themselves everywhere: visible ones of ASCII, and the space. */
const IS_PLAIN = new Uint8Array(128);
for (let code = 0x20; code < 0x7f; code++) IS_PLAIN[code] = code === QUOTE || code === BACKSLASH ? 0 : 1;

/** From this length on a call of the runtime is faster than a loop. */
const LEAST_SET_BYTES = 24;

/** The longest that one character is written: `\uNNNN`. */
const LONGEST_ESCAPE = 6;

/**
 * Writes text into bytes that it is given, without making strings. Whatever a client sends becomes visible ASCII here: no line break, no
 * quote and no control sequence of it is left. Writing ends silently at the end of the bytes, so leave room for all that is bounded.
 */
export class LineWriter {
  readonly bytes: Uint8Array;
  at = 0;
  readonly #escaping: Escaping;

  constructor(bytes: Uint8Array, escaping: Escaping) {
    this.bytes = bytes;
    this.#escaping = escaping;
  }

  /** Adds bytes as they are. */
  raw(text: Uint8Array): void {
    const { bytes } = this;
    const { length } = text;
    if (length >= LEAST_SET_BYTES && length <= bytes.length - this.at) {
      bytes.set(text, this.at);
      this.at += length;
      return;
    }
    const end = Math.min(length, bytes.length - this.at);
    let { at } = this;
    for (let i = 0; i < end; i++) bytes[at++] = text[i]!;
    this.at = at;
  }

  /** Adds bytes that such a writer wrote. A view costs as much as the rest, so none is made where both lie in one memory. */
  copy(from: Uint8Array, start: number, end: number): void {
    if (from === this.bytes) from.copyWithin(this.at, start, end);
    else this.bytes.set(from.subarray(start, end), this.at);
    this.at += end - start;
  }

  /** Adds a whole number from 0 to 2^53. */
  count(value: number): void {
    const { bytes } = this;
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits += 1;
    let rest = value;
    for (let at = this.at + digits - 1; at >= this.at; at--) {
      const next = Math.floor(rest / 10);
      bytes[at] = ZERO + (rest - next * 10);
      rest = next;
    }
    this.at += digits;
  }

  /** Adds thousandths, or millionths with 6 `places`, as a decimal fraction: 1500 is `1.500`. */
  fraction(value: number, places: 3 | 6): void {
    const one = places === 3 ? 1000 : 1_000_000;
    const whole = Math.floor(value / one);
    this.count(whole);
    this.bytes[this.at++] = 0x2e;
    this.digits(value - whole * one, places);
  }

  /** Adds the last `places` digits of a number, with zeros in front. */
  digits(value: number, places: number): void {
    let rest = value;
    for (let at = this.at + places - 1; at >= this.at; at--) {
      const next = Math.floor(rest / 10);
      this.bytes[at] = ZERO + (rest - next * 10);
      rest = next;
    }
    this.at += places;
  }

  /** Adds bytes of a client, escaped, and cut where they need more than `room` bytes. */
  escaped(from: Uint8Array, start: number, end: number, room: number): void {
    const { bytes } = this;
    const limit = Math.min(bytes.length, this.at + room);
    let { at } = this;
    for (let i = start; i < end; i++) {
      const code = from[i]!;
      if (code < 0x80 && IS_PLAIN[code] === 1) {
        if (at >= limit) break;
        bytes[at++] = code;
      } else {
        if (at + LONGEST_ESCAPE > limit) break;
        at = this.#escape(at, code);
      }
    }
    this.at = at;
  }

  /** Adds a text that is not ours, in the same way. */
  text(text: string, room: number, isPlain: (code: number) => boolean = isPlainCode): void {
    const limit = Math.min(this.bytes.length, this.at + room);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (this.at + (isPlain(code) ? 1 : LONGEST_ESCAPE) > limit) return;
      if (isPlain(code)) this.bytes[this.at++] = code;
      else this.at = this.#escape(this.at, code);
    }
  }

  #escape(start: number, code: number): number {
    const { bytes } = this;
    let at = start;
    bytes[at++] = BACKSLASH;
    if (this.#escaping === "json" && (code === QUOTE || code === BACKSLASH)) bytes[at++] = code;
    else if (this.#escaping === "json") {
      bytes[at++] = 0x75; // u
      bytes[at++] = DIGITS[code >> 12]!;
      bytes[at++] = DIGITS[(code >> 8) & 15]!;
      bytes[at++] = DIGITS[(code >> 4) & 15]!;
      bytes[at++] = DIGITS[code & 15]!;
    } else {
      bytes[at++] = 0x78; // x
      bytes[at++] = DIGITS[(code >> 4) & 15]!;
      bytes[at++] = DIGITS[code & 15]!;
    }
    return at;
  }
}

const isPlainCode = (code: number): boolean => code < 0x80 && IS_PLAIN[code] === 1;

export const ascii = (text: string): Uint8Array => encoder.encode(text);
