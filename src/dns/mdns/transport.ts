import type { MdnsRecord } from "./records.ts";

/** A record is multicast at most so often (RFC 6762 §6), and to defend it against a probe. */
export const REPEAT_MS = 1000;
export const DEFEND_MS = 250;

/** Who sent a datagram. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Sends datagrams of one interface by IPv4 or by IPv6. */
export interface Sender {
  /** That are not cut into pieces. */
  readonly maxBytes: number;
  /** The interface has an address of this protocol now. */
  readonly isOpen: boolean;
  /** @param to one client; without one the group @returns whether the kernel took it */
  send(bytes: Uint8Array, to?: Peer): boolean;
}

/** What waits to be multicast on an interface by one of the protocols, and when each record was last. */
export class Transport {
  readonly sender: Sender;
  readonly #due = new Map<MdnsRecord, number>();
  readonly #sentMs = new Map<string, number>();

  constructor(sender: Sender) {
    this.sender = sender;
  }

  /** Milliseconds at which the next record is due. */
  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const ms of this.#due.values()) if (ms < dueMs) dueMs = ms;
    return dueMs;
  }

  /** Has a record multicast at `dueMs`, or as soon after as it may be. */
  schedule(record: MdnsRecord, dueMs: number, repeatMs = REPEAT_MS): void {
    const allowedMs = (this.#sentMs.get(record.key) ?? Number.NEGATIVE_INFINITY) + repeatMs;
    const ms = Math.max(dueMs, allowedMs);
    const waiting = this.#due.get(record);
    if (waiting === undefined || waiting > ms) this.#due.set(record, ms);
  }

  /** Another machine has sent the same record: nobody needs ours. */
  cancel(record: MdnsRecord): void {
    this.#due.delete(record);
  }

  /** Returns the records that are due, which count as sent. */
  takeDue(nowMs: number): MdnsRecord[] {
    const due = [...this.#due].filter(([, ms]) => ms <= nowMs).map(([record]) => record);
    for (const record of due) {
      this.#due.delete(record);
      this.#sentMs.set(record.key, nowMs);
    }
    return due;
  }

  /** Marks a record as sent, unless it was a moment ago. @returns whether it may be sent */
  mayAdd(record: MdnsRecord, nowMs: number): boolean {
    if (this.wasSentWithin(record, REPEAT_MS, nowMs)) return false;
    this.#due.delete(record);
    this.#sentMs.set(record.key, nowMs);
    return true;
  }

  wasSentWithin(record: MdnsRecord, ms: number, nowMs: number): boolean {
    return (this.#sentMs.get(record.key) ?? Number.NEGATIVE_INFINITY) + ms > nowMs;
  }

  /** Replaces the records by those that are published now, and forgets all others. */
  keep(records: ReadonlyMap<string, MdnsRecord>): void {
    const waiting = [...this.#due];
    this.#due.clear();
    for (const [record, ms] of waiting) {
      const current = records.get(record.key);
      if (current !== undefined) this.#due.set(current, ms);
    }
    for (const key of this.#sentMs.keys()) if (!records.has(key)) this.#sentMs.delete(key);
  }
}
