import { randomBytes } from "node:crypto";
import {
  copyLower,
  ExtendedError,
  HEADER_BYTES,
  Query,
  QueryVerdict,
  Rcode,
  readQuery,
  writeError,
} from "../../wire/dns/mod.ts";
import { AnswerReader, AnswerWriter } from "../answers/mod.ts";
import { MISS, maxAnswerBytes, RCODES, StoredAnswers, variantOf } from "../chain/mod.ts";
import { LogVerdict } from "../log/mod.ts";
import { Bootstrap, type Question, type UpstreamAnswer } from "../upstream/mod.ts";
import { AnswerCleaner, type CleanOptions, NOT_KEPT } from "./answer-cleaner.ts";
import { RecentFailures } from "./recent-failures.ts";
import { type Route, Routes, type ZoneOptions } from "./routes.ts";
import type { HealthOptions, Member, MemberOptions, UpstreamMode, UpstreamSet } from "./upstream-set.ts";

/** How a query was answered. */
export type ResolvedBy = typeof LogVerdict.cached | typeof LogVerdict.forwarded | typeof LogVerdict.failed;

/** Called once. `bytes` are borrowed. `upstream` is the index in `members` of the one that answered; -1 for none. */
export type Answered = (bytes: Uint8Array, length: number, by: ResolvedBy, upstream: number) => void;

export interface ResolverOptions extends CleanOptions, HealthOptions {
  readonly upstreams: readonly MemberOptions[];
  /** Zones with upstreams of their own. @default {[]} */
  readonly zones?: readonly ZoneOptions[];
  /** Name servers by address, which find upstreams that are named. @default {["9.9.9.9", "1.1.1.1"]} */
  readonly bootstrap?: readonly string[];
  /** The cache. Its `staleSeconds` are how long an expired answer may be given at all. */
  readonly cache: AnswerWriter;
  /** How long an expired answer is given at once, while it is refreshed. @default {3600} */
  readonly staleAtOnceSeconds?: number;
  /** One that expired longer ago is given when no upstream has answered for so long (RFC 8767 §5). @default {1800} */
  readonly staleWaitMs?: number;
  /** @default {"parallel-best"} */
  readonly mode?: UpstreamMode;
  /** Most queries sent for one question, counted over all upstreams. @default {4} */
  readonly maxAttempts?: number;
  /** Questions in flight; further ones are answered SERVFAIL. @default {1000} */
  readonly maxQuestions?: number;
  /** Waiting clients over all questions. @default {4096} */
  readonly maxWaiting?: number;
  /** How long a question that no upstream answered is answered SERVFAIL without asking again (RFC 2308 §7.1). @default {5000} */
  readonly failureMs?: number;
}

/** Counters, which never decrease. */
export interface ResolverCounts {
  asked: number;
  /** Clients that waited for a question that was already in flight. */
  merged: number;
  refreshes: number;
  answered: number;
  failed: number;
  /** Queries answered SERVFAIL because too many questions were in flight or clients waiting. */
  overloaded: number;
  /** Upstream answers that could not be used: an error, or a broken CNAME chain. */
  unusable: number;
  /** Records with private addresses that were left out. */
  privateRecords: number;
  /** Answers to clients by response code. */
  readonly rcodes: Float64Array;
}

interface Waiter {
  readonly bytes: Uint8Array;
  readonly isDatagram: boolean;
  readonly done: Answered;
}

/** A question that is in flight. */
interface Flight {
  readonly key: string;
  readonly question: Question;
  readonly variant: number;
  readonly route: Route;
  readonly waiters: Waiter[];
  /** Upstreams still to be asked; the next one is last. */
  readonly plan: Member[];
  /** Until clients get an answer that expired long ago. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** That time is over. */
  isLate: boolean;
  inFlight: number;
  isOver: boolean;
}

export const DEFAULT_BOOTSTRAP: readonly string[] = ["9.9.9.9", "1.1.1.1"];
const DEFAULTS = {
  bootstrap: DEFAULT_BOOTSTRAP,
  maxAttempts: 4,
  maxQuestions: 1000,
  maxWaiting: 4096,
  failureMs: 5000,
  ...{ staleAtOnceSeconds: 3600, staleWaitMs: 1800 },
};
const MAX_MESSAGE_BYTES = 65_535;
const NO_UPSTREAM = -1;
const NEW_FLIGHT = { timer: undefined, isLate: false, inFlight: 0, isOver: false };
/** A stored answer takes at most an eighth of its store. */
const HAND_OUT_BYTES = 1 << 20;

/**
 * Resolves queries that the cache cannot answer: asks upstreams, once for all clients with the same question.
 *
 * ```text
 *   ask ─► in flight already? wait ─► upstreams, one or two at once ─► clean ─► cache, and an answer for each that waits
 *                                          └─ no use: the next one … ─► none left: what expired long ago, else SERVFAIL
 * ```
 */
export class Resolver {
  readonly counts: ResolverCounts = {
    ...{ asked: 0, merged: 0, refreshes: 0, answered: 0, failed: 0 },
    ...{ overloaded: 0, unusable: 0, privateRecords: 0, rcodes: new Float64Array(RCODES) },
  };
  readonly #routes: Routes;
  readonly #bootstrap: Bootstrap;
  readonly #options: ResolverOptions & typeof DEFAULTS;
  readonly #flights = new Map<string, Flight>();
  readonly #cleaner: AnswerCleaner;
  readonly #failures: RecentFailures;
  readonly #query = new Query();
  readonly #out = new Uint8Array(MAX_MESSAGE_BYTES);
  readonly #cached: StoredAnswers;
  /** The same answers, and those that expired long ago. */
  readonly #old: StoredAnswers;
  /** Holds the answer that is being delivered, whether or not it is cached. */
  readonly #handOut = new AnswerWriter(new ArrayBuffer(HAND_OUT_BYTES), { seed: randomBytes(4).readInt32LE() });
  readonly #handedOut = new StoredAnswers(this.#handOut);
  #waiting = 0;

  /** @throws {TenkError} `invalid-option` */
  constructor(options: ResolverOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#bootstrap = new Bootstrap({ servers: this.#options.bootstrap });
    const { lookup } = this.#bootstrap;
    const { upstreams, zones = [], mode = "parallel-best" } = this.#options;
    this.#routes = new Routes({ ...options, upstreams, zones, mode, lookup, recovered: () => this.#failures.clear() });
    this.#cleaner = new AnswerCleaner(options);
    this.#failures = new RecentFailures(this.#options.failureMs);
    const { cache, staleAtOnceSeconds: staleSeconds } = this.#options;
    this.#cached = new StoredAnswers(new AnswerReader(cache.buffer, { staleSeconds }));
    this.#old = new StoredAnswers(cache);
  }

  /** The upstreams for what is in no zone with upstreams of its own. */
  get upstreams(): UpstreamSet {
    return this.#routes.all.upstreams;
  }

  /** All upstreams, each once. */
  get members(): readonly Member[] {
    return this.#routes.members;
  }

  /** Questions in flight. */
  get inFlight(): number {
    return this.#flights.size;
  }

  /** Answers a query that is not in the cache, immediately or later. Its bytes are borrowed. */
  ask(bytes: Uint8Array, isDatagram: boolean, done: Answered): void {
    const query = this.#query;
    if (readQuery(query, bytes, 0, bytes.length) !== QueryVerdict.ok) return;
    this.counts.asked += 1;
    const nowMs = Date.now();
    // The answer may have arrived since the cache was read.
    const length = this.#cached.write(query, bytes, this.#out, 0, this.#maxBytes(isDatagram), nowMs);
    if (length !== MISS) {
      this.#deliver(done, length, LogVerdict.cached, NO_UPSTREAM);
      return;
    }
    const key = keyOf(query, bytes);
    let flight = this.#flights.get(key);
    if (flight !== undefined) this.counts.merged += 1;
    else if (this.#failures.has(key, nowMs)) {
      this.#failOne({ bytes, isDatagram, done }, ExtendedError.cachedError);
      return;
    }
    if (flight?.isLate && this.#giveOld({ bytes, isDatagram, done })) return;
    if (this.#waiting >= this.#options.maxWaiting || (flight === undefined && this.#isFull())) {
      this.counts.overloaded += 1;
      this.#failOne({ bytes, isDatagram, done }, ExtendedError.other);
      return;
    }
    flight ??= this.#newFlight(key, bytes);
    flight.waiters.push({ bytes: bytes.slice(), isDatagram, done });
    this.#waiting += 1;
    if (flight.timer === undefined && this.#old.write(query, bytes, this.#out, 0, MAX_MESSAGE_BYTES, nowMs) !== MISS)
      this.#waitForOld(flight);
    if (flight.waiters.length === 1 && flight.inFlight === 0) this.#start(flight);
  }

  /** Refreshes the stored answer to a query; no client waits. The query's bytes are borrowed. */
  refresh(bytes: Uint8Array): void {
    const query = this.#query;
    if (readQuery(query, bytes, 0, bytes.length) !== QueryVerdict.ok) return;
    const key = keyOf(query, bytes);
    if (this.#flights.has(key) || this.#isFull() || this.#failures.has(key, Date.now())) return;
    this.counts.refreshes += 1;
    this.#start(this.#newFlight(key, bytes));
  }

  /** Stops all questions in flight; waiting clients are not answered. */
  stop(): void {
    for (const flight of this.#flights.values()) {
      clearTimeout(flight.timer);
      flight.isOver = true;
      flight.waiters.length = 0;
    }
    this.#flights.clear();
    this.#waiting = 0;
    this.#routes.stop();
    this.#bootstrap.stop();
  }

  #isFull(): boolean {
    return this.#flights.size >= this.#options.maxQuestions;
  }

  #maxBytes(isDatagram: boolean): number {
    return maxAnswerBytes(this.#query, isDatagram, MAX_MESSAGE_BYTES);
  }

  /** Returns the names of the upstreams that would be asked, the next one first. */
  upstreamsFor(query: Query, bytes: Uint8Array): string[] {
    return this.#routes
      .of(query, bytes)
      .upstreams.order()
      .map(({ name }) => name);
  }

  /** Returns whether a query is sent to upstreams of a zone of its own. */
  isInOwnZone(bytes: Uint8Array): boolean {
    const query = this.#query;
    return readQuery(query, bytes, 0, bytes.length) === QueryVerdict.ok && this.#routes.of(query, bytes).isOwnZone;
  }

  // ---- a question in flight ------------------------------------------------------------------------------------------

  #newFlight(key: string, bytes: Uint8Array): Flight {
    const query = this.#query;
    const name = new Uint8Array(query.nameEnd - query.nameFrom);
    copyLower(bytes, query.nameFrom, name, 0);
    const { type, wantsDnssec, checkingDisabled } = query;
    const route = this.#routes.of(query, bytes);
    const order = route.upstreams.order();
    const attempts = order.length === 0 ? 0 : Math.min(this.#options.maxAttempts, Math.max(2, order.length));
    const plan = Array.from({ length: attempts }, (_, index) => order[index % order.length]!).reverse();
    const question = { name, type, wantsDnssec, checkingDisabled };
    const flight = { key, question, variant: variantOf(query), route, waiters: [], plan, ...NEW_FLIGHT };
    this.#flights.set(key, flight);
    return flight;
  }

  #start(flight: Flight): void {
    const { upstreams } = flight.route;
    // Two upstreams at once; a single upstream is not asked twice at a time.
    const width = Math.min(upstreams.width, upstreams.members.length);
    for (let count = 0; count < width; count++) this.#askNext(flight);
    if (flight.inFlight === 0) this.#fail(flight);
  }

  #askNext(flight: Flight): void {
    const member = flight.isOver ? undefined : flight.plan.pop();
    if (member === undefined) return;
    flight.inFlight += 1;
    flight.route.upstreams.ask(member, flight.question, (answer) => {
      flight.inFlight -= 1;
      if (flight.isOver) return;
      if (answer !== undefined && this.#takes(flight, member, answer)) {
        this.#finish(flight, member);
        return;
      }
      this.#askNext(flight);
      if (flight.inFlight === 0) this.#fail(flight);
    });
  }

  /** Cleans an answer into `#cleaner`. @returns whether it can be used */
  #takes({ question, route }: Flight, { trustsAd }: Member, { message, bytes }: UpstreamAnswer): boolean {
    const isAnswer = message.rcode === Rcode.noError || message.rcode === Rcode.nxDomain;
    const isUsable = isAnswer && this.#cleaner.clean(question, message, bytes, trustsAd, route.isOwnZone);
    if (!isUsable) this.counts.unusable += 1;
    else this.counts.privateRecords += this.#cleaner.privateRecords;
    return isUsable;
  }

  #finish(flight: Flight, member: Member): void {
    this.#end(flight);
    this.counts.answered += 1;
    this.#failures.delete(flight.key);
    const nowMs = Date.now();
    const nowSeconds = Math.floor(nowMs / 1000);
    const { out: bytes, length, ttls, ttlOffsets, ttlSeconds, leadsElsewhere } = this.#cleaner;
    const nameBytes = flight.question.name.length;
    const { variant } = flight;
    const { cache } = this.#options;
    const answer = { bytes, length, nameBytes, variant, ttlOffsets, ttls, ttlSeconds, leadsElsewhere };
    const isKept = ttlSeconds !== NOT_KEPT && cache.put(answer, nowSeconds);
    // The stored answer is outdated.
    if (!isKept) cache.remove(bytes, HEADER_BYTES, nameBytes, variant);
    if (flight.waiters.length === 0) return;
    this.#handOut.put({ ...answer, ttls: 0, ttlSeconds: 1 }, nowSeconds);
    const upstream = this.members.indexOf(member);
    for (const waiter of flight.waiters) {
      readQuery(this.#query, waiter.bytes, 0, waiter.bytes.length);
      const maxBytes = this.#maxBytes(waiter.isDatagram);
      const written = this.#handedOut.write(this.#query, waiter.bytes, this.#out, 0, maxBytes, nowMs);
      this.#deliver(waiter.done, written, LogVerdict.forwarded, upstream);
    }
  }

  #fail(flight: Flight): void {
    if (flight.isOver) return;
    this.#end(flight);
    this.counts.failed += 1;
    this.#failures.add(flight.key, Date.now());
    for (const waiter of flight.waiters) this.#failOne(waiter, ExtendedError.noReachableAuthority);
  }

  #end(flight: Flight): void {
    clearTimeout(flight.timer);
    flight.isOver = true;
    this.#waiting -= flight.waiters.length;
    this.#flights.delete(flight.key);
  }

  #failOne(waiter: Waiter, error: number): void {
    if (this.#giveOld(waiter)) return;
    const { bytes, done } = waiter;
    const length = writeError(this.#out, 0, this.#query, bytes, Rcode.servFail, error);
    this.#deliver(done, length, LogVerdict.failed, NO_UPSTREAM);
  }

  #deliver(done: Answered, length: number, by: ResolvedBy, upstream: number): void {
    this.counts.rcodes[this.#out[3]! & 15]! += 1;
    done(this.#out, length, by, upstream);
  }

  // ---- what expired long ago -----------------------------------------------------------------------------------------

  #waitForOld(flight: Flight): void {
    flight.timer = setTimeout(() => {
      flight.isLate = true;
      const waiters = flight.waiters.splice(0);
      flight.waiters.push(...waiters.filter((waiter) => !this.#giveOld(waiter)));
      this.#waiting -= waiters.length - flight.waiters.length;
    }, this.#options.staleWaitMs);
  }

  /** Reads the query into `#query`. @returns false where there is no such answer */
  #giveOld({ bytes, isDatagram, done }: Waiter): boolean {
    readQuery(this.#query, bytes, 0, bytes.length);
    const length = this.#old.write(this.#query, bytes, this.#out, 0, this.#maxBytes(isDatagram), Date.now());
    if (length !== MISS) this.#deliver(done, length, LogVerdict.cached, NO_UPSTREAM);
    return length !== MISS;
  }
}

/** Returns a key that is equal for questions with the same answer; the case of names does not matter. */
function keyOf(query: Query, bytes: Uint8Array): string {
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + query.nameFrom, query.nameEnd - query.nameFrom);
  return `${name.toString("latin1").replace(/[A-Z]/g, (letter) => letter.toLowerCase())}${query.type}/${variantOf(query)}`;
}
