import { BitReader, BitWriter } from "./bits.ts";

/**
 * Compact encoding of a block of points. A point is (min, mean, max); a gap is NaN in all three.
 *
 * ```text
 *  flags  [bitmap of the points that are there]  first mean, then columns: mean − previous mean, mean − min, max − mean
 *  │ 1: there is a bitmap   2: min = mean = max everywhere, so only means follow   4…: shift, times 4
 * ```
 *
 * Floats keep 24 of their 32 bits (five digits; integers up to 65 536 exactly), taken as integers in the order of the floats.
 * So neighbours differ little, min is never above mean, and low bits that are zero in all of them are shifted out. Trailing
 * zeros are omitted, so that a constant takes six bytes. Deflate would take 80 µs a row to read.
 */
const WITH_GAPS = 1;
const FLAT = 2;
const LARGEST = 0x7f7fff;
const MAX_POINTS = 128;

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);
/** Nothing here is reentrant, so that one writer, one reader and one scratch array are enough. */
const writer = new BitWriter(1 + MAX_POINTS / 8 + 3 * MAX_POINTS * 4 + 8);
const reader = new BitReader();
const ordered = new Int32Array(3 * MAX_POINTS);
const column = new Int32Array(MAX_POINTS);

/**
 * @param points min, mean, max of the first point, then of the next …; at most 128 points
 * @returns undefined where all are gaps
 */
export function encodePoints(points: Float32Array): Uint8Array | undefined {
  const count = points.length / 3;
  let present = 0;
  let isFlat = true;
  let used = 0;
  for (let at = 0; at < points.length; at += 3) {
    if (Number.isNaN(points[at + 1]!)) continue;
    for (let part = 0; part < 3; part++) {
      const value = orderedOf(points[at + part]!);
      ordered[present * 3 + part] = value;
      used |= value;
    }
    if (ordered[present * 3] !== ordered[present * 3 + 2]) isFlat = false;
    present += 1;
  }
  if (present === 0) return undefined;
  const shift = used === 0 ? 0 : 31 - Math.clz32(used & -used);
  writer.begin();
  writer.putByte((present < count ? WITH_GAPS : 0) | (isFlat ? FLAT : 0) | (shift << 2));
  if (present < count) putBitmap(points);
  for (let index = 0; index < present * 3; index++) ordered[index]! >>= shift;
  writer.putVarint(zigzag(ordered[1]!));
  for (let index = 1; index < present; index++) {
    column[index - 1] = zigzag(ordered[index * 3 + 1]! - ordered[index * 3 - 2]!);
  }
  writer.putColumn(column.subarray(0, present - 1));
  if (!isFlat) {
    for (let part = 1; part < 3; part++) {
      for (let index = 0; index < present; index++) {
        column[index] = ordered[index * 3 + part]! - ordered[index * 3 + part - 1]!;
      }
      writer.putColumn(column.subarray(0, present));
    }
  }
  return writer.finish();
}

/** Decodes into `points`, whose length gives the number of points. Arbitrary bytes give some numbers or gaps. */
export function decodePoints(bytes: Uint8Array, points: Float32Array): void {
  const count = points.length / 3;
  reader.begin(bytes);
  const flags = reader.byte();
  const shift = flags >> 2;
  points.fill(0);
  if ((flags & WITH_GAPS) !== 0) readBitmap(points);
  let present = 0;
  for (let at = 1; at < points.length; at += 3) if (!Number.isNaN(points[at]!)) present += 1;
  if (present === 0 || count > MAX_POINTS) return;
  let mean = unzigzag(reader.varint());
  reader.column(column.subarray(0, present - 1));
  for (let index = 0; index < present; index++) {
    if (index > 0) mean += unzigzag(column[index - 1]!);
    ordered.fill(mean, index * 3, index * 3 + 3);
  }
  if ((flags & FLAT) === 0) {
    reader.column(column.subarray(0, present));
    for (let index = 0; index < present; index++) ordered[index * 3]! -= column[index]!;
    reader.column(column.subarray(0, present));
    for (let index = 0; index < present; index++) ordered[index * 3 + 2]! += column[index]!;
  }
  let next = 0;
  for (let at = 0; at < points.length; at++) {
    if (!Number.isNaN(points[at]!)) points[at] = floatOf(ordered[next++]! << shift);
  }
}

function putBitmap(points: Float32Array): void {
  for (let first = 1; first < points.length; first += 24) {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) {
      const mean = points[first + bit * 3];
      if (mean !== undefined && !Number.isNaN(mean)) byte |= 1 << bit;
    }
    writer.putByte(byte);
  }
}

/** Marks gaps with NaN. */
function readBitmap(points: Float32Array): void {
  for (let first = 0; first < points.length; first += 24) {
    const byte = reader.byte();
    for (let bit = 0; bit < 8; bit++) {
      if ((byte & (1 << bit)) === 0) points.fill(Number.NaN, first + bit * 3, first + bit * 3 + 3);
    }
  }
}

/** Rounds to 24 bits and maps to an integer of the same order: the magnitude's bits, negative for negative floats. */
function orderedOf(value: number): number {
  float[0] = value;
  const magnitude = Math.min(((bits[0]! & 0x7fffffff) + 0x80) >>> 8, LARGEST);
  return bits[0]! >>> 31 === 1 ? -magnitude : magnitude;
}

function floatOf(value: number): number {
  const magnitude = Math.min(Math.abs(value), LARGEST);
  bits[0] = ((value < 0 ? 0x80000000 : 0) | (magnitude << 8)) >>> 0;
  return float[0]!;
}

function zigzag(value: number): number {
  return (value << 1) ^ (value >> 31);
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
