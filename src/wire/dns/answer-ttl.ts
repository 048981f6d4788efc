import { skipName } from "./compressed-name.ts";
import { Rcode } from "./header.ts";
import { readUint32 } from "./integers.ts";
import type { Message } from "./message.ts";
import { Section } from "./record-table.ts";
import { OPT, RecordType } from "./record-type.ts";

/** How long an answer may be kept, and where its TTLs are. All are about messages that were read. */

/** Serial, refresh, retry, expire, minimum. */
const SOA_NUMBERS_BYTES = 20;

/**
 * Lists where the TTLs of an answer are, from the message's start on: what a cache lowers by the age of an entry. OPT has none.
 *
 * @returns how many there are; those that `offsets` has no room for are left out
 */
export function ttlOffsets(message: Message, offsets: Uint16Array): number {
  const { records, starts } = message;
  let count = 0;
  for (let index = starts[Section.answer]!; index < records.count; index++) {
    if (records.type(index) !== OPT) offsets[count++] = records.ttlAt(index) - message.from;
  }
  return count;
}

/** Returns the least TTL of an answer's records, in seconds; -1 where it has none. */
export function minTtl(message: Message, bytes: Uint8Array): number {
  const { records, starts } = message;
  let least = -1;
  for (let index = starts[Section.answer]!; index < records.count; index++) {
    if (records.type(index) === OPT) continue;
    const ttl = message.ttl(bytes, index);
    if (least < 0 || ttl < least) least = ttl;
  }
  return least;
}

/**
 * Returns for how many seconds it is known that a name or a type does not exist (RFC 2308 §5): the lesser of its zone's SOA record's TTL
 * and MINIMUM. -1 where the answer has no SOA in its authority, and must not be kept for that reason.
 */
export function negativeTtl(message: Message, bytes: Uint8Array): number {
  const { records, starts } = message;
  for (let index = starts[Section.authority]!; index < starts[Section.additional]!; index++) {
    if (records.type(index) !== RecordType.soa) continue;
    const numbersAt = skipName(bytes, skipName(bytes, records.rdataFrom(index)));
    const minimum = readUint32(bytes, numbersAt + SOA_NUMBERS_BYTES - 4);
    return Math.min(message.ttl(bytes, index), minimum < 0x80000000 ? minimum : 0);
  }
  return -1;
}

/** Returns whether an answer says that there is nothing: NXDOMAIN, or NODATA, where no record is of the type that was asked for. */
export function isNegative(message: Message, type: number): boolean {
  if (message.rcode === Rcode.nxDomain) return true;
  if (message.rcode !== Rcode.noError) return false;
  const { records, starts } = message;
  for (let index = starts[Section.answer]!; index < starts[Section.authority]!; index++) {
    if (records.type(index) === type || type === RecordType.any) return false;
  }
  return true;
}
