import { typeName } from "../record-type.ts";

/** Lists of types (RFC 4034 §4.1.2): windows of 256 types, each with as many bytes of bits as it needs. */
const MAX_WINDOW_BYTES = 32;

export function isBitmapSound(bytes: Uint8Array, at: number, to: number): boolean {
  for (let last = -1; at < to; ) {
    if (to - at < 2) return false;
    const window = bytes[at]!;
    const length = bytes[at + 1]!;
    if (window <= last || length === 0 || length > MAX_WINDOW_BYTES || length > to - at - 2) return false;
    last = window;
    at += 2 + length;
  }
  return true;
}

/** Returns the types of a sound bitmap, in order. */
export function bitmapTypes(bytes: Uint8Array, at: number, to: number): number[] {
  const types = [];
  while (at < to) {
    const length = bytes[at + 1]!;
    for (let bit = 0; bit < 8 * length; bit++) {
      if ((bytes[at + 2 + (bit >> 3)]! & (0x80 >> (bit & 7))) !== 0) types.push(256 * bytes[at]! + bit);
    }
    at += 2 + length;
  }
  return types;
}

export function bitmapText(bytes: Uint8Array, at: number, to: number): string {
  return bitmapTypes(bytes, at, to).map(typeName).join(" ");
}

/** Returns the bitmap of types in any order. */
export function bitmapOf(types: readonly number[]): number[] {
  const bytes: number[] = [];
  const sorted = [...new Set(types)].sort((a, b) => a - b);
  for (const window of new Set(sorted.map((type) => type >> 8))) {
    const bits = sorted.filter((type) => type >> 8 === window).map((type) => type & 255);
    const block = new Array<number>((bits.at(-1)! >> 3) + 1).fill(0);
    for (const bit of bits) block[bit >> 3]! |= 0x80 >> (bit & 7);
    bytes.push(window, block.length, ...block);
  }
  return bytes;
}
