import { ascii } from "./characters.ts";

/** Ids of the methods of RFC 9110 §9 and RFC 5789. Methods are case-sensitive. */
export const Method = {
  other: 0,
  get: 1,
  head: 2,
  post: 3,
  put: 4,
  delete: 5,
  connect: 6,
  options: 7,
  trace: 8,
  patch: 9,
} as const;

export type Method = (typeof Method)[keyof typeof Method];

const names: Uint8Array[] = Object.keys(Method).map((name) => ascii(name.toUpperCase()));
/** No two methods have the same first two letters. */
const idOfPrefix = new Uint8Array(1 << 10);
for (const [id, name] of names.entries()) if (id !== Method.other) idOfPrefix[prefixOf(name, 0)] = id;

function prefixOf(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & 31) << 5) | (bytes[at + 1]! & 31);
}

/** Returns the id of a method. */
export function methodOf(bytes: Uint8Array, from: number, to: number): Method {
  if (to - from < 3) return Method.other;
  const id = idOfPrefix[prefixOf(bytes, from)]!;
  const name = names[id]!;
  if (id === Method.other || name.length !== to - from) return Method.other;
  for (let index = 0; index < name.length; index++) if (bytes[from + index] !== name[index]) return Method.other;
  return id as Method;
}

/** Returns whether a request can be sent again without harm when its connection fails (RFC 9110 §9.2.2). */
export function isIdempotent(method: number): boolean {
  return method !== Method.other && method !== Method.post && method !== Method.patch && method !== Method.connect;
}
