import { LOWER, nameLength, nameText, parseRdata, RecordType, typeName } from "../../wire/dns/mod.ts";

/** TTL of records that depend on a host's name or address, and of all others (RFC 6762 §10). */
export const HOST_TTL_SECONDS = 120;
export const OTHER_TTL_SECONDS = 4500;

/** A record that this machine publishes. */
export interface MdnsRecord {
  /** The same for records with the same name, type and data. */
  readonly key: string;
  readonly name: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Without compression. */
  readonly data: Uint8Array;
  /** Only this machine has records of this name (RFC 6762 §2). */
  readonly isUnique: boolean;
  /** Key of the name that must be claimed before the record is published: its own, or the one that it leads to. */
  readonly claim: string;
}

/** Returns a text that names share which differ only in case. */
export function nameKey(name: Uint8Array, at = 0): string {
  let key = "";
  for (const end = at + nameLength(name, at); at < end; at++) key += String.fromCharCode(LOWER[name[at]!]!);
  return key;
}

export function uniqueRecord(
  name: Uint8Array,
  type: number,
  ttlSeconds: number,
  data: Uint8Array,
  claim = nameKey(name),
): MdnsRecord {
  return { key: recordKey(name, type, data), name, type, ttlSeconds, data, isUnique: true, claim };
}

/** @param claim name of the service instance that it leads to */
export function sharedRecord(name: Uint8Array, type: number, data: Uint8Array, claim: Uint8Array): MdnsRecord {
  const key = recordKey(name, type, data);
  return { key, name, type, ttlSeconds: OTHER_TTL_SECONDS, data, isUnique: false, claim: nameKey(claim) };
}

/** Returns the record that says which types a name has, and so which it has not (RFC 6762 §6.1). */
export function nsecRecord({ name, ttlSeconds, claim }: MdnsRecord, types: readonly number[]): MdnsRecord {
  const data = parseRdata(RecordType.nsec, `${nameText(name)} ${types.map(typeName).join(" ")}`);
  return uniqueRecord(name, RecordType.nsec, ttlSeconds, data, claim);
}

function recordKey(name: Uint8Array, type: number, data: Uint8Array): string {
  return `${nameKey(name)}${type} ${String.fromCharCode(...data)}`;
}

/** Where a name is in the data of a type, which is compared in any case; -1 = nowhere. */
export function nameInData(type: number): number {
  if (type === RecordType.ptr || type === RecordType.cname) return 0;
  return type === RecordType.srv ? 6 : -1;
}

/** Returns whether `data[0, length)` are the data of a record. */
export function isSameData(record: MdnsRecord, type: number, data: Uint8Array, length: number): boolean {
  if (record.type !== type || record.data.length !== length) return false;
  const nameAt = nameInData(type);
  for (let at = 0; at < length; at++) {
    const isName = nameAt >= 0 && at >= nameAt;
    const [one, other] = [record.data[at]!, data[at]!];
    if (isName ? LOWER[one] !== LOWER[other] : one !== other) return false;
  }
  return true;
}
