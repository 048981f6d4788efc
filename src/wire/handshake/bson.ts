import { latin1, readCString, viewOf } from "./text.ts";

/** Sizes of BSON's values that have a fixed one, by type. */
const SIZES: Readonly<Record<number, number>> = { 1: 8, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16 };
const [DOUBLE, STRING, DOCUMENT, ARRAY, BINARY, BOOLEAN, INT32, INT64] = [1, 2, 3, 4, 5, 8, 16, 18];
const MAX_FIELDS = 200;

/** Reads strings, numbers and booleans of a BSON document's top level; what follows a broken or unknown field is left out. */
export function readBson(bytes: Uint8Array): Map<string, string | number | boolean> {
  const fields = new Map<string, string | number | boolean>();
  const view = viewOf(bytes);
  let at = 4;
  while (at < bytes.length && bytes[at] !== 0 && fields.size < MAX_FIELDS) {
    const type = bytes[at]!;
    const name = readCString(bytes, at + 1);
    if (name === undefined) break;
    const size = sizeOf(type, view, name.end);
    if (size === undefined || name.end + size > bytes.length) break;
    const value = bsonValue(type, bytes, view, name.end, size);
    if (value !== undefined) fields.set(name.text, value);
    at = name.end + size;
  }
  return fields;
}

function sizeOf(type: number, view: DataView, at: number): number | undefined {
  const fixed = SIZES[type];
  if (fixed !== undefined || at + 4 > view.byteLength) return fixed;
  const length = view.getInt32(at, true);
  if (type === STRING && length >= 1) return 4 + length;
  if (type === BINARY && length >= 0) return 5 + length;
  return (type === DOCUMENT || type === ARRAY) && length >= 5 ? length : undefined;
}

function bsonValue(type: number, bytes: Uint8Array, view: DataView, at: number, size: number) {
  if (type === DOUBLE) return view.getFloat64(at, true);
  if (type === STRING) return latin1(bytes, at + 4, at + size - 1);
  if (type === BOOLEAN) return bytes[at] === 1;
  if (type === INT32) return view.getInt32(at, true);
  return type === INT64 ? Number(view.getBigInt64(at, true)) : undefined;
}
