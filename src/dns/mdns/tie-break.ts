import { Section } from "../../wire/dns/mod.ts";
import { CLASS_MASK, type Incoming } from "./incoming.ts";
import type { Owner } from "./zone.ts";

/** A record as RFC 6762 §8.2 compares it: class, type, data. */
type Compared = readonly number[];

/** Whether a record with `incoming.dataBytes[0, length)` is this machine's. */
type IsOurs = (type: number, length: number) => boolean;

/**
 * Compares our records of a name with those in another machine's probe (RFC 6762 §8.2).
 *
 * @returns greater than 0 where ours win, less where theirs do, 0 where they are the same
 */
export function compareProbe(owner: Owner, incoming: Incoming, isOurs: IsOurs): number {
  const theirs = proposedBy(owner, incoming, isOurs);
  // Sent by this machine, on this interface or on another one of the same network.
  if (theirs === undefined) return 0;
  const ours = owner.records.map(({ type, data }) => [0, 1, type >> 8, type & 255, ...data]).sort(compare);
  for (let index = 0; ; index++) {
    const [our, their] = [ours[index], theirs[index]];
    if (our === undefined || their === undefined) return ours.length - theirs.length;
    const order = compare(our, their);
    if (order !== 0) return order;
  }
}

/** More of one name are not compared: that many make nobody's name. */
const MAX_PROPOSED = 64;

/** @returns undefined where all are this machine's */
function proposedBy({ name }: Owner, incoming: Incoming, isOurs: IsOurs): Compared[] | undefined {
  const { message } = incoming;
  const { records, starts } = message;
  const proposed: Compared[] = [];
  let isAllOurs = true;
  for (let index = starts[Section.authority]!; index < starts[Section.authority + 1]!; index++) {
    if (proposed.length === MAX_PROPOSED) break;
    if (!incoming.isNamed(index, name)) continue;
    const [type, recordClass] = [records.type(index), records.class(index) & CLASS_MASK];
    const length = incoming.data(index);
    isAllOurs &&= isOurs(type, length);
    const data = incoming.dataBytes.subarray(0, length);
    proposed.push([recordClass >> 8, recordClass & 255, type >> 8, type & 255, ...data]);
  }
  return isAllOurs ? undefined : proposed.sort(compare);
}

function compare(one: Compared, other: Compared): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const difference = one[index]! - other[index]!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
