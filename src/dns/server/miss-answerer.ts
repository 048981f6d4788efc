import {
  EDNS_UDP_BYTES,
  Flag,
  Message,
  MessageWriter,
  OPT_BYTES,
  OptWriter,
  Query,
  QueryVerdict,
  Rcode,
  RecordClass,
  RecordType,
  readMessage,
  readQuery,
  Section,
} from "../../wire/dns/mod.ts";
import { Verdict } from "../blocking/mod.ts";
import { type Asker, type Blocker, type Chain, MISS, maxAnswerBytes } from "../chain/mod.ts";
import type { LocalNames, LocalRecord } from "../local/mod.ts";
import { type Decided, LogVerdict } from "../log/mod.ts";
import type { ResolvedBy, Resolver } from "../resolver/mod.ts";

const MAX_MESSAGE_BYTES = 65_535;
const MAX_QUERY_BYTES = 300;
const NO_UPSTREAM = -1;

/** What queries that miss are answered with. */
export interface MissParts {
  readonly local: LocalNames;
  readonly blocker: Blocker;
  /** The chain of this thread, which judges the answers of upstreams. */
  readonly chain: Chain;
  /** Answers what an alias leads to: the target may be special, blocked or cached. Neither counted nor logged. */
  readonly inner: Chain;
  readonly resolver: Pick<Resolver, "ask" | "refresh">;
  /** TTL of rewritten names. */
  readonly blockTtlSeconds: number;
}

/** The client of a query that missed. */
export type MissClient = Pick<Asker, "ip" | "isDatagram">;

/** Called once. `bytes` are borrowed. `decided` tells what blocked the answer, or rewrote the question. */
export type MissAnswered = (
  bytes: Uint8Array,
  length: number,
  by: ResolvedBy | typeof LogVerdict.blocked | typeof LogVerdict.rewritten,
  upstream: number,
  decided?: Decided | undefined,
) => void;

/**
 * Answers queries that the chain could not answer.
 *
 * ```text
 *   alias (CNAME) of a local name, or of a rule ─► its target: special, blocked, cached, or ─► resolver ─┐
 *   any other name ─► resolver ─► leads to a blocked name? ─► blocked                                    └─► alias, and what it leads to
 * ```
 *
 * The target's answer is cached, not the alias's, which may change with the configuration.
 */
export class MissAnswerer {
  readonly #parts: MissParts;
  readonly #query = new Query();
  readonly #message = new Message();
  readonly #writer = new MessageWriter();
  readonly #opt = new OptWriter();
  readonly #out = new Uint8Array(MAX_MESSAGE_BYTES);

  constructor(parts: MissParts) {
    this.#parts = parts;
  }

  /** Answers a query, immediately or later. Its bytes are borrowed. */
  ask(bytes: Uint8Array, client: MissClient, done: MissAnswered): void {
    const { local } = this.#parts;
    const query = this.#query;
    if (readQuery(query, bytes, 0, bytes.length) !== QueryVerdict.ok) return;
    const kept = bytes.slice();
    const aliases = local.find(bytes, query.nameFrom, query.type, client.ip);
    if (aliases !== undefined && local.alias !== undefined)
      this.#follow(kept, client, aliases, this.#queryFor(local.alias), done);
    else this.#askUnlessRewritten(kept, client, done);
  }

  #askUnlessRewritten(bytes: Uint8Array, client: MissClient, done: MissAnswered): void {
    const { blocker, resolver } = this.#parts;
    const asker = { ...client, nowMs: Date.now() };
    const rewrite = this.#rewriteOf(bytes, asker);
    if (rewrite !== undefined) {
      // The blocker's own will have changed when the answer comes.
      const decided = copyOf(blocker.decided);
      const rewritten: MissAnswered = (answer, length, _, upstream) =>
        done(answer, length, LogVerdict.rewritten, upstream, decided);
      this.#follow(bytes, client, [rewrite], this.#queryFor(rewrite.data), rewritten);
    } else {
      resolver.ask(bytes, client.isDatagram, (answer, length, by, upstream) =>
        this.#review(bytes, asker, answer, length, by, upstream, done),
      );
    }
  }

  /** Returns the alias that a rule gives the query's name. */
  #rewriteOf(bytes: Uint8Array, asker: Asker): LocalRecord | undefined {
    const { blocker, blockTtlSeconds: ttlSeconds } = this.#parts;
    const { nameFrom, nameEnd, type } = this.#query;
    if (blocker.decide(bytes, nameFrom, type, asker) !== Verdict.rewritten) return undefined;
    const { cname } = RecordType;
    const rewrite = blocker.rewrites.find((each) => each.type === cname);
    return rewrite && { name: bytes.slice(nameFrom, nameEnd), type: cname, ttlSeconds, data: rewrite.data };
  }

  /** Passes an upstream's answer on, unless it leads to a name that is blocked for the client. */
  #review(
    bytes: Uint8Array,
    asker: Asker,
    answer: Uint8Array,
    length: number,
    by: ResolvedBy,
    upstream: number,
    done: MissAnswered,
  ): void {
    const { blocker, chain } = this.#parts;
    const blocked = chain.review(bytes, answer, length, this.#out, 0, MAX_MESSAGE_BYTES, asker);
    if (blocked === MISS) done(answer, length, by, upstream);
    else done(this.#out, blocked, LogVerdict.blocked, upstream, blocker.decided);
  }

  #follow(
    bytes: Uint8Array,
    client: MissClient,
    aliases: readonly LocalRecord[],
    target: Uint8Array,
    done: MissAnswered,
  ): void {
    const { inner, resolver } = this.#parts;
    const asker = { ip: client.ip, isDatagram: false, nowMs: Date.now() };
    const finish: MissAnswered = (answer, length, ...more) =>
      done(this.#out, this.#write(bytes, client.isDatagram, aliases, answer.slice(0, length), length), ...more);
    const out = new Uint8Array(MAX_MESSAGE_BYTES);
    const length = inner.answer(target, 0, target.length, out, 0, MAX_MESSAGE_BYTES, asker);
    if (length === MISS) {
      resolver.ask(target, false, (answer, size, by, upstream) =>
        this.#review(target, asker, answer, size, by, upstream, finish),
      );
    } else {
      finish(out, length, LogVerdict.cached, NO_UPSTREAM);
      if (inner.wantsRefresh) resolver.refresh(target);
    }
  }

  /** Returns the client's query as one for another name. */
  #queryFor(name: Uint8Array): Uint8Array {
    const { type, flags, hasEdns, wantsDnssec } = this.#query;
    const out = new Uint8Array(MAX_QUERY_BYTES);
    this.#writer.begin(out, 0, MAX_QUERY_BYTES, OPT_BYTES);
    this.#writer.header(0, flags);
    this.#writer.question(name, 0, type, RecordClass.in);
    if (hasEdns) this.#opt.begin(this.#writer, EDNS_UDP_BYTES, wantsDnssec);
    return out.subarray(0, this.#writer.finish());
  }

  /** Writes the aliases and behind them the answer to what they lead to. @returns the length in `#out` */
  #write(
    bytes: Uint8Array,
    isDatagram: boolean,
    aliases: readonly LocalRecord[],
    answer: Uint8Array,
    length: number,
  ): number {
    const query = this.#query;
    const writer = this.#writer;
    const message = this.#message;
    readQuery(query, bytes, 0, bytes.length);
    const isRead = readMessage(message, answer, 0, length);
    const rcode = isRead ? message.rcode : Rcode.servFail;
    const maxBytes = maxAnswerBytes(query, isDatagram, MAX_MESSAGE_BYTES);
    writer.begin(this.#out, 0, maxBytes, query.hasEdns ? OPT_BYTES : 0);
    writer.answer(query, bytes, rcode, Flag.recursionAvailable);
    if (rcode === Rcode.noError || rcode === Rcode.nxDomain) {
      this.#aliases(bytes, aliases);
      const { starts } = message;
      for (let index = starts[Section.answer]!; index < starts[Section.additional]!; index++)
        writer.copy(message, answer, index);
    }
    if (query.hasEdns) this.#opt.begin(writer, EDNS_UDP_BYTES, query.wantsDnssec);
    return writer.finish();
  }

  #aliases(bytes: Uint8Array, aliases: readonly LocalRecord[]): void {
    for (const [index, { name, type, ttlSeconds, data }] of aliases.entries()) {
      // The first has the question's name, in the client's spelling.
      const [owner, ownerAt] = index === 0 ? [bytes, this.#query.nameFrom] : [name, 0];
      this.#writer.record(Section.answer, owner, ownerAt, type, RecordClass.in, ttlSeconds, data, 0, data.length);
    }
  }
}

function copyOf(decided: Decided | undefined): Decided | undefined {
  return decided && { lists: decided.lists, labels: decided.labels, rule: decided.rule };
}
