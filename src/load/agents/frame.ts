import { TenkError } from "../../base/mod.ts";

/** Deeper values are refused: no message of ours is. */
const MAX_DEPTH = 32;
/** Parts of bytes in one frame. */
const MAX_PARTS = 100_000;
const LENGTH_BYTES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Encodes plain data as a frame's payload: JSON, and behind it the bytes that it refers to. Numbers that JSON does not have, maps and
 * bytes become objects with one key that begins with `$`.
 *
 * ```text
 *   length of the JSON │ JSON │ length │ bytes │ length │ bytes …
 * ```
 *
 * @example
 * decodeFrame(encodeFrame({ rate: Infinity })); // { rate: Infinity }
 */
export function encodeFrame(value: unknown): Uint8Array {
  const parts: Uint8Array[] = [];
  const json = encoder.encode(JSON.stringify(toJson(value, parts)));
  const bytes = [json, ...parts].reduce((sum, part) => sum + LENGTH_BYTES + part.length, 0);
  const frame = new Uint8Array(bytes);
  const view = new DataView(frame.buffer);
  let at = 0;
  for (const part of [json, ...parts]) {
    view.setUint32(at, part.length);
    frame.set(part, at + LENGTH_BYTES);
    at += LENGTH_BYTES + part.length;
  }
  return frame;
}

function toJson(value: unknown, parts: Uint8Array[]): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return { $n: String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return { $b: parts.push(value) - 1 };
  if (value instanceof Map) return { $m: [...value].map((entry) => toJson(entry, parts)) };
  if (Array.isArray(value)) return value.map((each) => toJson(each, parts));
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const encoded = entries.map(([key, each]) => [key, toJson(each, parts)] as const);
  // Keys of users, such as names of counters, may look like ours.
  if (encoded.some(([key]) => key.startsWith("$") || key === "__proto__")) return { $o: encoded };
  return Object.fromEntries(encoded);
}

/**
 * Decodes what `encodeFrame` made. Bytes are copied: the frame may be borrowed.
 *
 * @throws {TenkError} `request-failed` for anything else
 */
export function decodeFrame(frame: Uint8Array): unknown {
  const [json, ...parts] = partsOf(frame);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(json));
  } catch {
    throw malformed("its JSON cannot be read");
  }
  return fromJson(value, parts, 0);
}

function partsOf(frame: Uint8Array): Uint8Array[] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at < frame.length) {
    if (at + LENGTH_BYTES > frame.length) throw malformed("it ends within a length");
    const length = view.getUint32(at);
    at += LENGTH_BYTES;
    if (length > frame.length - at) throw malformed("it is shorter than its lengths");
    if (parts.length > MAX_PARTS) throw malformed("it has too many parts");
    parts.push(parts.length === 0 ? frame.subarray(at, at + length) : new Uint8Array(frame.subarray(at, at + length)));
    at += length;
  }
  return parts;
}

function fromJson(value: unknown, parts: readonly Uint8Array[], depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw malformed("it is nested too deeply");
  const inner = (each: unknown) => fromJson(each, parts, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  const entries = Object.entries(value);
  const [[key, held] = ["", undefined]] = entries;
  if (entries.length !== 1 || !key.startsWith("$")) return objectOf(entries.map(([name, each]) => [name, inner(each)]));
  if (key === "$n" && (held === "Infinity" || held === "-Infinity" || held === "NaN")) return Number(held);
  if (key === "$b" && typeof held === "number" && parts[held] !== undefined) return parts[held];
  if (key === "$m") return new Map(pairsOf(held, inner));
  if (key === "$o") return objectOf(pairsOf(held, inner));
  throw malformed(`"${key.slice(0, 10)}" is not one of its marks`);
}

function pairsOf(held: unknown, inner: (each: unknown) => unknown): [string, unknown][] {
  if (!Array.isArray(held)) throw malformed("a map is not a list");
  return held.map((entry) => {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== "string")
      throw malformed("an entry is no pair");
    return [entry[0], inner(entry[1])];
  });
}

function objectOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** An error for a frame that no tenk sends. */
export function malformed(why: string): TenkError {
  return new TenkError("request-failed", `malformed frame: ${why}`);
}
