import type { Expression } from "./expression.ts";
import { MARKER_BYTES, patchMarker, writeHexadecimal, writeMarker } from "./marker.ts";
import { writeRandomText } from "./regex.ts";
import { SeededRandom } from "./seeded-random.ts";

/** `%p` of a connection's structure: nothing here has an address, so one is made up that differs for each connection. */
const POINTER_BASE = 0x7f00_0000_0000;
const POINTER_STEP = 64;
const POINTER_DIGITS = 12;
/** As many views as this are kept, one for each length a message has had, so that sending allocates nothing. */
const MAX_VIEWS = 2048;

/** What a renderer prints: files and global regexes have become bytes. */
export type Segment = Exclude<Expression, { kind: "file" | "frame" | "raw" }>;

/** The fewest and the most bytes a segment takes. */
export function lengthsOf(segment: Segment): readonly [least: number, most: number] {
  switch (segment.kind) {
    case "bytes":
      return [segment.bytes.length, segment.bytes.length];
    case "marker":
      return [MARKER_BYTES, MARKER_BYTES];
    case "regex":
      return [segment.regex.minBytes, segment.regex.maxBytes];
    case "number": {
      const largest = Math.min(Number.MAX_SAFE_INTEGER, ...segment.moduli.map((divisor) => divisor - 1));
      if (segment.moduli.length > 0) return [1, String(largest).length];
      return segment.source === "ptr" ? [2 + POINTER_DIGITS, 2 + POINTER_DIGITS] : [1, String(largest).length];
    }
  }
}

/** Writes a whole number from 0 to 2^53 in decimal and returns the offset behind it. */
export function writeDecimal(into: Uint8Array, offset: number, value: number): number {
  let end = offset + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) end += 1;
  let rest = value;
  for (let index = end - 1; index >= offset; index--) {
    const tens = Math.floor(rest / 10);
    into[index] = 0x30 + (rest - tens * 10);
    rest = tens;
  }
  return end;
}

/**
 * Renders one sequence of segments into one scratch array that is as long as the longest message.
 * What does not change between two calls is not rendered again:
 *
 * ```text
 *   per message regex  ─ every call
 *   uid, connection.re ─ when the connection is another than the last
 *   marker             ─ 16 digits patched in place, every call
 * ```
 */
export class Renderer {
  readonly #segments: readonly Segment[];
  readonly #random: () => number;
  readonly #seed: number;
  readonly #connectionRandom = new SeededRandom();
  readonly #scratch: Uint8Array;
  readonly #views: (Uint8Array | undefined)[] = [];
  readonly #markers: number[] = [];
  readonly #variesByMessage: boolean;
  readonly #variesByConnection: boolean;
  #rendered: Uint8Array | undefined;
  #uid = -1;

  /** @param seed sets `connection.re` apart from run to run; the text itself is made anew from it and the uid, not kept. */
  constructor(segments: readonly Segment[], random: () => number, seed: number) {
    this.#segments = segments;
    this.#random = random;
    this.#seed = seed;
    this.#scratch = new Uint8Array(segments.reduce((sum, segment) => sum + lengthsOf(segment)[1], 0));
    this.#variesByMessage = segments.some((it) => it.kind === "regex" && it.scope === "message");
    this.#variesByConnection = segments.some((it) => it.kind === "number" || it.kind === "regex");
  }

  /** The message of connection `uid`; borrowed, the next call overwrites it. */
  render(uid: number, nowUs: number): Uint8Array {
    const stale = this.#variesByMessage || (this.#variesByConnection && uid !== this.#uid);
    if (this.#rendered !== undefined && !stale) {
      for (let index = 0; index < this.#markers.length; index++) {
        patchMarker(this.#scratch, this.#markers[index]!, nowUs);
      }
      return this.#rendered;
    }
    this.#uid = uid;
    this.#markers.length = 0;
    let end = 0;
    for (let index = 0; index < this.#segments.length; index++) end = this.#write(index, end, uid, nowUs);
    this.#rendered = this.#view(end);
    return this.#rendered;
  }

  #write(index: number, offset: number, uid: number, nowUs: number): number {
    const segment = this.#segments[index]!;
    const into = this.#scratch;
    switch (segment.kind) {
      case "bytes":
        into.set(segment.bytes, offset);
        return offset + segment.bytes.length;
      case "marker":
        writeMarker(into, offset, nowUs);
        this.#markers.push(offset);
        return offset + MARKER_BYTES;
      case "regex":
        if (segment.scope === "message") return writeRandomText(segment.regex, into, offset, this.#random);
        this.#connectionRandom.reseed(this.#seed, uid, index);
        return writeRandomText(segment.regex, into, offset, this.#connectionRandom.next);
      case "number":
        return this.#writeNumber(segment, offset, uid);
    }
  }

  #writeNumber(segment: Segment & { kind: "number" }, offset: number, uid: number): number {
    let value = segment.source === "uid" ? uid : POINTER_BASE + uid * POINTER_STEP;
    if (segment.source === "ptr" && segment.moduli.length === 0) {
      this.#scratch[offset] = 0x30;
      this.#scratch[offset + 1] = 0x78;
      const high = Math.floor(value / 0x1_0000_0000);
      writeHexadecimal(this.#scratch, offset + 2, POINTER_DIGITS - 8, high);
      writeHexadecimal(this.#scratch, offset + 2 + POINTER_DIGITS - 8, 8, value - high * 0x1_0000_0000);
      return offset + 2 + POINTER_DIGITS;
    }
    for (let index = 0; index < segment.moduli.length; index++) value %= segment.moduli[index]!;
    return writeDecimal(this.#scratch, offset, value);
  }

  #view(length: number): Uint8Array {
    if (length >= MAX_VIEWS) return this.#scratch.subarray(0, length);
    this.#views[length] ??= this.#scratch.subarray(0, length);
    return this.#views[length]!;
  }
}
