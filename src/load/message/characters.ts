/** Sets of characters as sorted, disjoint, inclusive ranges of code points. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** What `.` and negated sets choose from: printable ASCII, so that no random byte ends a line or a text by chance. */
export const PRINTABLE: Ranges = [[0x20, 0x7e]];
export const DIGITS: Ranges = [[0x30, 0x39]];
export const WORD: Ranges = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
/** `\s` sends only these two: a line end is asked for by name. */
export const SPACE: Ranges = [
  [0x09, 0x09],
  [0x20, 0x20],
];

/** Halves of surrogate pairs, which have no UTF-8. */
const SURROGATES: Ranges = [[0xd800, 0xdfff]];

/** All characters of both, sorted, without surrogates. */
export function normalize(ranges: Ranges): Ranges {
  const merged: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return subtract(merged, SURROGATES);
}

/**
 * The characters of `ranges` that are not in `without`.
 *
 * @example
 * subtract([[0x61, 0x7a]], [[0x62, 0x79]]); // [[0x61, 0x61], [0x7a, 0x7a]]
 */
export function subtract(ranges: Ranges, without: Ranges): Ranges {
  let rest = [...ranges];
  for (const [from, to] of without) {
    rest = rest.flatMap(([low, high]): [number, number][] => {
      const below: [number, number] = [low, Math.min(high, from - 1)];
      const above: [number, number] = [Math.max(low, to + 1), high];
      return [below, above].filter(([start, end]) => start <= end);
    });
  }
  return rest;
}

/** How many characters there are. */
export function sizeOf(ranges: Ranges): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** The character number `index`, counted from 0; `index` is less than `sizeOf(ranges)`. */
export function characterAt(ranges: Ranges, index: number): number {
  let rest = index;
  for (const [from, to] of ranges) {
    if (rest <= to - from) return from + rest;
    rest -= to - from + 1;
  }
  return ranges.at(-1)![1];
}

/** How many bytes a code point takes in UTF-8. */
export function utf8Length(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}

/** Writes a code point as UTF-8 (RFC 3629 §3) and returns the offset behind it. */
export function writeUtf8(into: Uint8Array, offset: number, point: number): number {
  if (point < 0x80) {
    into[offset] = point;
    return offset + 1;
  }
  const length = utf8Length(point);
  let rest = point;
  for (let index = length - 1; index > 0; index--) {
    into[offset + index] = 0x80 | (rest & 0x3f);
    rest >>= 6;
  }
  into[offset] = ((0xf00 >> length) & 0xff) | rest;
  return offset + length;
}
