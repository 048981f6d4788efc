import { type Log, occasionally } from "../../base/mod.ts";
import { nameText, parseName, RecordType } from "../../wire/dns/mod.ts";
import { type MdnsCounts, newCounts } from "./counts.ts";
import { Incoming } from "./incoming.ts";
import { Link, type LinkHost } from "./link.ts";
import { instanceName, LOCAL, NameBook } from "./names.ts";
import { nameKey } from "./records.ts";
import { ReverseNames } from "./reverse-names.ts";
import type { Peer, Sender } from "./transport.ts";
import { type Owner, type Published, zoneOf } from "./zone.ts";

/** After so many conflicts in so short a time, new names are asked for slowly (RFC 6762 §8.1). */
const MAX_CONFLICTS = 15;
const CONFLICTS_MS = 10_000;
const CONFLICT_DELAY_MS = 5000;
/** Random, and longer with each number: two machines that give way to each other at the same moment must not go on in step. */
const STEP_DELAY_MS = 1000;
/** Until none has happened for this time. */
const SLOW_MS = 60_000;

export interface ResponderOptions {
  readonly log: Log;
  /** Counted on, so that no count decreases when mDNS is switched off and on. @default {from zero} */
  readonly counts?: MdnsCounts;
  /** @default {Math.random} */
  readonly random?: () => number;
  /** What an interface may receive: bytes a second, and at once. @default {256 KiB, 1 MiB} */
  readonly maxBytesPerSecond?: number;
  readonly maxBurstBytes?: number;
}

/** Each name is logged with its first other ones; those of a name that is always taken are only counted. */
const MAX_LOGGED_NUMBER = 3;
const TAKEN = "mdns name is taken by another machine";

type Taken = Readonly<Record<"name" | "using" | "by" | "interface", string>>;

/** An interface that is published on. */
export interface LinkOptions {
  readonly name: string;
  readonly senders: readonly Sender[];
  /** Addresses of the interface that others get, 4 and 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
  /** Whether an address is on its network. */
  readonly isOnLink: (address: string) => boolean;
}

/** A bucket that fills by `perSecond`. */
interface Budget {
  left: number;
  atMs: number;
}

interface LinkEntry {
  readonly link: Link;
  readonly budget: Budget;
  addresses: readonly Uint8Array[];
}

/** A name as declared, and the one in use: another, where another machine has the first. */
export interface NameInUse {
  readonly declared: string;
  readonly inUse: string;
}

const NOTHING: Published = { hosts: [], services: [] };

/**
 * Multicast DNS (RFC 6762) and service discovery (RFC 6763) on all interfaces. Time and randomness are arguments; sockets are the
 * caller's.
 */
export class Responder {
  readonly counts: MdnsCounts;
  readonly #log: Log;
  readonly #host: LinkHost;
  readonly #maxBytesPerSecond: number;
  readonly #maxBurstBytes: number;
  readonly #incoming = new Incoming();
  readonly #names = new NameBook();
  readonly #others = new ReverseNames((address, name, type) => this.#ask(address, name, type));
  readonly #links = new Map<string, LinkEntry>();
  readonly #logOften: (taken: Taken) => void;
  /** Addresses of this machine on any interface, as text of their bytes. */
  #ownAddresses: ReadonlySet<string> = new Set();
  #published: Published = NOTHING;
  #declared: readonly Uint8Array[] = [];
  #conflictsMs: number[] = [];
  #slowUntilMs = 0;
  #nowMs = 0;

  constructor(options: ResponderOptions) {
    const { log, random = Math.random, maxBytesPerSecond = 2 ** 18, maxBurstBytes = 2 ** 20 } = options;
    this.counts = options.counts ?? newCounts();
    this.#log = log;
    this.#maxBytesPerSecond = maxBytesPerSecond;
    this.#maxBurstBytes = maxBurstBytes;
    this.#logOften = occasionally((count, taken) => this.#log.warn(TAKEN, { ...taken, count }));
    this.#host = {
      counts: this.counts,
      random,
      isOurs: (owner, type, data, length) => this.#isOurs(owner, type, data, length),
      heardName: (owner, data, ttl, nowMs) => this.#others.heard(owner, data, ttl, nowMs),
      taken: (owner, by, link) => this.#taken(owner, by, link),
    };
  }

  /** Milliseconds at which `tick` has something to do; infinite where nothing waits. */
  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { link } of this.#links.values()) dueMs = Math.min(dueMs, link.dueMs);
    return dueMs;
  }

  /** Publishes other names and services; what is published no longer ends with a goodbye. */
  publish(published: Published, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#published = published;
    this.#declared = [
      ...published.hosts.flatMap(({ name }) => parseName(name) ?? []),
      ...published.services.flatMap(({ instance, type }) => {
        const parsed = parseName(`${type}.${nameText(LOCAL)}`);
        return parsed === undefined ? [] : [instanceName(instance, parsed)];
      }),
    ];
    this.#names.keep(new Set(this.#declared.map((name) => nameKey(name))));
    this.#replaceZones(0);
  }

  /** @param addresses of this machine on all interfaces, 4 and 16 bytes each */
  setOwnAddresses(addresses: readonly Uint8Array[]): void {
    this.#ownAddresses = new Set(addresses.map(String));
  }

  addLink({ name, senders, addresses, isOnLink }: LinkOptions, nowMs: number): void {
    const link = new Link(name, senders, this.#host, isOnLink);
    const budget = { left: this.#maxBurstBytes, atMs: nowMs };
    this.#links.set(name, { link, budget, addresses });
    link.replaceZone(zoneOf(this.#published, this.#names, addresses), nowMs);
  }

  /** The interface has other addresses. */
  changeLink(name: string, addresses: readonly Uint8Array[], nowMs: number): void {
    const entry = this.#links.get(name);
    if (entry === undefined) return;
    entry.addresses = addresses;
    entry.link.replaceZone(zoneOf(this.#published, this.#names, addresses), nowMs);
  }

  /** The interface is gone. */
  removeLink(name: string): void {
    this.#links.delete(name);
  }

  /** @param from index of the link's sender whose socket received it */
  receive(name: string, from: number, bytes: Uint8Array, peer: Peer, nowMs: number): void {
    const entry = this.#links.get(name);
    if (entry === undefined) return;
    this.#nowMs = nowMs;
    if (!this.#mayRead(entry.budget, bytes.length, nowMs)) {
      this.counts.limited += 1;
      return;
    }
    if (!this.#incoming.read(bytes)) {
      this.counts.malformed += 1;
      return;
    }
    entry.link.receive(this.#incoming, from, peer, nowMs);
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const { link } of this.#links.values()) if (link.dueMs <= nowMs) link.tick(nowMs);
  }

  /** Says goodbye on all interfaces. */
  stop(): void {
    for (const { link } of this.#links.values()) link.goodbye();
    this.#links.clear();
  }

  /** The names and service instances, as declared and in use. */
  names(): NameInUse[] {
    return this.#declared.map((name) => ({ declared: nameText(name), inUse: nameText(this.#names.inUse(name)) }));
  }

  /** Returns the name that another machine has given its address; undefined while it is not known, which the first call asks for. */
  nameOf(address: string, nowMs: number): string | undefined {
    return this.#others.nameOf(address, nowMs);
  }

  /** Names on an interface that are established, and that are still asked for. */
  claimed(name: string): { established: number; probing: number } {
    const claims = this.#links.get(name)?.link.claims;
    const probing = claims?.count("probing") ?? 0;
    return { probing, established: (claims?.count("announcing") ?? 0) + (claims?.count("established") ?? 0) };
  }

  #ask(address: string, name: Uint8Array, type: number): boolean {
    return [...this.#links.values()].filter(({ link }) => link.ask(address, name, type)).length > 0;
  }

  /** Each datagram costs its length, and as much as a short one has beside. */
  #mayRead(budget: Budget, length: number, nowMs: number): boolean {
    const perMs = this.#maxBytesPerSecond / 1000;
    budget.left = Math.min(this.#maxBurstBytes, budget.left + Math.max(0, nowMs - budget.atMs) * perMs);
    budget.atMs = nowMs;
    const cost = length + DATAGRAM_BYTES;
    if (budget.left < cost) return false;
    budget.left -= cost;
    return true;
  }

  #isOurs(owner: Owner, type: number, data: Uint8Array, length: number): boolean {
    if (type === RecordType.a || type === RecordType.aaaa)
      if (this.#ownAddresses.has(String(data.subarray(0, length)))) return true;
    for (const { link } of this.#links.values())
      if (link.zone.owners.get(owner.key)?.match(type, data, length) !== undefined) return true;
    return false;
  }

  #taken(owner: Owner, by: Peer, link: Link): void {
    const declared = this.#declared.find((name) => nameKey(this.#names.inUse(name)) === owner.key);
    this.counts.conflicts += 1;
    if (declared === undefined) return;
    const others = new Set(this.#declared.map((name) => nameKey(this.#names.inUse(name))));
    const number = this.#names.next(declared, (key) => others.has(key));
    const [name, using] = [owner.name, this.#names.inUse(declared)].map((text) => nameText(text));
    const taken = { name: name!, using: using!, by: by.address, interface: link.name };
    if (number <= MAX_LOGGED_NUMBER) this.#log.warn(TAKEN, taken);
    else this.#logOften(taken);
    const stepMs = this.#host.random() * STEP_DELAY_MS * (number - 1);
    this.#replaceZones(Math.max(this.#conflictDelayMs(), Math.min(stepMs, CONFLICT_DELAY_MS)));
  }

  /** Returns how long to wait before the next name is asked for. */
  #conflictDelayMs(): number {
    const recent = this.#conflictsMs.filter((ms) => ms > this.#nowMs - CONFLICTS_MS);
    this.#conflictsMs = [...recent.slice(1 - MAX_CONFLICTS), this.#nowMs];
    const isSlow = this.#nowMs < this.#slowUntilMs || this.#conflictsMs.length >= MAX_CONFLICTS;
    if (isSlow) this.#slowUntilMs = this.#nowMs + SLOW_MS;
    return isSlow ? CONFLICT_DELAY_MS : 0;
  }

  #replaceZones(delayMs: number): void {
    for (const { link, addresses } of this.#links.values())
      link.replaceZone(zoneOf(this.#published, this.#names, addresses), this.#nowMs, delayMs);
  }
}

/** What a datagram costs beside its bytes. */
const DATAGRAM_BYTES = 64;
