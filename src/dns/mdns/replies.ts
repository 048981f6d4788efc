import type { MdnsCounts } from "./counts.ts";
import type { Legacy } from "./outgoing.ts";
import type { MdnsRecord } from "./records.ts";
import { DEFEND_MS, type Peer, REPEAT_MS, type Transport } from "./transport.ts";

/** Answers that others may send too wait for a random time (RFC 6762 §6). */
const MIN_DELAY_MS = 20;
const MAX_DELAY_MS = 120;
/** A query goes on in further datagrams: time for each of them (§7.2). */
const MIN_HELD_MS = 400;
const MAX_HELD_MS = 500;
const MAX_HELD_DATAGRAMS = 16;
/** Queries that wait for further datagrams, and unicast answers that wait. */
const MAX_HELD = 16;
const MAX_WAITING = 64;

/** The records that one query asks for. */
export class Asked {
  readonly transport: Transport;
  readonly peer: Peer;
  readonly isProbe: boolean;
  /** The client does not speak mDNS: it sent from another port than mDNS's. */
  readonly legacy: Legacy | undefined;
  readonly multicast = new Set<MdnsRecord>();
  readonly unicast = new Set<MdnsRecord>();

  constructor(transport: Transport, peer: Peer, isProbe: boolean, legacy: Legacy | undefined) {
    this.transport = transport;
    this.peer = peer;
    this.isProbe = isProbe;
    this.legacy = legacy;
  }

  add(record: MdnsRecord, isUnicast: boolean): void {
    (isUnicast || this.legacy !== undefined ? this.unicast : this.multicast).add(record);
  }

  /** The client knows the record. */
  remove(record: MdnsRecord): void {
    this.multicast.delete(record);
    this.unicast.delete(record);
  }
}

/** An answer to one client. */
export interface Reply {
  readonly dueMs: number;
  readonly peer: Peer;
  readonly transport: Transport;
  readonly records: readonly MdnsRecord[];
  readonly legacy: Legacy | undefined;
}

interface Held {
  readonly asked: Asked;
  dueMs: number;
  datagrams: number;
}

export interface ReplyParts {
  readonly counts: MdnsCounts;
  readonly random: () => number;
}

/** Decides when answers are sent, and whether to all or to one client. */
export class Replies {
  readonly #parts: ReplyParts;
  readonly #isOnLink: (address: string) => boolean;
  #held: Held[] = [];
  #waiting: Reply[] = [];

  /** @param isOnLink whether an address is on the interface's network: others get no unicast answers (RFC 6762 §11) */
  constructor(parts: ReplyParts, isOnLink: (address: string) => boolean) {
    this.#parts = parts;
    this.#isOnLink = isOnLink;
  }

  get dueMs(): number {
    return Math.min(...this.#held.map(({ dueMs }) => dueMs), ...this.#waiting.map(({ dueMs }) => dueMs));
  }

  /** @param isTruncated more records that the client knows are in further datagrams */
  add(asked: Asked, isTruncated: boolean, nowMs: number): void {
    if (asked.multicast.size + asked.unicast.size === 0) return;
    if (!isTruncated || asked.legacy !== undefined) this.#answer(asked, nowMs);
    else if (this.#held.length >= MAX_HELD) this.#parts.counts.dropped += 1;
    else this.#held.push({ asked, dueMs: nowMs + this.#heldMs(), datagrams: 1 });
  }

  /** The client of a query that waits sent a further datagram. */
  more(peer: Peer, known: readonly MdnsRecord[], isTruncated: boolean, nowMs: number): void {
    for (const held of this.#held) {
      const { asked } = held;
      if (asked.peer.address !== peer.address || asked.peer.port !== peer.port) continue;
      for (const record of known) asked.remove(record);
      held.datagrams += 1;
      if (isTruncated && held.datagrams < MAX_HELD_DATAGRAMS) held.dueMs = nowMs + this.#heldMs();
    }
  }

  /** Has queries answered that have waited for further datagrams, and returns the unicast answers that are due. */
  takeDue(nowMs: number): Reply[] {
    const ended = this.#held.filter(({ dueMs }) => dueMs <= nowMs);
    this.#held = this.#held.filter(({ dueMs }) => dueMs > nowMs);
    for (const { asked } of ended) this.#schedule(asked, nowMs, 0);
    const due = this.#waiting.filter(({ dueMs }) => dueMs <= nowMs);
    this.#waiting = this.#waiting.filter(({ dueMs }) => dueMs > nowMs);
    return due;
  }

  /** What is published has changed: clients ask again. */
  forget(): void {
    this.#held = [];
    this.#waiting = [];
  }

  #answer(asked: Asked, nowMs: number): void {
    const { multicast, unicast, isProbe, legacy } = asked;
    const isShared = [...multicast, ...unicast].some(({ isUnique }) => !isUnique);
    const waits = isShared && !isProbe && legacy === undefined;
    this.#schedule(asked, nowMs, waits ? this.#between(MIN_DELAY_MS, MAX_DELAY_MS) : 0);
  }

  #schedule({ multicast, unicast, transport, peer, isProbe, legacy }: Asked, nowMs: number, delayMs: number): void {
    const dueMs = nowMs + delayMs;
    for (const record of multicast) transport.schedule(record, dueMs, isProbe ? DEFEND_MS : REPEAT_MS);
    const alone: MdnsRecord[] = [];
    for (const record of unicast) {
      // What was not multicast for a quarter of its time is sent to all, so that their caches stay fresh (RFC 6762 §5.4).
      const isFresh = transport.wasSentWithin(record, record.ttlSeconds * 250, nowMs);
      if (legacy !== undefined || isFresh) alone.push(record);
      else transport.schedule(record, dueMs, isProbe ? DEFEND_MS : REPEAT_MS);
    }
    if (alone.length === 0) return;
    const { counts } = this.#parts;
    if (!this.#isOnLink(peer.address)) counts.foreign += 1;
    else if (this.#waiting.length >= MAX_WAITING) counts.dropped += 1;
    else this.#waiting.push({ dueMs, peer, transport, records: alone, legacy });
  }

  #heldMs(): number {
    return this.#between(MIN_HELD_MS, MAX_HELD_MS);
  }

  #between(minMs: number, maxMs: number): number {
    return minMs + this.#parts.random() * (maxMs - minMs);
  }
}
