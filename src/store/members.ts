/**
 * Format of a row: the encoded points of up to {@link ROW_SERIES} series in the order of their numbers, each behind its length.
 * Length 0 is an absent series; absent series at the end are omitted.
 *
 * ```text
 *  length  points of the first   length  points of the second   0   length …
 * ```
 */
import { ROW_SERIES } from "./levels.ts";

/** Packs series into a row. @param members by their place in the row, `undefined` for absent ones */
export function packMembers(members: readonly (Uint8Array | undefined)[]): Uint8Array {
  let most = 2 * members.length;
  for (const member of members) most += member?.length ?? 0;
  const row = new Uint8Array(most);
  let at = 0;
  for (const member of members) {
    const length = member?.length ?? 0;
    if (length < 128) row[at++] = length;
    else {
      row[at++] = (length & 127) | 128;
      row[at++] = length >> 7;
    }
    if (member !== undefined) row.set(member, at);
    at += length;
  }
  return row.subarray(0, at);
}

/** Returns all series of a row by their place, as views. Arbitrary bytes give some result and do not throw. */
export function membersOf(row: Uint8Array | undefined): (Uint8Array | undefined)[] {
  const members: (Uint8Array | undefined)[] = [];
  if (row === undefined) return members;
  for (let at = 0; at < row.length && members.length < ROW_SERIES; ) {
    const [start, end] = boundsAt(row, at);
    members.push(start < end ? row.subarray(start, end) : undefined);
    at = end;
  }
  return members;
}

/** Returns one series of a row; of the others only the lengths are read. */
export function memberOf(row: Uint8Array, place: number): Uint8Array | undefined {
  let [start, end] = boundsAt(row, 0);
  for (let passed = 0; passed < place; passed++) [start, end] = boundsAt(row, end);
  return start < end ? row.subarray(start, end) : undefined;
}

function boundsAt(row: Uint8Array, at: number): [start: number, end: number] {
  const first = row[at] ?? 0;
  const isLong = first > 127;
  const length = isLong ? (first & 127) | ((row[at + 1] ?? 0) << 7) : first;
  const start = Math.min(row.length, at + (isLong ? 2 : 1));
  return [start, Math.min(row.length, start + length)];
}
