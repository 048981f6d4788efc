import { copyLower, hashName, parentAt, RecordType, reverseName, sameName } from "../../wire/dns/mod.ts";
import { type DesignatedResolver, DISCOVERY_NAME, designations } from "./designated-resolvers.ts";
import { type Network, networkOf } from "./networks.ts";

/** A local record. */
export interface LocalRecord {
  /** Without compression. A first label `*` stands for every name below the rest that has no records of its own. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Without compression, as `parseRdata` returns it. */
  readonly data: Uint8Array;
}

/** The local names: plain data, which can be posted to workers. */
export interface LocalSettings {
  readonly records: readonly LocalRecord[];
  /** Names of this machine, its host name first, then those of services. They resolve to its address on the client's network. */
  readonly own: readonly Uint8Array[];
  /** The networks of this machine; a client on none of them gets the addresses of the first. */
  readonly networks: readonly Network[];
  /** Encrypted DNS of this machine, by preference. @default {none} */
  readonly resolvers?: readonly DesignatedResolver[];
  /** TTL of generated records. */
  readonly ttlSeconds: number;
}

/** Longest chain of aliases (CNAME) that is followed. */
const MAX_ALIASES = 8;
const NO_RECORDS: readonly LocalRecord[] = [];
const STAR = Uint8Array.of(1, 0x2a);

/** The records of one name. */
class LocalName {
  readonly byType = new Map<number, LocalRecord[]>();
  /** The name is this machine's. */
  isOwn = false;
  /** How the resolvers of this machine are reached, by network of the client. */
  designations: readonly (readonly LocalRecord[])[] | undefined;
  readonly name: Uint8Array;

  constructor(name: Uint8Array) {
    this.name = name;
  }

  add(record: LocalRecord): void {
    const same = this.byType.get(record.type);
    if (same === undefined) this.byType.set(record.type, [record]);
    else same.push(record);
  }
}

/**
 * Finds the local records of a name: the exact name first, then the nearest wildcard above it. A name with records of other
 * types only still exists (NODATA).
 */
export class LocalNames {
  /** The alias target that the last answer ends in, if that name is not local. */
  alias: Uint8Array | undefined;
  readonly #byHash = new Map<number, LocalName[]>();
  readonly #networks: readonly Network[];
  readonly #own: readonly (readonly [ipv4: LocalRecord[], ipv6: LocalRecord[]])[];
  /** The longest name, and `*` before it. */
  readonly #wildcard = new Uint8Array(257);
  /** Few houses have any: without them one lookup is enough. */
  #hasWildcards = false;

  constructor({ records, own, networks, resolvers = [], ttlSeconds }: LocalSettings) {
    this.#networks = networks;
    for (const record of records) this.#at(record.name).add(record);
    for (const name of own) this.#at(name).isOwn = true;
    // The owner's name is that of the question when an answer is written.
    const addresses = (type: number, all: readonly Uint8Array[]) =>
      all.map((data) => ({ name: own[0] ?? STAR, type, ttlSeconds, data }));
    this.#own = networks.map(({ ipv4, ipv6 }) => [addresses(RecordType.a, ipv4), addresses(RecordType.aaaa, ipv6)]);
    this.#addReverse(records, own[0], ttlSeconds);
    if (resolvers.length > 0) this.#addDesignations(resolvers, ttlSeconds);
  }

  /**
   * Returns the records of a name, in the order of an answer: aliases, then what they lead to.
   *
   * @param ip address of the client, sixteen bytes
   * @returns empty where the name exists without such a record; undefined where it does not exist here
   */
  find(bytes: Uint8Array, at: number, type: number, ip: Uint8Array): readonly LocalRecord[] | undefined {
    this.alias = undefined;
    const name = this.#lookup(bytes, at);
    if (name === undefined) return undefined;
    const records = this.#of(name, type, ip);
    if (records.length > 0 || type === RecordType.cname) return records;
    const alias = name.byType.get(RecordType.cname)?.[0];
    return alias === undefined ? NO_RECORDS : this.#follow(alias, type, ip);
  }

  #of(name: LocalName, type: number, ip: Uint8Array): readonly LocalRecord[] {
    const records = name.byType.get(type);
    if (records !== undefined) return records;
    if (type === RecordType.svcb && name.designations !== undefined)
      return name.designations[networkOf(this.#networks, ip)] ?? NO_RECORDS;
    if (!name.isOwn || (type !== RecordType.a && type !== RecordType.aaaa)) return NO_RECORDS;
    const own = this.#own[networkOf(this.#networks, ip)];
    return own?.[type === RecordType.a ? 0 : 1] ?? NO_RECORDS;
  }

  #follow(first: LocalRecord, type: number, ip: Uint8Array): LocalRecord[] {
    const records = [first];
    for (let alias = first; records.length <= MAX_ALIASES; ) {
      const target = this.#lookup(alias.data, 0);
      if (target === undefined) {
        this.alias = alias.data;
        return records;
      }
      const found = this.#of(target, type, ip);
      const next = target.byType.get(RecordType.cname)?.[0];
      if (found.length > 0 || next === undefined)
        return [...records, ...found.map((record) => ({ ...record, name: alias.data }))];
      records.push(next);
      alias = next;
    }
    return records;
  }

  #lookup(bytes: Uint8Array, at: number): LocalName | undefined {
    if (this.#byHash.size === 0) return undefined;
    const exact = this.#exact(bytes, at);
    if (exact !== undefined || !this.#hasWildcards) return exact;
    // `*` and its length stand before the name of each parent in turn.
    const wildcard = this.#wildcard;
    wildcard.set(STAR);
    for (let parent = parentAt(bytes, at); parent >= 0; parent = parentAt(bytes, parent)) {
      copyLower(bytes, parent, wildcard, STAR.length);
      const found = this.#exact(wildcard, 0);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #exact(bytes: Uint8Array, at: number): LocalName | undefined {
    // A map of integers with a sign is faster than one of numbers beyond 31 bits.
    const bucket = this.#byHash.get(hashName(bytes, at, 0) | 0);
    if (bucket === undefined) return undefined;
    for (let index = 0; index < bucket.length; index++)
      if (sameName(bytes, at, bucket[index]!.name, 0)) return bucket[index];
    return undefined;
  }

  #at(name: Uint8Array): LocalName {
    const found = this.#exact(name, 0);
    if (found !== undefined) return found;
    const added = new LocalName(name);
    if (name[0] === STAR[0] && name[1] === STAR[1]) this.#hasWildcards = true;
    const hash = hashName(name, 0, 0) | 0;
    const bucket = this.#byHash.get(hash);
    if (bucket === undefined) this.#byHash.set(hash, [added]);
    else bucket.push(added);
    return added;
  }

  #addDesignations(resolvers: readonly DesignatedResolver[], ttlSeconds: number): void {
    const name = this.#at(DISCOVERY_NAME);
    name.designations = this.#networks.map((network) =>
      designations(resolvers, network).map((data) => ({ name: name.name, type: RecordType.svcb, ttlSeconds, data })),
    );
  }

  /** Adds PTR records: each address resolves to the name that was declared first with it, unless a record says otherwise. */
  #addReverse(records: readonly LocalRecord[], box: Uint8Array | undefined, ttlSeconds: number): void {
    const addresses = this.#networks.flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6]);
    const own = box === undefined ? [] : addresses.map((address) => ({ address, to: box }));
    const declared = records
      .filter(({ type, name }) => (type === RecordType.a || type === RecordType.aaaa) && name[1] !== STAR[1])
      .map(({ data, name }) => ({ address: data, to: name }));
    for (const { address, to } of [...own, ...declared]) {
      const reverse = this.#at(reverseName(address));
      if (reverse.byType.has(RecordType.ptr)) continue;
      reverse.add({ name: reverse.name, type: RecordType.ptr, ttlSeconds, data: to });
    }
  }
}
