import { checkName, type NameBudget } from "../compressed-name.ts";
import { isBitmapSound } from "./bitmap.ts";
import { Field, type Layout } from "./layout.ts";
import { isLocationSound, LOCATION_BYTES } from "./location.ts";
import { areParametersSound } from "./parameters.ts";

/** Bytes of fields that have a fixed length, by kind. */
export const FIXED_BYTES: Readonly<Partial<Record<Field, number>>> = {
  [Field.uint8]: 1,
  [Field.uint16]: 2,
  [Field.uint32]: 4,
  [Field.time]: 4,
  [Field.type]: 2,
  [Field.ipv4]: 4,
  [Field.ipv6]: 16,
  [Field.location]: LOCATION_BYTES,
  [Field.eui48]: 6,
  [Field.eui64]: 8,
  [Field.locator]: 8,
};

/**
 * Returns whether `bytes[at, to)` are data of that layout, to the last byte. Names may be compressed in all types: writers should not,
 * but some do, and mDNS does in SRV and NSEC (RFC 6762 §18.14).
 *
 * @param from where the message begins
 */
export function isRdataSound(
  layout: Layout,
  bytes: Uint8Array,
  from: number,
  at: number,
  to: number,
  budget: NameBudget,
): boolean {
  for (const field of layout.fields) {
    if (field === Field.name) at = checkName(bytes, from, to, at, budget);
    else at = fieldEnd(field, bytes, at, to);
    if (at < 0) return false;
  }
  return at === to;
}

/** @returns the offset after a field that is no name; -1 where it is not sound */
function fieldEnd(field: Field, bytes: Uint8Array, at: number, to: number): number {
  const fixed = FIXED_BYTES[field];
  if (fixed !== undefined) {
    if (fixed > to - at) return -1;
    return field === Field.location && !isLocationSound(bytes, at) ? -1 : at + fixed;
  }
  switch (field) {
    case Field.string:
    case Field.salt:
      return stringEnd(bytes, at, to);
    case Field.hash:
      return bytes[at] === 0 ? -1 : stringEnd(bytes, at, to);
    case Field.word:
      return isWord(bytes, at, to) ? stringEnd(bytes, at, to) : -1;
    case Field.strings:
      if (at === to) return -1;
      while (at >= 0 && at < to) at = stringEnd(bytes, at, to);
      return at;
    case Field.bitmap:
      return isBitmapSound(bytes, at, to) ? to : -1;
    case Field.hex:
    case Field.base64:
      return at < to ? to : -1;
    case Field.parameters:
      return areParametersSound(bytes, at, to) ? to : -1;
    default:
      return to;
  }
}

function stringEnd(bytes: Uint8Array, at: number, to: number): number {
  if (at >= to) return -1;
  const end = at + 1 + bytes[at]!;
  return end <= to ? end : -1;
}

/** RFC 8659 §4.1.1 */
function isWord(bytes: Uint8Array, at: number, to: number): boolean {
  if (at >= to || bytes[at] === 0) return false;
  const end = Math.min(to, at + 1 + bytes[at]!);
  while (++at < end) {
    const byte = bytes[at]!;
    const letter = byte | 0x20;
    if (!(byte >= 0x30 && byte <= 0x39) && !(letter >= 0x61 && letter <= 0x7a)) return false;
  }
  return true;
}
