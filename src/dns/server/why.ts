import { setImmediate as turn } from "node:timers/promises";
import {
  Flag,
  Message,
  MessageWriter,
  nameText,
  parseName,
  RecordClass,
  rcodeName,
  rdataText,
  readMessage,
  Section,
  typeName,
} from "../../wire/dns/mod.ts";
import { type Decision, explain, Verdict } from "../blocking/mod.ts";
import { type Asker, type Blocker, CHAIN_COUNTS, Chain, type ChainParts, MISS } from "../chain/mod.ts";
import type { ChainOfThread, ListBlocker } from "../listeners/mod.ts";
import type { LocalRecord } from "../local/mod.ts";
import { LogRing, LogVerdict, readEntry, VERDICT_NAMES } from "../log/mod.ts";
import type { Resolver } from "../resolver/mod.ts";
import type { BlockListSet } from "./block-list-set.ts";
import { logNames } from "./server-log.ts";

export interface WhyQuestion {
  /** A valid name. */
  readonly name: string;
  readonly type: number;
  /** The client's, sixteen bytes. */
  readonly ip: Uint8Array;
}

/** How a name is answered, and why. Names and lines are untrusted text. */
export interface Why {
  readonly name: string;
  readonly type: string;
  /** `forwarded`: an upstream would be asked. */
  readonly verdict: string;
  /** Null where an upstream would be asked. */
  readonly rcode: string | null;
  /** Of the answer; of a local alias that leads out of the house, the alias. */
  readonly records: readonly string[];
  /** What lists say; null where they say nothing. */
  readonly lists: {
    /** Which name they are about: this one, or one that its answer leads to. */
    readonly name: string;
    readonly action: "block" | "allow" | "rewrite";
    readonly lines: readonly { readonly list: string; readonly line: number; readonly text: string }[];
  } | null;
  /** Blocking is paused or off, for all or for this client. */
  readonly isPaused: boolean;
  readonly cache: { readonly ageSeconds: number; readonly ttlSeconds: number } | null;
  /** That would be asked, the next one first. */
  readonly upstreams: readonly string[];
}

/** What is asked why. */
export interface WhySource {
  readonly own: ChainOfThread;
  readonly lists: BlockListSet;
  readonly resolver: Resolver;
  readonly isBlocking: boolean;
}

const MAX_MESSAGE_BYTES = 65_535;
const MAX_QUERY_BYTES = 300;
const MAX_RECORDS = 50;
const RING_BYTES = 1024;
const ACTIONS = { [Verdict.blocked]: "block", [Verdict.allowed]: "allow", [Verdict.rewritten]: "rewrite" } as const;
/** Chunks of a list that are read before other work gets its turn. */
const CHUNKS_A_TURN = 4;
/** Neither refuses nor counts. */
const NO_GUARD = { refusal: () => undefined, isSilent: false, sawSpecial: () => undefined };

/** Answers a question as the chain does, neither counted nor logged, and tells what decided. */
export async function whyOf(source: WhySource, { name, type, ip }: WhyQuestion): Promise<Why> {
  const { parts, blocker } = source.own;
  const bytes = queryBytes(name, type);
  const asker: Asker = { ip, isDatagram: false, nowMs: Date.now() };
  const watched = new WatchedBlocker(blocker);
  const log = new LogRing(LogRing.make(RING_BYTES));
  const counts = new Float64Array(CHAIN_COUNTS);
  const chain = new Chain({ ...parts, guard: NO_GUARD, blocker: watched, counts, log });
  const out = new Uint8Array(MAX_MESSAGE_BYTES);
  const length = chain.answer(bytes, 0, bytes.length, out, 0, MAX_MESSAGE_BYTES, asker);
  const { nameFrom, nameEnd } = chain.query;
  const isMiss = length === MISS;
  const verdict = isMiss ? LogVerdict.forwarded : readEntry(log, log.next(), 0).verdict;
  return {
    name,
    type: typeName(type),
    verdict: VERDICT_NAMES[verdict]!,
    rcode: isMiss ? null : rcodeName(out[3]! & 15),
    records: isMiss ? aliasesOf(parts, bytes, nameFrom, type, ip) : recordsOf(out, length),
    isPaused: !source.isBlocking,
    cache: parts.cache.ageOf(bytes, 0, nameEnd - nameFrom, Math.floor(asker.nowMs / 1000)) ?? null,
    upstreams: isMiss ? source.resolver.upstreamsFor(chain.query, bytes) : [],
    lists: watched.last === undefined ? null : await explained(source, watched.last),
  };
}

/** What lists said of a name. */
interface Said {
  readonly name: string;
  readonly verdict: Exclude<Verdict, typeof Verdict.none>;
  readonly decision: Decision;
}

/** Remembers what was decided last, if anything was: of the name that was asked for, or of one that its answer leads to. */
class WatchedBlocker implements Blocker {
  last: Said | undefined;
  readonly #blocker: ListBlocker;

  constructor(blocker: ListBlocker) {
    this.#blocker = blocker;
  }

  get rewrites() {
    return this.#blocker.rewrites;
  }

  get decided() {
    return this.#blocker.decided;
  }

  decide(bytes: Uint8Array, nameAt: number, type: number, asker: Asker): Verdict {
    const verdict = this.#blocker.decide(bytes, nameAt, type, asker);
    if (verdict === Verdict.none) return verdict;
    const { lists, labels, flags, rule } = this.#blocker.decided;
    // A copy: other queries are decided while lists are read.
    this.last = { name: nameText(bytes, nameAt).toLowerCase(), verdict, decision: { lists, labels, flags, rule } };
    return verdict;
  }
}

async function explained({ lists, resolver }: WhySource, { name, verdict, decision }: Said): Promise<Why["lists"]> {
  const { files } = lists.built;
  const names = logNames(lists, resolver);
  const steps = explain(decision, name, files);
  for (let chunks = 1; ; chunks++) {
    const step = steps.next();
    if (step.done) {
      const lines = step.value.map(({ file, line, text }) => {
        return { list: names.lists(1 << files[file]!.list)[0] ?? "", line, text };
      });
      return { name, action: ACTIONS[verdict], lines };
    }
    if (chunks % CHUNKS_A_TURN === 0) await turn();
  }
}

function queryBytes(name: string, type: number): Uint8Array {
  const out = new Uint8Array(MAX_QUERY_BYTES);
  const writer = new MessageWriter();
  writer.begin(out, 0, MAX_QUERY_BYTES);
  writer.header(0, Flag.recursionDesired);
  writer.question(parseName(name)!, 0, type, RecordClass.in);
  return out.subarray(0, writer.finish());
}

/** Returns the records of an answer as zone files have them, without their TTL. */
function recordsOf(answer: Uint8Array, length: number): string[] {
  const message = new Message();
  if (!readMessage(message, answer, 0, length)) return [];
  const { records, starts } = message;
  const texts: string[] = [];
  for (let index = starts[Section.answer]!; index < starts[Section.authority]! && texts.length < MAX_RECORDS; index++) {
    const [type, from, to] = [records.type(index), records.rdataFrom(index), records.rdataTo(index)];
    texts.push(`${typeName(type)} ${rdataText(type, RecordClass.in, answer, 0, from, to)}`);
  }
  return texts;
}

/** Returns the local aliases that lead to a name out of the house. */
function aliasesOf({ local }: ChainParts, bytes: Uint8Array, nameAt: number, type: number, ip: Uint8Array): string[] {
  const text = ({ type: own, data }: LocalRecord) =>
    `${typeName(own)} ${rdataText(own, RecordClass.in, data, 0, 0, data.length)}`;
  return (local.find(bytes, nameAt, type, ip) ?? []).map(text);
}
