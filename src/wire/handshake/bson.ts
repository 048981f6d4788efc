import { joined } from "./dialogue.ts";
import { latin1, readCString, utf8, viewOf } from "./text.ts";

/** Sizes of BSON's values that have a fixed one, by type. */
const SIZES: Readonly<Record<number, number>> = { 1: 8, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16 };
const [DOUBLE, STRING, DOCUMENT, ARRAY, BINARY, BOOLEAN, INT32, INT64] = [1, 2, 3, 4, 5, 8, 16, 18];
const MAX_FIELDS = 200;

/** Reads strings, bytes (as text of one character each), numbers and booleans of a BSON document's top level; what follows a broken or unknown field is left out. */
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
  if (type === BINARY) return latin1(bytes, at + 5, at + size);
  if (type === BOOLEAN) return bytes[at] === 1;
  if (type === INT32) return view.getInt32(at, true);
  return type === INT64 ? Number(view.getBigInt64(at, true)) : undefined;
}

export type BsonFields = Readonly<Record<string, number | string | boolean | Uint8Array | object>>;

/** Writes a document of 32-bit integers, strings, booleans, bytes and documents. */
export function writeBson(fields: BsonFields): Uint8Array {
  const parts = Object.entries(fields).map(([name, value]) => {
    const [type, bytes] = valueBytes(value);
    return joined(Uint8Array.of(type), utf8(`${name}\0`), bytes);
  });
  const body = joined(...parts, Uint8Array.of(0));
  return joined(int32(body.length + 4), body);
}

function valueBytes(value: BsonFields[string]): [type: number, bytes: Uint8Array] {
  if (typeof value === "number") return [INT32, int32(value)];
  if (typeof value === "boolean") return [BOOLEAN, Uint8Array.of(value ? 1 : 0)];
  if (value instanceof Uint8Array) return [BINARY, joined(int32(value.length), Uint8Array.of(0), value)];
  if (typeof value === "object") return [DOCUMENT, writeBson(value as BsonFields)];
  const text = utf8(`${value}\0`);
  return [STRING, joined(int32(text.length), text)];
}

export function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setInt32(0, value, true);
  return bytes;
}
