import { LOWER, MAX_LABEL_BYTES, MAX_NAME_BYTES } from "./name.ts";

/**
 * Names inside a message, where a pointer may stand for the rest of a name (RFC 1035 §4.1.4).
 *
 * A pointer leads to a place before the run of labels that it ends, and behind the header. So each hop goes back, nothing is a circle,
 * and a name costs at most its own 255 bytes and as many hops as a name has labels, however it is built.
 */
const POINTER = 0xc0;
export const HEADER_BYTES = 12;
/** Hops of one name. One that is built sensibly has a label before each. */
const MAX_HOPS = 127;

/** The steps that names may still take: bounds the work for a message whose thousand names all take the longest way. */
export interface NameBudget {
  steps: number;
}

/** For a message that was checked, where each name is known to end. */
const UNLIMITED: NameBudget = { steps: Number.POSITIVE_INFINITY };

/**
 * Checks the name at `at` of the message `bytes[from, to)`.
 *
 * @returns the offset after it, as the message has it; -1 where it is invalid, or the budget is spent
 */
export function checkName(bytes: Uint8Array, from: number, to: number, at: number, budget: NameBudget): number {
  return walk(bytes, from, to, at, budget, undefined, 0);
}

/** Returns the offset after a valid name, as the message has it. */
export function skipName(bytes: Uint8Array, at: number): number {
  for (;;) {
    const length = bytes[at]!;
    if (length === 0) return at + 1;
    if (length >= POINTER) return at + 2;
    at += length + 1;
  }
}

/**
 * Copies the name at `at` of the message `bytes[from, to)` without compression, in the case that it has. The budget is for messages that
 * were not checked.
 *
 * @returns the offset after the copy; -1 where the name is invalid. `out` has room for 255 bytes
 */
export function expandName(
  bytes: Uint8Array,
  from: number,
  to: number,
  at: number,
  out: Uint8Array,
  outAt: number,
): number {
  return walk(bytes, from, to, at, UNLIMITED, out, outAt);
}

/** @returns the offset after the name; after the copy if one is made */
function walk(
  bytes: Uint8Array,
  from: number,
  to: number,
  at: number,
  budget: NameBudget,
  out: Uint8Array | undefined,
  outAt: number,
): number {
  const outStart = outAt;
  let runStart = at;
  let length = 0;
  let end = -1;
  let hops = 0;
  for (;;) {
    if (at >= to || --budget.steps < 0) return -1;
    const byte = bytes[at]!;
    if (byte >= POINTER) {
      if (at + 1 >= to || ++hops > MAX_HOPS) return -1;
      const target = from + (((byte & 0x3f) << 8) | bytes[at + 1]!);
      if (target >= runStart || target < from + HEADER_BYTES) return -1;
      if (end < 0) end = at + 2;
      at = runStart = target;
      continue;
    }
    if (byte > MAX_LABEL_BYTES) return -1;
    length += byte + 1;
    if (length > MAX_NAME_BYTES) return -1;
    if (out !== undefined) {
      for (let index = 0; index <= byte; index++) out[outStart + length - byte - 1 + index] = bytes[at + index]!;
    }
    at += byte + 1;
    if (byte === 0) break;
  }
  if (out !== undefined) return outStart + length;
  return end < 0 ? at : end;
}

/**
 * Returns whether two valid names are the same in any case of letters, each in its own message.
 *
 * @param from where the first name's message begins
 * @param otherFrom where the other name's message begins
 */
export function sameNames(
  bytes: Uint8Array,
  from: number,
  at: number,
  others: Uint8Array,
  otherFrom: number,
  otherAt: number,
): boolean {
  for (;;) {
    while (bytes[at]! >= POINTER) at = from + (((bytes[at]! & 0x3f) << 8) | bytes[at + 1]!);
    while (others[otherAt]! >= POINTER) otherAt = otherFrom + (((others[otherAt]! & 0x3f) << 8) | others[otherAt + 1]!);
    const length = bytes[at]!;
    if (length !== others[otherAt]) return false;
    if (length === 0) return true;
    for (const end = at + length; at < end; ) {
      if (LOWER[bytes[++at]!] !== LOWER[others[++otherAt]!]) return false;
    }
    at += 1;
    otherAt += 1;
  }
}
