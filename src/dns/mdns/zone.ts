import { hashName, parseName, RecordType, reverseName, sameName } from "../../wire/dns/mod.ts";
import { parseIp } from "../../wire/mod.ts";
import { instanceName, type NameBook, SERVICE_TYPES } from "./names.ts";
import {
  HOST_TTL_SECONDS,
  isSameData,
  type MdnsRecord,
  nameKey,
  nsecRecord,
  OTHER_TTL_SECONDS,
  sharedRecord,
  uniqueRecord,
} from "./records.ts";

/** A service that DNS-SD lists. */
export interface MdnsService {
  /** As people read it. */
  readonly instance: string;
  /** `_http._tcp` */
  readonly type: string;
  /** One of the hosts. */
  readonly host: string;
  readonly port: number;
  /** Such as `path=/`. */
  readonly text: readonly string[];
}

/** A name below `local`. */
export interface MdnsHost {
  readonly name: string;
  /** Of another machine. @default {those of this machine on the network of who asks} */
  readonly address?: string | undefined;
}

/** What is published on every interface. */
export interface Published {
  /** This machine's own name first. */
  readonly hosts: readonly MdnsHost[];
  readonly services: readonly MdnsService[];
}

/** The records of one name. */
export class Owner {
  readonly key: string;
  readonly name: Uint8Array;
  readonly records: MdnsRecord[] = [];
  readonly isUnique: boolean;
  /** Whether the name itself is claimed, by asking others for it: not so the names of addresses. */
  readonly isClaimed: boolean;
  #nsec: MdnsRecord | undefined;

  constructor(first: MdnsRecord) {
    this.name = first.name;
    this.key = nameKey(first.name);
    this.isUnique = first.isUnique;
    this.isClaimed = first.claim === this.key;
  }

  /** Says that it has no other types than those of its records. */
  get nsec(): MdnsRecord {
    const types = this.records.map(({ type }) => type);
    this.#nsec ??= nsecRecord(this.records[0]!, types);
    return this.#nsec;
  }

  ofType(type: number): readonly MdnsRecord[] {
    return type === RecordType.any ? this.records : this.records.filter((record) => record.type === type);
  }

  /** Returns the record with these data. */
  match(type: number, data: Uint8Array, length: number): MdnsRecord | undefined {
    return this.records.find((record) => isSameData(record, type, data, length));
  }
}

/** The records published on one interface. */
export class Zone {
  readonly records = new Map<string, MdnsRecord>();
  readonly owners = new Map<string, Owner>();
  /** Records by the name that must be claimed before they are published. */
  readonly byClaim = new Map<string, MdnsRecord[]>();
  readonly #byHash = new Map<number, Owner[]>();
  /** Names that others choose must not collide. */
  readonly #seed = Math.floor(Math.random() * 2 ** 32);

  add(record: MdnsRecord): void {
    if (this.records.has(record.key)) return;
    this.records.set(record.key, record);
    append(this.byClaim, record.claim, record);
    const key = nameKey(record.name);
    let owner = this.owners.get(key);
    if (owner === undefined) {
      owner = new Owner(record);
      this.owners.set(key, owner);
      append(this.#byHash, hashName(record.name, 0, this.#seed), owner);
    }
    owner.records.push(record);
  }

  find(bytes: Uint8Array, at: number): Owner | undefined {
    return this.#byHash.get(hashName(bytes, at, this.#seed))?.find(({ name }) => sameName(bytes, at, name, 0));
  }

  /** Returns what who asked for a record will ask for next (RFC 6763 §12, RFC 6762 §6.2). */
  additional({ type, data, claim }: MdnsRecord): readonly MdnsRecord[] {
    if (type === RecordType.ptr) {
      const target = this.owners.get(nameKey(data));
      return target?.isUnique ? target.records.flatMap((record) => [record, ...this.additional(record)]) : [];
    }
    if (type === RecordType.srv) return this.#addresses(nameKey(data, 6), 0);
    if (type === RecordType.a || type === RecordType.aaaa) return this.#addresses(claim, type);
    return [];
  }

  /** Returns the addresses of a host but those of one type; and that there are none of a family. */
  #addresses(key: string, except: number): MdnsRecord[] {
    const owner = this.owners.get(key);
    if (owner === undefined) return [];
    const found = [RecordType.a, RecordType.aaaa].map((type) => owner.ofType(type));
    const isWhole = found.every(({ length }) => length > 0);
    return [...found.flat().filter(({ type }) => type !== except), ...(isWhole ? [] : [owner.nsec])];
  }
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

/**
 * Returns the records of an interface.
 *
 * @param addresses of the interface, 4 and 16 bytes each
 */
export function zoneOf(published: Published, names: NameBook, addresses: readonly Uint8Array[]): Zone {
  const zone = new Zone();
  const [box] = published.hosts;
  for (const host of published.hosts) {
    const declared = parseName(host.name);
    if (declared === undefined) continue;
    const name = names.inUse(declared);
    const fixed = host.address === undefined ? undefined : parseIp(host.address);
    for (const address of fixed === undefined ? addresses : [fixed]) {
      const type = address.length === 4 ? RecordType.a : RecordType.aaaa;
      zone.add(uniqueRecord(name, type, HOST_TTL_SECONDS, address));
      if (host === box)
        zone.add(uniqueRecord(reverseName(address), RecordType.ptr, HOST_TTL_SECONDS, name, nameKey(name)));
    }
  }
  for (const service of published.services) addService(zone, service, names);
  return zone;
}

function addService(zone: Zone, service: MdnsService, names: NameBook): void {
  const type = parseName(`${service.type}.local`);
  const host = parseName(service.host);
  if (type === undefined || host === undefined) return;
  const instance = names.inUse(instanceName(service.instance, type));
  const port = [service.port >> 8, service.port & 255];
  const srv = Uint8Array.of(0, 0, 0, 0, ...port, ...names.inUse(host));
  zone.add(uniqueRecord(instance, RecordType.srv, HOST_TTL_SECONDS, srv));
  zone.add(uniqueRecord(instance, RecordType.txt, OTHER_TTL_SECONDS, textData(service.text)));
  zone.add(sharedRecord(type, RecordType.ptr, instance, instance));
  zone.add(sharedRecord(SERVICE_TYPES, RecordType.ptr, type, instance));
}

/** One string for each `key=value`; a single empty one where there are none (RFC 6763 §6.1). */
function textData(texts: readonly string[]): Uint8Array {
  const strings = (texts.length === 0 ? [""] : texts).map((text) => new TextEncoder().encode(text).subarray(0, 255));
  return Uint8Array.from(strings.flatMap((bytes) => [bytes.length, ...bytes]));
}
