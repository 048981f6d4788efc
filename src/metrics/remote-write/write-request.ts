import type { Family } from "../exposition.ts";

/** One value of one series at one moment. */
export interface TimedSample {
  /** Names and values, sorted by name, including the metric's name as `__name__`. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** `stale`: the series has ended. */
  readonly value: number | "stale";
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** The bits of the NaN by which Prometheus marks the end of a series. */
const STALE_BITS = 0x7ff0000000000002n;

/**
 * Converts families into samples as remote write requires them: labels sorted, none empty.
 *
 * @param shared labels of every series; a sample's own labels override them
 */
export function timedSamples(
  families: readonly Family[],
  shared: Readonly<Record<string, string>>,
  atMs: number,
): TimedSample[] {
  return families.flatMap(({ name, samples }) =>
    samples.map(({ value, labels, suffix = "" }) => ({
      labels: Object.entries({ ...shared, ...labels, __name__: name + suffix })
        .filter(([, text]) => text !== "")
        .sort(([a], [b]) => (a < b ? -1 : 1)),
      value,
      atMs,
    })),
  );
}

/**
 * Encodes remote write's only message, in protobuf. Fields by number, each after its tag:
 *
 * ```text
 *  WriteRequest 1: series*  ─► TimeSeries 1: label*, 2: sample  ─► Label 1: name, 2: value
 *                                                                  Sample 1: double, 2: int64
 * ```
 */
export function writeRequest(samples: readonly TimedSample[]): Uint8Array {
  const request = new Message();
  for (const { labels, value, atMs } of samples) {
    const series = new Message();
    for (const [name, text] of labels) {
      const label = new Message();
      label.field(1, Buffer.from(name));
      label.field(2, Buffer.from(text));
      series.field(1, label.bytes());
    }
    const sample = new Message();
    sample.double(1, value);
    sample.integer(2, atMs);
    series.field(2, sample.bytes());
    request.field(1, series.bytes());
  }
  return request.bytes();
}

/** A protobuf message under construction. */
class Message {
  #bytes = Buffer.allocUnsafe(128);
  #length = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  field(number: number, content: Uint8Array): void {
    this.#reserve(content.length + 12);
    this.#varint((number << 3) | 2);
    this.#varint(content.length);
    this.#bytes.set(content, this.#length);
    this.#length += content.length;
  }

  integer(number: number, value: number): void {
    this.#reserve(12);
    this.#varint(number << 3);
    this.#varint(value);
  }

  double(number: number, value: number | "stale"): void {
    this.#reserve(12);
    this.#varint((number << 3) | 1);
    if (value === "stale") this.#bytes.writeBigUInt64LE(STALE_BITS, this.#length);
    else this.#bytes.writeDoubleLE(value, this.#length);
    this.#length += 8;
  }

  /** Not below 0, and exact to 2^53: shifts would be limited to 2^31. */
  #varint(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more));
    wider.set(this.bytes());
    this.#bytes = wider;
  }
}
