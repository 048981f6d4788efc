import { type EncodedHistogram, emptyHistogram, type Indexed } from "../measure/mod.ts";
import { malformed } from "./frame.ts";

/** More than any histogram takes: a gap and a count for each place. */
export const MAX_HISTOGRAM_BYTES = 512 * 1024;

/** For its places alone: nothing is recorded in it. */
const PLACES = emptyHistogram() as Indexed;

/**
 * Writes a histogram as numbers of variable length (LEB128): smallest and largest value, then for each place that has a count the gap
 * to the one before, and the count. Three bytes for most places.
 */
export function writeHistogram({ counts, min, max }: EncodedHistogram): Uint8Array {
  const writer = new NumberWriter();
  writer.write(min);
  writer.write(max);
  let before = 0;
  for (const [index, count] of counts.entries()) {
    if (count === 0) continue;
    writer.write(index - before);
    writer.write(count);
    before = index;
  }
  return writer.bytes();
}

/** Reads what `writeHistogram` wrote: every value in the place that it had. @throws {TenkError} for anything else */
export function readHistogram(bytes: Uint8Array): EncodedHistogram {
  const reader = new NumberReader(bytes);
  const min = reader.read();
  const max = reader.read();
  const first = PLACES.countsArrayIndex(min);
  const last = PLACES.countsArrayIndex(max);
  if (min < 1 || max < min || last >= PLACES.countsArrayLength) throw malformed("the range of a histogram");
  const counts = new Float64Array(last - first + 1);
  for (let at = 0; !reader.isAtEnd; ) {
    at += reader.read();
    const count = reader.read();
    if (at >= counts.length || counts[at] !== 0 || count === 0) throw malformed("the counts of a histogram");
    counts[at] = count;
  }
  if (counts[0] === 0 || counts.at(-1) === 0) throw malformed("the ends of a histogram");
  return { first, counts, min, max };
}

class NumberWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  write(value: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const longer = new Uint8Array(2 * this.#bytes.length);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128;
    this.#bytes[this.#length++] = rest;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  read(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 56; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw malformed("it ends within a number");
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (value <= Number.MAX_SAFE_INTEGER) return value;
        break;
      }
    }
    throw malformed("a number is too large");
  }
}
