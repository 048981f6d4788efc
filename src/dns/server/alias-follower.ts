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
  readMessage,
  readQuery,
  Section,
} from "../../wire/dns/mod.ts";
import { type Asker, type Chain, MISS, maxAnswerBytes } from "../chain/mod.ts";
import type { LocalNames, LocalRecord } from "../local/mod.ts";
import { LogVerdict } from "../log/mod.ts";
import type { Answered, Resolver } from "../resolver/mod.ts";

const MAX_MESSAGE_BYTES = 65_535;
const MAX_QUERY_BYTES = 300;
const NO_UPSTREAM = -1;

/** What aliases are followed with. */
export interface AliasParts {
  readonly local: LocalNames;
  /** Answers what an alias leads to: the target may be special, blocked or cached. Neither counted nor logged. */
  readonly chain: Chain;
  readonly resolver: Pick<Resolver, "ask" | "refresh">;
}

/**
 * Answers queries that the chain could not answer: by the resolver, and those for a local alias (CNAME) that leads out of the house by
 * what its target is answered with, behind the alias itself. The target's answer is cached, not the alias's, which may change with
 * the configuration.
 */
export class AliasFollower {
  readonly #parts: AliasParts;
  readonly #query = new Query();
  readonly #message = new Message();
  readonly #writer = new MessageWriter();
  readonly #opt = new OptWriter();
  readonly #out = new Uint8Array(MAX_MESSAGE_BYTES);
  readonly #asker: Asker = { ip: new Uint8Array(16), isDatagram: false, nowMs: 0 };

  constructor(parts: AliasParts) {
    this.#parts = parts;
  }

  /** Answers a query, immediately or later. Its bytes are borrowed. */
  ask(bytes: Uint8Array, isDatagram: boolean, done: Answered): void {
    const { local, resolver } = this.#parts;
    const query = this.#query;
    if (readQuery(query, bytes, 0, bytes.length) !== QueryVerdict.ok) return;
    const aliases = local.find(bytes, query.nameFrom, query.type, this.#asker.ip);
    const target = local.alias;
    if (aliases === undefined || target === undefined) resolver.ask(bytes, isDatagram, done);
    else this.#follow(bytes.slice(), isDatagram, aliases, this.#queryFor(target), done);
  }

  #follow(
    bytes: Uint8Array,
    isDatagram: boolean,
    aliases: readonly LocalRecord[],
    target: Uint8Array,
    done: Answered,
  ): void {
    const { chain, resolver } = this.#parts;
    const finish: Answered = (answer, length, by, upstream) =>
      done(this.#out, this.#write(bytes, isDatagram, aliases, answer, length), by, upstream);
    const out = new Uint8Array(MAX_MESSAGE_BYTES);
    this.#asker.nowMs = Date.now();
    const length = chain.answer(target, 0, target.length, out, 0, MAX_MESSAGE_BYTES, this.#asker);
    if (length === MISS) resolver.ask(target, false, finish);
    else {
      finish(out, length, LogVerdict.cached, NO_UPSTREAM);
      if (chain.wantsRefresh) resolver.refresh(target);
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
