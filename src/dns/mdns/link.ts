import { RecordClass, RecordType, Section } from "../../wire/dns/mod.ts";
import { Claims } from "./claims.ts";
import type { MdnsCounts } from "./counts.ts";
import { CLASS_BIT, CLASS_MASK, type Incoming } from "./incoming.ts";
import { type Legacy, Outgoing, type SendBytes } from "./outgoing.ts";
import type { MdnsRecord } from "./records.ts";
import { Asked, Replies } from "./replies.ts";
import { compareProbe } from "./tie-break.ts";
import { type Peer, type Sender, Transport } from "./transport.ts";
import { type Owner, Zone } from "./zone.ts";

export const MDNS_PORT = 5353;
/** Of one query: that many names have what a machine publishes, and more are only work. */
const MAX_QUESTIONS = 256;
/** A client that does not speak mDNS asks one. */
const MAX_LEGACY_QUESTIONS = 4;

/** What a link asks of the whole: there may be several of this machine on one network. */
export interface LinkHost {
  readonly counts: MdnsCounts;
  readonly random: () => number;
  /** Whether a record is this machine's, on any of its interfaces. */
  isOurs(owner: Owner, type: number, data: Uint8Array, length: number): boolean;
  /** Another machine says which name an address has. */
  heardName(owner: Uint8Array, data: Uint8Array, ttlSeconds: number, nowMs: number): void;
  /** Another machine has a name that is claimed here. */
  taken(owner: Owner, by: Peer, link: Link): void;
}

/**
 * mDNS on one interface: claims names, answers questions.
 *
 * ```text
 *   datagram ─► query:    answers ─► Replies ─► Transport (multicast) or one client
 *           └─► response: the same record as ours? another machine's with our name?
 *   tick     ─► probes, announcements, what is due
 * ```
 */
export class Link {
  readonly name: string;
  zone = new Zone();
  readonly claims: Claims;
  readonly #host: LinkHost;
  /** By the index of their sender. */
  readonly #all: readonly Transport[];
  readonly #replies: Replies;
  readonly #isOnLink: (address: string) => boolean;
  readonly #outgoing = new Outgoing();

  /** @param senders one for IPv4, one for IPv6, or one of them */
  constructor(name: string, senders: readonly Sender[], host: LinkHost, isOnLink: (address: string) => boolean) {
    this.name = name;
    this.#host = host;
    this.#all = senders.map((sender) => new Transport(sender));
    this.claims = new Claims(host.random);
    this.#isOnLink = isOnLink;
    this.#replies = new Replies(host, isOnLink);
  }

  get #transports(): readonly Transport[] {
    return this.#all.filter(({ sender }) => sender.isOpen);
  }

  /** Milliseconds at which `tick` has something to do. */
  get dueMs(): number {
    return Math.min(this.claims.dueMs, this.#replies.dueMs, ...this.#transports.map(({ dueMs }) => dueMs));
  }

  /** Publishes other records. @param delayMs before new names are asked for */
  replaceZone(zone: Zone, nowMs: number, delayMs = 0): void {
    const before = this.zone;
    const gone = this.#published(before).filter(({ key }) => !zone.records.has(key));
    this.zone = zone;
    this.claims.replace(before, zone, nowMs, delayMs);
    this.#replies.forget();
    for (const transport of this.#all) transport.keep(zone.records);
    this.#goodbye(gone);
  }

  /** Says that everything published ends (RFC 6762 §10.1). */
  goodbye(): void {
    this.#goodbye(this.#published(this.zone));
  }

  /** Asks the network of an address for a record. @returns whether this is its network */
  ask(address: string, name: Uint8Array, type: number): boolean {
    if (!this.#isOnLink(address)) return false;
    for (const transport of this.#transports) this.#outgoing.question(name, type, this.#sendTo(transport));
    return true;
  }

  /** @param from index of the sender whose socket received it */
  receive(incoming: Incoming, from: number, peer: Peer, nowMs: number): void {
    const transport = this.#all[from]!;
    const { counts } = this.#host;
    if (!incoming.message.isResponse) {
      counts.queries += 1;
      this.#query(incoming, transport, peer, nowMs);
    } else if (peer.port === MDNS_PORT) {
      counts.responses += 1;
      this.#response(incoming, transport, peer, nowMs);
      // A response from another port is not of mDNS (RFC 6762 §6, §11).
    } else counts.foreign += 1;
  }

  tick(nowMs: number): void {
    const probes = this.claims.takeProbes(nowMs);
    for (const key of this.claims.takeAnnouncements(nowMs))
      for (const record of this.zone.byClaim.get(key) ?? [])
        for (const transport of this.#transports) transport.schedule(record, nowMs);
    // First, because it may have more records multicast.
    const replies = this.#replies.takeDue(nowMs);
    for (const transport of this.#transports) {
      if (probes.length > 0) this.#outgoing.probe(probes, transport.sender.maxBytes, this.#sendTo(transport));
      this.#multicast(transport, nowMs);
    }
    for (const { peer, transport, records, legacy } of replies) {
      const send = this.#sendTo(transport, peer);
      const additional = this.#additional(records);
      if (legacy !== undefined) this.#outgoing.legacy(records, additional, legacy, send);
      else this.#outgoing.response(records, additional, transport.sender.maxBytes, send);
    }
  }

  #multicast(transport: Transport, nowMs: number): void {
    const due = transport.takeDue(nowMs);
    if (due.length === 0) return;
    const additional = this.#additional(due).filter((record) => transport.mayAdd(record, nowMs));
    this.#outgoing.response(due, additional, transport.sender.maxBytes, this.#sendTo(transport));
  }

  #query(incoming: Incoming, transport: Transport, peer: Peer, nowMs: number): void {
    const { message } = incoming;
    const questions = Math.min(message.count(Section.question), MAX_QUESTIONS);
    if (questions === 0) {
      this.#replies.more(peer, this.#known(incoming), message.isTruncated, nowMs);
      return;
    }
    const isProbe = message.count(Section.authority) > 0;
    const legacy = peer.port === MDNS_PORT ? undefined : legacyOf(incoming, questions);
    const asked = new Asked(transport, peer, isProbe, legacy);
    for (let index = 0; index < questions; index++) {
      const recordClass = message.records.class(index);
      if (!isInternet(recordClass)) continue;
      const owner = this.zone.find(incoming.name(index), 0);
      if (owner === undefined) continue;
      if (isProbe) this.#compareProbe(owner, incoming, nowMs);
      const isUnicast = (recordClass & CLASS_BIT) !== 0;
      for (const record of this.#answers(owner, message.records.type(index))) asked.add(record, isUnicast);
    }
    for (const record of this.#known(incoming)) asked.remove(record);
    this.#replies.add(asked, message.isTruncated, nowMs);
  }

  #answers(owner: Owner, type: number): readonly MdnsRecord[] {
    const records = owner.ofType(type).filter(({ claim }) => this.claims.isReady(claim));
    if (records.length > 0 || !owner.isUnique || !this.claims.isReady(owner.nsec.claim)) return records;
    return [owner.nsec];
  }

  /** Another machine probes for a name for which this one probes too: the records decide who goes first. */
  #compareProbe(owner: Owner, incoming: Incoming, nowMs: number): void {
    const claim = this.claims.get(owner.key);
    if (claim?.state !== "probing" || claim.sent === 0) return;
    const isOurs = (type: number, length: number) => this.#host.isOurs(owner, type, incoming.dataBytes, length);
    if (compareProbe(owner, incoming, isOurs) < 0) this.claims.yieldTo(claim, nowMs);
  }

  /** Returns our records that the client has, with half of their time left at least (RFC 6762 §7.1). */
  #known(incoming: Incoming): MdnsRecord[] {
    const { message, bytes } = incoming;
    const known: MdnsRecord[] = [];
    for (let index = message.starts[Section.answer]!; index < message.starts[Section.authority]!; index++) {
      const record = this.#recordAt(incoming, index);
      if (record !== undefined && message.ttl(bytes, index) * 2 >= record.ttlSeconds) known.push(record);
    }
    return known;
  }

  #recordAt(incoming: Incoming, index: number): MdnsRecord | undefined {
    const { records } = incoming.message;
    if (!isInternet(records.class(index))) return undefined;
    const owner = this.zone.find(incoming.name(index), 0);
    return owner?.match(records.type(index), incoming.dataBytes, incoming.data(index));
  }

  #response(incoming: Incoming, transport: Transport, peer: Peer, nowMs: number): void {
    const { message, bytes } = incoming;
    for (let index = message.starts[Section.answer]!; index < message.records.count; index++) {
      if (!isInternet(message.records.class(index))) continue;
      const type = message.records.type(index);
      // A conflict may have replaced the zone.
      const owner = this.zone.find(incoming.name(index), 0);
      if (owner === undefined && type !== RecordType.ptr) continue;
      const length = incoming.data(index);
      const ttl = message.ttl(bytes, index);
      if (owner === undefined) {
        this.#host.heardName(incoming.nameBytes, incoming.dataBytes, ttl, nowMs);
        continue;
      }
      const record = owner.match(type, incoming.dataBytes, length);
      if (record !== undefined) this.#sawOurs(record, ttl, transport, nowMs);
      else if (ttl > 0) this.#sawOther(owner, incoming, type, length, peer, nowMs);
    }
  }

  /** The record of ours that another machine sent need not be sent; unless others will soon forget it by what that one said. */
  #sawOurs(record: MdnsRecord, ttl: number, transport: Transport, nowMs: number): void {
    if (!this.claims.isReady(record.claim)) return;
    if (ttl * 2 < record.ttlSeconds) transport.schedule(record, nowMs);
    else if (!record.isUnique) transport.cancel(record);
  }

  /** Another machine has a record of a name that should be ours alone. */
  #sawOther(owner: Owner, incoming: Incoming, type: number, length: number, peer: Peer, nowMs: number): void {
    const claim = this.claims.get(owner.key);
    if (claim === undefined || type === RecordType.nsec) return;
    if (this.#host.isOurs(owner, type, incoming.dataBytes, length)) return;
    if (claim.state === "probing") {
      if (claim.sent > 0) this.#host.taken(owner, peer, this);
      // Whoever answers the probes has it (RFC 6762 §9).
    } else if (owner.ofType(type).length > 0) {
      this.#host.counts.conflicts += 1;
      this.claims.probeAgain(claim, nowMs);
    }
  }

  #published(zone: Zone): MdnsRecord[] {
    return [...zone.records.values()].filter(({ claim }) => this.claims.isReady(claim));
  }

  #goodbye(records: readonly MdnsRecord[]): void {
    for (const transport of this.#transports)
      this.#outgoing.response(records, [], transport.sender.maxBytes, this.#sendTo(transport), true);
  }

  #additional(records: readonly MdnsRecord[]): MdnsRecord[] {
    const additional = new Set(records.flatMap((record) => this.zone.additional(record)));
    for (const record of records) additional.delete(record);
    return [...additional].filter(({ claim }) => this.claims.isReady(claim));
  }

  #sendTo({ sender }: Transport, peer?: Peer): SendBytes {
    const { counts } = this.#host;
    return (bytes) => {
      counts[peer === undefined ? "multicasts" : "unicasts"] += 1;
      if (!sender.send(bytes, peer)) counts.sendFailed += 1;
    };
  }
}

function isInternet(recordClass: number): boolean {
  const plain = recordClass & CLASS_MASK;
  return plain === RecordClass.in || plain === RecordClass.any;
}

function legacyOf(incoming: Incoming, questions: number): Legacy {
  const { records, id } = incoming.message;
  const count = Math.min(questions, MAX_LEGACY_QUESTIONS);
  return {
    id,
    questions: Array.from({ length: count }, (_, index) => ({
      name: incoming.name(index).slice(),
      type: records.type(index),
      recordClass: records.class(index) & CLASS_MASK,
    })),
  };
}
