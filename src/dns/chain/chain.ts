import {
  ExtendedError,
  Query,
  QueryVerdict,
  Rcode,
  RecordClass,
  RecordType,
  rcodeOfVerdict,
  readQuery,
  writeError,
} from "../../wire/dns/mod.ts";
import type { AnswerReader } from "../answers/mod.ts";
import { Verdict } from "../blocking/mod.ts";
import type { LocalNames, LocalRecord } from "../local/mod.ts";
import { type LogRing, LogVerdict, NO_NAME, Transport } from "../log/mod.ts";
import { Special, type SpecialNames } from "../special/mod.ts";
import { AnswerTargets } from "./answer-targets.ts";
import type { Asker } from "./asker.ts";
import { type BlockAnswerOptions, BlockAnswers } from "./block-answers.ts";
import type { Blocker } from "./blocker.ts";
import { ChainCount, countMalformed, countRefused, type RefusalReason } from "./counts.ts";
import { NO_ERROR, OwnAnswers } from "./own-answers.ts";
import { hostOfService } from "./service-name.ts";
import { MISS, maxAnswerBytes, StoredAnswers } from "./stored-answers.ts";

/** Returned by `answer` instead of a length, like `MISS`: nothing is sent. */
export const NO_ANSWER = 0;

/** Meta types, which are no types of records (RFC 6895 §3.1): TSIG, TKEY, IXFR, AXFR, MAILB, MAILA, and what is about the message. */
const AXFR = 252;
const IXFR = 251;
const ANY = 255;
const OPT = 41;

const IPV4_LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const IPV6_LOOPBACK = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** Decides which clients are answered. */
export interface Guard {
  /** @returns why the query is refused; undefined when it is not */
  refusal(asker: Asker): RefusalReason | undefined;
  /** The query that was refused last gets no answer. */
  readonly isSilent: boolean;
  /** Told of each query for a special name: one of them may be our own, which an upstream sent back. */
  sawSpecial(query: Query, bytes: Uint8Array): void;
}

export interface ChainParts extends BlockAnswerOptions {
  readonly guard: Guard;
  readonly special: SpecialNames;
  readonly local: LocalNames;
  readonly blocker: Blocker;
  readonly cache: AnswerReader;
  /** The row of this thread. */
  readonly counts: Float64Array;
  /** TTL of answers to blocked and special names. */
  readonly blockTtlSeconds: number;
  /** This thread's ring of the query log. Misses are not written: whoever resolves them does. @default {none} */
  readonly log?: LogRing | undefined;
}

/** Not written to the query log. */
const UNLOGGED = -1;

/**
 * Answers queries from memory, without promises and, except in rare cases, without allocation.
 *
 * ```text
 *   refuse ─► local ─► special names ─► block ─► cache ─► MISS: ask an upstream
 *   malformed, stranger, too often, another class, ANY
 * ```
 *
 * Local names come before special ones, because the names of this house are below zones that are special everywhere else, and
 * before the block lists, because what the house declares holds also where blocking does.
 */
export class Chain {
  /** The query that was answered last, as parsed. */
  readonly query = new Query();
  /** The answer that was found in the cache should be refreshed. */
  wantsRefresh = false;
  readonly #parts: ChainParts;
  readonly #own: OwnAnswers;
  readonly #stored: StoredAnswers;
  readonly #blocks: BlockAnswers;
  readonly #targets = new AnswerTargets();
  /** Of the query that is being answered. */
  #verdict: LogVerdict | typeof UNLOGGED = UNLOGGED;

  constructor(parts: ChainParts) {
    this.#parts = parts;
    this.#own = new OwnAnswers(parts.blockTtlSeconds);
    this.#stored = new StoredAnswers(parts.cache, this.#own);
    this.#blocks = new BlockAnswers(this.#own, parts);
  }

  /**
   * Answers the query that is all of `bytes[from, to)`.
   *
   * @param room bytes at `out[at]`, 512 at least
   * @returns the answer's length; `NO_ANSWER`; or `MISS`: `query` must be sent to an upstream
   */
  answer(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number, room: number, asker: Asker): number {
    this.wantsRefresh = false;
    this.#verdict = UNLOGGED;
    const length = this.#answer(bytes, from, to, out, at, room, asker);
    this.#tally(length, out, at, asker);
    this.#finish(bytes, out, at, asker);
    return length;
  }

  #answer(
    bytes: Uint8Array,
    from: number,
    to: number,
    out: Uint8Array,
    at: number,
    room: number,
    asker: Asker,
  ): number {
    const { query } = this;
    const { counts, guard } = this.#parts;
    const verdict = readQuery(query, bytes, from, to);
    counts[ChainCount.queries]! += 1;
    const refusal = verdict === QueryVerdict.drop ? undefined : guard.refusal(asker);
    if (refusal !== undefined) return this.#refuseClient(refusal, bytes, out, at, asker);
    if (verdict !== QueryVerdict.ok) return this.#malformed(verdict, bytes, out, at);
    if (query.class !== RecordClass.in) return this.#refuse("class", bytes, out, at);
    if (query.type === AXFR || query.type === IXFR) return this.#refuse("transfer", bytes, out, at);
    const maxBytes = maxAnswerBytes(query, asker.isDatagram, room);
    if (query.type === ANY || query.type === OPT) return this.#refuse("any", bytes, out, at);

    const { local: names } = this.#parts;
    const local = names.find(bytes, query.nameFrom, query.type, asker.ip);
    // What an alias leads to, out of the house, must be asked for.
    if (local !== undefined && names.alias !== undefined) return this.#count(ChainCount.missed, MISS);
    if (local !== undefined) {
      this.#verdict = LogVerdict.local;
      return this.#count(ChainCount.local, this.#local(local, bytes, out, at, maxBytes));
    }
    const special = this.#parts.special.find(query, bytes);
    if (special !== Special.none) {
      this.#verdict = LogVerdict.special;
      guard.sawSpecial(query, bytes);
      return this.#count(ChainCount.special, this.#special(special, bytes, out, at, maxBytes));
    }
    const decision = this.#decide(bytes, asker);
    if (decision === Verdict.blocked) return this.#count(ChainCount.blocked, this.#blocked(bytes, out, at, maxBytes));
    if (decision === Verdict.rewritten) {
      // What an alias leads to must be asked for.
      const { cname } = RecordType;
      if (query.type !== cname && this.#parts.blocker.rewrites[0]!.type === cname)
        return this.#count(ChainCount.missed, MISS);
      return this.#count(ChainCount.rewritten, this.#rewritten(bytes, out, at, maxBytes));
    }
    return this.#fromCache(bytes, out, at, maxBytes, asker, decision === Verdict.allowed);
  }

  /** Decides about the query's name. The name of a service stands for its host. */
  #decide(bytes: Uint8Array, asker: Asker): Verdict {
    const { query } = this;
    const { blocker } = this.#parts;
    const decision = blocker.decide(bytes, query.nameFrom, query.type, asker);
    if (decision !== Verdict.none) return decision;
    const hostAt = hostOfService(query, bytes);
    return hostAt < 0 ? decision : blocker.decide(bytes, hostAt, query.type, asker);
  }

  /**
   * Checks the answer of an upstream to a query that missed: whether it leads to a name that is blocked for this client.
   *
   * @param answer a sound message, with `length` bytes
   * @param room bytes at `out[at]`, 512 at least
   * @returns the length of the answer to give instead; `MISS` if the upstream's may be given
   */
  review(
    bytes: Uint8Array,
    answer: Uint8Array,
    length: number,
    out: Uint8Array,
    at: number,
    room: number,
    asker: Asker,
  ): number {
    const { query } = this;
    const { blocker, counts } = this.#parts;
    if (readQuery(query, bytes, 0, bytes.length) !== QueryVerdict.ok) return MISS;
    // The lists may have changed since the query missed.
    const decision = this.#decide(bytes, asker);
    if (decision === Verdict.allowed) return MISS;
    if (decision !== Verdict.blocked) {
      if (!this.#targets.areBlocked(answer, 0, length, query.type, blocker, asker)) return MISS;
      counts[ChainCount.blockedTargets]! += 1;
    }
    return this.#blocked(bytes, out, at, maxAnswerBytes(query, asker.isDatagram, room));
  }

  /** Counts what all queries have. Answers to misses are counted by whoever resolves them. */
  #tally(length: number, out: Uint8Array, at: number, asker: Asker): void {
    const { counts } = this.#parts;
    counts[ChainCount.transports + transportOf(asker)]! += 1;
    if (length > 0) counts[ChainCount.rcodes + (out[at + 3]! & 15)]! += 1;
  }

  /** Writes a query that was answered to the log, once. */
  #finish(bytes: Uint8Array, out: Uint8Array, at: number, asker: Asker): void {
    const { log, blocker, cache } = this.#parts;
    const verdict = this.#verdict;
    if (verdict === UNLOGGED || log === undefined) return;
    const { questionEnd, nameFrom, type } = this.query;
    const isFromCache = verdict === LogVerdict.cached;
    const isByLists = isFromCache || verdict === LogVerdict.blocked || verdict === LogVerdict.rewritten;
    const decided = isByLists ? blocker.decided : undefined;
    const name = questionEnd === 0 ? NO_NAME : nameFrom;
    const isStale = isFromCache && cache.isStale;
    log.push(
      verdict,
      transportOf(asker),
      bytes,
      name,
      type,
      out[at + 3]! & 15,
      isStale,
      decided,
      0,
      0,
      asker.nowMs,
      asker.ip,
    );
  }

  #count(place: number, length: number): number {
    this.#parts.counts[place]! += 1;
    return length;
  }

  #malformed(verdict: QueryVerdict, bytes: Uint8Array, out: Uint8Array, at: number): number {
    countMalformed(this.#parts.counts, this.query.refusal!);
    const rcode = rcodeOfVerdict(verdict);
    if (rcode >= 0) this.#verdict = LogVerdict.malformed;
    return rcode < 0 ? NO_ANSWER : writeError(out, at, this.query, bytes, rcode) - at;
  }

  /**
   * Such queries are only counted: they would fill the log. By UDP the answer has no extended error: it is never longer than the
   * query, whose sender may be forged.
   */
  #refuseClient(reason: RefusalReason, bytes: Uint8Array, out: Uint8Array, at: number, asker: Asker): number {
    const { counts, guard } = this.#parts;
    countRefused(counts, reason);
    if (guard.isSilent) return this.#count(ChainCount.dropped, NO_ANSWER);
    const why = asker.isDatagram ? NO_ERROR : ExtendedError.prohibited;
    return writeError(out, at, this.query, bytes, Rcode.refused, why) - at;
  }

  #refuse(reason: RefusalReason, bytes: Uint8Array, out: Uint8Array, at: number): number {
    countRefused(this.#parts.counts, reason);
    this.#verdict = LogVerdict.refused;
    return writeError(out, at, this.query, bytes, Rcode.refused, ExtendedError.notSupported) - at;
  }

  #local(records: readonly LocalRecord[], bytes: Uint8Array, out: Uint8Array, at: number, maxBytes: number): number {
    const own = this.#own;
    if (records.length > 0) return own.records(this.query, bytes, records, out, at, maxBytes) - at;
    return own.negative(this.query, bytes, Rcode.noError, out, at, maxBytes) - at;
  }

  #special(special: Special, bytes: Uint8Array, out: Uint8Array, at: number, maxBytes: number): number {
    const { query } = this;
    const own = this.#own;
    const { type } = query;
    const rcode = special === Special.nxdomain ? Rcode.nxDomain : Rcode.noError;
    if (special !== Special.loopback || (type !== RecordType.a && type !== RecordType.aaaa))
      return own.negative(query, bytes, rcode, out, at, maxBytes) - at;
    const address = type === RecordType.a ? IPV4_LOOPBACK : IPV6_LOOPBACK;
    return own.record(query, bytes, address, out, at, maxBytes) - at;
  }

  #blocked(bytes: Uint8Array, out: Uint8Array, at: number, maxBytes: number): number {
    const { query } = this;
    const { rewrites } = this.#parts.blocker;
    this.#verdict = LogVerdict.blocked;
    if (rewrites.length === 0) return this.#blocks.blocked(query, bytes, out, at, maxBytes) - at;
    return this.#blocks.rewritten(query, bytes, rewrites, ExtendedError.blocked, out, at, maxBytes) - at;
  }

  #rewritten(bytes: Uint8Array, out: Uint8Array, at: number, maxBytes: number): number {
    const { rewrites } = this.#parts.blocker;
    this.#verdict = LogVerdict.rewritten;
    return this.#blocks.rewritten(this.query, bytes, rewrites, ExtendedError.forgedAnswer, out, at, maxBytes) - at;
  }

  /** @param isAllowed a rule allows the name, and with it whatever it leads to */
  #fromCache(
    bytes: Uint8Array,
    out: Uint8Array,
    at: number,
    maxBytes: number,
    asker: Asker,
    isAllowed: boolean,
  ): number {
    const { blocker, cache, counts } = this.#parts;
    const { type } = this.query;
    const length = this.#stored.write(this.query, bytes, out, at, maxBytes, asker.nowMs);
    if (length === MISS) return this.#count(ChainCount.missed, MISS);
    if (!isAllowed && cache.leadsElsewhere && this.#targets.areBlocked(out, at, at + length, type, blocker, asker)) {
      counts[ChainCount.blockedTargets]! += 1;
      return this.#count(ChainCount.blocked, this.#blocked(bytes, out, at, maxBytes));
    }
    if (this.#stored.wasTruncated) counts[ChainCount.truncated]! += 1;
    if (cache.isStale) counts[ChainCount.stale]! += 1;
    this.wantsRefresh = cache.wantsRefresh;
    this.#verdict = LogVerdict.cached;
    return this.#count(ChainCount.cached, length);
  }
}

function transportOf({ transport, isDatagram }: Asker): Transport {
  return transport ?? (isDatagram ? Transport.udp : Transport.tcp);
}
