import { Flag, OPCODE_MASK, RCODE_MASK, Rcode, readUint16 } from "../../wire/dns/mod.ts";
import type { LoadConnection, TransportEvents } from "../loop/mod.ts";
import type { DnsCounts } from "./counts.ts";
import { Outstanding } from "./outstanding.ts";
import type { CurrentQuery, QuerySource } from "./query-source.ts";

const HEADER_BYTES = 12;

/** What the connections of one event loop share. */
export interface DnsShared {
  readonly events: TransportEvents;
  readonly counts: DnsCounts;
  readonly source: QuerySource;
  /** 1 for each response code that is right. */
  readonly isRight: Uint8Array;
  /** Queries of one connection that may await answers. */
  readonly mostOutstanding: number;
}

/** A query that its server has not answered before it closed the connection. */
export interface SentQuery extends Readonly<CurrentQuery> {
  /** How often it was sent again. */
  readonly resends: number;
}

/** How often a query is sent again at most; if its connection is closed once more, it is an error. */
const MAX_RESENDS = 3;

/** Asks again for an answer that was truncated; `finish` or `fail` of the tracker follows. */
export type Retry = (tracker: QueryTracker, id: number) => void;

/**
 * Knows which queries of a connection await answers, finds which of them a message answers, and judges it.
 *
 * ```text
 *   read ─┬─ not a response ─► malformed        └─ awaited ─┬─ another question ─► mismatched, and the query waits on
 *         └─ not awaited ─► duplicate, late, unknown        ├─ truncated ─► retry, where that is wanted
 *                                                           └─ answered
 * ```
 */
export class QueryTracker {
  readonly #connection: LoadConnection;
  readonly #shared: DnsShared;
  readonly #retry: Retry | undefined;
  readonly #outstanding: Outstanding;

  constructor(connection: LoadConnection, shared: DnsShared, firstId: number, retry?: Retry) {
    this.#connection = connection;
    this.#shared = shared;
    this.#retry = retry;
    this.#outstanding = new Outstanding(shared.mostOutstanding, firstId);
  }

  get count(): number {
    return this.#outstanding.count;
  }

  /** Returns the ID of the query that the source has written last. @param mark see `Outstanding` */
  begin(mark = 0): number {
    const { source, counts } = this.#shared;
    const { current } = source;
    counts.byFile?.sent(current.file);
    return this.#outstanding.add(current, mark);
  }

  /** The same for one that is sent again: its mark is how often. */
  beginAgain(query: SentQuery): number {
    return this.#outstanding.add(query, query.resends);
  }

  /** Has every query sent again that awaits its answer. @returns false where one was sent too often: then it still awaits it */
  returnAll(): boolean {
    const { events } = this.#shared;
    const outstanding = this.#outstanding;
    for (let id = outstanding.oldest; id >= 0; id = outstanding.oldest) {
      const resends = outstanding.markOf(id) + 1;
      if (resends > MAX_RESENDS) return false;
      const message: SentQuery = { ...this.#queryOf(id), file: outstanding.fileOf(id), resends };
      if (!events.returned(this.#connection, 0, message)) return false;
      outstanding.givenUp(id);
    }
    return true;
  }

  /** Reads the message that is all of `bytes[from, to)`. */
  read(bytes: Uint8Array, from: number, to: number): void {
    const { counts } = this.#shared;
    const flags = to - from < HEADER_BYTES ? 0 : readUint16(bytes, from + 2);
    if ((flags & Flag.response) === 0 || (flags & OPCODE_MASK) !== 0) {
      counts.malformed += 1;
      return;
    }
    const id = readUint16(bytes, from);
    if (!this.#outstanding.isAwaited(id)) this.#countUnasked(id);
    else if (!this.isAnswerTo(id, flags, bytes, from, to)) counts.mismatched += 1;
    else if ((flags & Flag.truncated) === 0) this.finish(id, flags & RCODE_MASK);
    else {
      counts.truncated += 1;
      if (this.#retry === undefined) this.finish(id, flags & RCODE_MASK);
      else this.#retry(this, id);
    }
  }

  /** Returns whether a message has the question of a query, letter by letter. An error may have none (RFC 1035 §4.1.1). */
  isAnswerTo(id: number, flags: number, bytes: Uint8Array, from: number, to: number): boolean {
    const questions = readUint16(bytes, from + 4);
    const rcode = flags & RCODE_MASK;
    if (questions === 0) return rcode !== Rcode.noError && rcode !== Rcode.nxDomain;
    const { query, serial } = this.#queryOf(id);
    return questions === 1 && this.#shared.source.set.isAsked(query, serial, bytes, from + HEADER_BYTES, to);
  }

  isAwaited(id: number): boolean {
    return this.#outstanding.isAwaited(id);
  }

  /** The ID of the query that has waited longest; -1 = none waits. */
  get oldest(): number {
    return this.#outstanding.oldest;
  }

  /** Returns how long the query of an ID is. */
  lengthOf(id: number): number {
    return this.#shared.source.set.lengthOf(this.#outstanding.queryOf(id));
  }

  /** Writes the query of an ID once more. @returns its length */
  writeAgain(id: number, out: Uint8Array, at: number): number {
    const { query, serial } = this.#queryOf(id);
    return this.#shared.source.set.write(query, serial, out, at);
  }

  /** Its answer has come. */
  finish(id: number, rcode: number): void {
    const { counts, events, isRight } = this.#shared;
    const file = this.#outstanding.fileOf(id);
    const position = this.#outstanding.answered(id);
    if (isRight[rcode] === 0) counts.wrongRcode += 1;
    counts.answered(rcode, file, events.answered(this.#connection, position));
  }

  /** No answer will come. */
  fail(id: number, cause: string): void {
    const { counts, events } = this.#shared;
    counts.failed(cause, this.#outstanding.fileOf(id));
    events.failed(this.#connection, this.#outstanding.givenUp(id));
  }

  /** The oldest query has waited too long. @param causeOf its mark */
  expire(causeOf: (mark: number) => string): void {
    const id = this.#outstanding.oldest;
    if (id >= 0) this.fail(id, causeOf(this.#outstanding.markOf(id)));
  }

  /** The connection is over, and the loop hears of that: counts what is unanswered. */
  end(cause: string): void {
    const { counts } = this.#shared;
    for (let id = this.#outstanding.oldest; id >= 0; id = this.#outstanding.oldest) {
      counts.failed(cause, this.#outstanding.fileOf(id));
      this.#outstanding.givenUp(id);
    }
  }

  #queryOf(id: number): { readonly query: number; readonly serial: number } {
    asked.query = this.#outstanding.queryOf(id);
    asked.serial = this.#outstanding.serialOf(id);
    return asked;
  }

  #countUnasked(id: number): void {
    const { counts } = this.#shared;
    const state = this.#outstanding.stateOf(id);
    if (state === "answered") counts.duplicates += 1;
    else if (state === "given-up") counts.late += 1;
    else counts.unknown += 1;
  }
}

/** Filled anew for each message. */
const asked = { query: 0, serial: 0 };
