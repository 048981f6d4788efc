import { type AgeOptions, AnswerReader } from "../answers/mod.ts";
import { type BlockMode, CHAIN_COUNTS, Chain, type ChainParts } from "../chain/mod.ts";
import { LocalNames, type LocalSettings } from "../local/mod.ts";
import { LogRing } from "../log/mod.ts";
import { SpecialNames, type SpecialOptions } from "../special/mod.ts";
import { type BlockSettings, ListBlocker } from "./list-blocker.ts";

/** What each thread that answers queries makes its chain of: plain data, and memory that all share. */
export interface ChainSettings extends SpecialOptions {
  readonly block: BlockSettings;
  readonly local: LocalSettings;
  /** Memory of an `AnswerWriter`. */
  readonly cache: SharedArrayBuffer;
  readonly ages: AgeOptions;
  /** `CHAIN_COUNTS` doubles for each thread; the main thread's are the last. */
  readonly counts: SharedArrayBuffer;
  readonly blockMode: BlockMode;
  readonly blockTtlSeconds: number;
  /** A ring of the query log for each thread. @default {none} */
  readonly logs?: readonly SharedArrayBuffer[];
}

export interface ChainOfThread {
  readonly chain: Chain;
  readonly blocker: ListBlocker;
  readonly log: LogRing | undefined;
  /** What the chain is made of. */
  readonly parts: ChainParts;
}

/**
 * Makes the chain of one thread.
 *
 * @param thread its number among the UDP threads; undefined on the main thread, which also writes what all read
 */
export function chainOf(settings: ChainSettings, thread: number | undefined): ChainOfThread {
  const blocker = new ListBlocker(settings.block, thread);
  const rows = settings.counts.byteLength / (CHAIN_COUNTS * 8);
  const row = thread ?? rows - 1;
  const ring = settings.logs?.[row];
  const log = ring && new LogRing(ring);
  const parts: ChainParts = {
    guard: { refusal: () => undefined, isSilent: false, sawSpecial: () => undefined },
    special: new SpecialNames(settings),
    local: new LocalNames(settings.local),
    blocker,
    cache: new AnswerReader(settings.cache, settings.ages),
    counts: new Float64Array(settings.counts, row * CHAIN_COUNTS * 8, CHAIN_COUNTS),
    blockMode: settings.blockMode,
    blockTtlSeconds: settings.blockTtlSeconds,
    log,
  };
  return { chain: new Chain(parts), parts, blocker, log };
}
