import { malformed } from "./frame.ts";

/** Checks of what came in a frame, each with a bound. All throw the error of `malformed`. */

export type Fields = Readonly<Record<string, unknown>>;

export function object(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw malformed(`${what} is not an object`);
}

export function list(value: unknown, most: number, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length <= most) return value;
  throw malformed(`${what} is not a list of at most ${most}`);
}

export function text(value: unknown, most: number, what: string): string {
  if (typeof value === "string" && value.length <= most) return value;
  throw malformed(`${what} is not a text of at most ${most} characters`);
}

/** A number from 0 to 2^53, or to `most`. */
export function amount(value: unknown, what: string, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw malformed(`${what} is not a number from 0 to ${most}`);
}

export function count(value: unknown, what: string, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value)) return amount(value, what, most);
  throw malformed(`${what} is not a whole number`);
}

export function finite(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw malformed(`${what} is not a finite number`);
}

export function bytes(value: unknown, most: number, what: string): Uint8Array {
  if (value instanceof Uint8Array && value.length <= most) return value;
  throw malformed(`${what} is not bytes, at most ${most}`);
}

/** Counts by name. */
export function counts(value: unknown, most: number, what: string): Record<string, number> {
  const entries = Object.entries(object(value, what));
  if (entries.length > most) throw malformed(`${what} has more than ${most} names`);
  for (const [name, each] of entries) {
    if (name.length > MAX_NAME_CHARACTERS || name === "__proto__") throw malformed(`${what} has a name that none is`);
    amount(each, what);
  }
  return value as Record<string, number>;
}

/** A request's name may be a long path. */
const MAX_NAME_CHARACTERS = 4096;
