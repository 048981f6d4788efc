import type { SeriesName } from "./disk.ts";

/** The seconds in memory of one process, for the one that replaces it. Plain data, as JSON can carry it. */
export interface HandedSeconds {
  /** The seconds that there are, since 1970, in the order of the values. */
  readonly seconds: readonly number[];
  readonly series: readonly (SeriesName & {
    /** A 32-bit float for each second, in base64; NaN is a gap. */
    readonly values: string;
  })[];
}

/** Packs values as text. */
export function packValues(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

/** @returns as many values as were expected; NaN for those that are missing */
export function unpackValues(text: string, length: number): Float32Array {
  const bytes = new Uint8Array(length * 4);
  const values = new Float32Array(bytes.buffer).fill(Number.NaN);
  bytes.set(Buffer.from(text, "base64").subarray(0, bytes.length));
  return values;
}
