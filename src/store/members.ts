/**
 * What one row holds: the encoded points of up to {@link ROW_SERIES} series, each behind its length, in the order of their
 * numbers. Length 0 is a series that is not there; those at the end are left off.
 *
 * ```text
 *  length  points of the first   length  points of the second   0   length …
 * ```
 */
import { ROW_SERIES } from "./levels.ts";

/** @param members at their places, `undefined` where there is none */
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

/** All of a row, at their places. They share its memory. Bytes that were never packed give some members. */
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

/** One of a row, without looking at more than lengths. */
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
