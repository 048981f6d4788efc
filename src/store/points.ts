/**
 * A block of points as few bytes. A point is (min, mean, max); a gap is NaN in all three.
 *
 * ```text
 *  flags  [bitmap of the points that are there]  varints: mean − previous mean … mean − min … max − mean …
 *  │ 1: there is a bitmap   2: min = mean = max everywhere, so only means follow   4…: shift, times 4
 * ```
 *
 * Floats keep 24 of their 32 bits (five digits; whole numbers to 65 536 exactly), read as integers that grow with the
 * float: then neighbours are near each other, min never lies above mean, and low bits that are zero in all are shifted
 * out. Zeros at the end are left off, so that a constant costs six bytes. Deflate on top saves a tenth and costs 80 µs a
 * row to read.
 */
const WITH_GAPS = 1;
const FLAT = 2;
const LARGEST = 0x7f7fff;

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);
/** Flags, a bitmap, and four bytes a number for the longest block; nothing is reentrant here. */
const scratch = new Uint8Array(1 + 16 + 3 * 128 * 4);
const ordered = new Int32Array(3 * 128);

/**
 * @param points min, mean, max of the first point, then of the next …; at most 128 points
 * @returns undefined where all are gaps
 */
export function encodePoints(points: Float32Array): Uint8Array | undefined {
  const count = points.length / 3;
  let length = 1;
  let present = 0;
  let isFlat = true;
  let used = 0;
  const bitmapBytes = (count + 7) >> 3;
  scratch.fill(0, 1, 1 + bitmapBytes);
  for (let point = 0; point < count; point++) {
    if (Number.isNaN(points[point * 3 + 1]!)) continue;
    scratch[1 + (point >> 3)]! |= 1 << (point & 7);
    for (let part = 0; part < 3; part++) {
      const value = orderedOf(points[point * 3 + part]!);
      ordered[present * 3 + part] = value;
      used |= value;
    }
    if (ordered[present * 3] !== ordered[present * 3 + 2]) isFlat = false;
    present += 1;
  }
  if (present === 0) return undefined;
  const shift = used === 0 ? 0 : 31 - Math.clz32(used & -used);
  scratch[0] = (present < count ? WITH_GAPS : 0) | (isFlat ? FLAT : 0) | (shift << 2);
  if (present < count) length += bitmapBytes;
  const start = length;
  let previous = 0;
  for (let index = 0; index < present; index++) {
    const mean = ordered[index * 3 + 1]! >> shift;
    length = putVarint(length, zigzag(mean - previous));
    previous = mean;
  }
  if (!isFlat) {
    for (let index = 0; index < present; index++) length = putVarint(length, below(index) >> shift);
    for (let index = 0; index < present; index++) length = putVarint(length, above(index) >> shift);
  }
  while (length > start && scratch[length - 1] === 0) length -= 1;
  return scratch.slice(0, length);
}

/** Decodes into `points`, which gives the number of points. Bytes that were never encoded give some numbers or gaps. */
export function decodePoints(bytes: Uint8Array, points: Float32Array): void {
  const count = points.length / 3;
  const flags = bytes[0] ?? WITH_GAPS;
  const shift = flags >> 2;
  const hasGaps = (flags & WITH_GAPS) !== 0;
  let at = hasGaps ? 1 + ((count + 7) >> 3) : 1;
  function next(): number {
    let value = 0;
    for (let moved = 0; moved < 28; moved += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 127) << moved;
      if (byte < 128) break;
    }
    return value;
  }
  const isThere = (point: number) => !hasGaps || ((bytes[1 + (point >> 3)] ?? 0) & (1 << (point & 7))) !== 0;
  let mean = 0;
  for (let point = 0; point < count; point++) {
    if (!isThere(point)) {
      points.fill(Number.NaN, point * 3, point * 3 + 3);
      continue;
    }
    mean += unzigzag(next());
    ordered[point] = mean;
    points.fill(floatOf(mean << shift), point * 3, point * 3 + 3);
  }
  if ((flags & FLAT) !== 0) return;
  for (const [part, sign] of [
    [0, -1],
    [2, 1],
  ] as const) {
    for (let point = 0; point < count; point++) {
      if (isThere(point)) points[point * 3 + part] = floatOf((ordered[point]! + sign * next()) << shift);
    }
  }
}

function below(index: number): number {
  return ordered[index * 3 + 1]! - ordered[index * 3]!;
}

function above(index: number): number {
  return ordered[index * 3 + 2]! - ordered[index * 3 + 1]!;
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

function putVarint(at: number, value: number): number {
  let rest = value;
  let end = at;
  while (rest > 127) {
    scratch[end++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  scratch[end++] = rest;
  return end;
}
