import { Flag, MessageWriter, RecordClass, RecordType, Section } from "../../wire/dns/mod.ts";
import { CLASS_BIT } from "./incoming.ts";
import type { MdnsRecord } from "./records.ts";
import type { Owner } from "./zone.ts";

const RESPONSE = Flag.response | Flag.authoritative;
/** TTL that clients get who do not speak mDNS: they hear of no change (RFC 6762 §6.7). */
const LEGACY_TTL_SECONDS = 10;
const LEGACY_BYTES = 512;
const MAX_BYTES = 9000;

/** A question of a client that does not speak mDNS, to be repeated in the answer. */
export interface LegacyQuestion {
  readonly name: Uint8Array;
  readonly type: number;
  readonly recordClass: number;
}

export interface Legacy {
  readonly id: number;
  readonly questions: readonly LegacyQuestion[];
}

/** Sends a datagram; its bytes are borrowed. */
export type SendBytes = (bytes: Uint8Array) => void;

/** Writes messages, each into as many datagrams as it needs. */
export class Outgoing {
  readonly #writer = new MessageWriter();
  readonly #buffer = new Uint8Array(MAX_BYTES);

  /** Sends answers; of additional records those that fit behind them. */
  response(
    answers: readonly MdnsRecord[],
    additional: Iterable<MdnsRecord>,
    maxBytes: number,
    send: SendBytes,
    isGoodbye = false,
  ): void {
    const put = (section: number, record: MdnsRecord) =>
      this.#put(section, record, isGoodbye ? 0 : record.ttlSeconds, record.isUnique && !isGoodbye ? CLASS_BIT : 0);
    for (let next = 0; next < answers.length; ) {
      const first = next;
      this.#begin(0, RESPONSE, maxBytes);
      while (next < answers.length && put(Section.answer, answers[next]!)) next += 1;
      // Longer than a datagram: nobody gets it.
      if (next === first) next += 1;
      else {
        if (next === answers.length) for (const record of additional) if (!put(Section.additional, record)) break;
        this.#send(send);
      }
    }
  }

  /** Sends one answer as DNS does it by unicast (RFC 6762 §6.7). */
  legacy(
    answers: readonly MdnsRecord[],
    additional: Iterable<MdnsRecord>,
    { id, questions }: Legacy,
    send: SendBytes,
  ): void {
    const put = (section: number, record: MdnsRecord) =>
      this.#put(section, record, Math.min(record.ttlSeconds, LEGACY_TTL_SECONDS), 0);
    this.#begin(id, RESPONSE, LEGACY_BYTES);
    for (const { name, type, recordClass } of questions) if (!this.#writer.question(name, 0, type, recordClass)) return;
    // Such a client may know NSEC of DNSSEC only; that there is no other answer says enough.
    for (const record of answers) if (record.type !== RecordType.nsec) put(Section.answer, record);
    const isCut = (this.#writer.flags & Flag.truncated) !== 0;
    for (const record of additional) if (record.type !== RecordType.nsec) put(Section.additional, record);
    this.#send(send, isCut);
  }

  /** Asks whether others have names, with the records that this machine is going to publish (RFC 6762 §8.1). */
  probe(owners: readonly Owner[], maxBytes: number, send: SendBytes): void {
    for (let next = 0; next < owners.length; ) {
      const batch = this.#fitting(owners, next, maxBytes);
      next += batch.length;
      this.#begin(0, 0, maxBytes);
      for (const { name } of batch) this.#writer.question(name, 0, RecordType.any, RecordClass.in);
      for (const { records } of batch)
        for (const record of records) this.#put(Section.authority, record, record.ttlSeconds, 0);
      this.#send(send);
    }
  }

  /** Asks for one name and type. */
  question(name: Uint8Array, type: number, send: SendBytes): void {
    this.#begin(0, 0, LEGACY_BYTES);
    this.#writer.question(name, 0, type, RecordClass.in);
    this.#send(send);
  }

  /** Returns the next names whose questions and records fit into one datagram, one at least. */
  #fitting(owners: readonly Owner[], first: number, maxBytes: number): Owner[] {
    let bytes = 12;
    let end = first;
    for (; end < owners.length; end++) {
      const { name, records } = owners[end]!;
      // Without compression: more than is needed.
      bytes += name.length + 4 + records.reduce((sum, record) => sum + name.length + 10 + record.data.length, 0);
      if (bytes > maxBytes && end > first) break;
    }
    return owners.slice(first, end);
  }

  #begin(id: number, flags: number, maxBytes: number): void {
    this.#writer.begin(this.#buffer, 0, maxBytes);
    this.#writer.header(id, flags);
  }

  #put(section: number, record: MdnsRecord, ttl: number, classBit: number): boolean {
    const { name, type, data } = record;
    return this.#writer.record(section, name, 0, type, RecordClass.in | classBit, ttl, data, 0, data.length);
  }

  /** @param isTruncated in mDNS that bit has another meaning: what did not fit is in the next datagram */
  #send(send: SendBytes, isTruncated = false): void {
    const writer = this.#writer;
    if (!isTruncated) writer.flags &= ~Flag.truncated;
    send(this.#buffer.subarray(0, writer.finish()));
  }
}
