import { type AgeOptions, AnswerReader } from "../answers/mod.ts";
import { type BlockAnswerOptions, CHAIN_COUNTS, Chain, type ChainParts, type Guard } from "../chain/mod.ts";
import type { GuardSettings } from "../guard/mod.ts";
import { LocalNames, type LocalSettings } from "../local/mod.ts";
import { LogRing } from "../log/mod.ts";
import { SpecialNames, type SpecialOptions } from "../special/mod.ts";
import { type BlockSettings, ListBlocker } from "./list-blocker.ts";

/** What each thread that answers queries makes its chain of: plain data, and memory that all share. */
export interface ChainSettings extends SpecialOptions, BlockAnswerOptions {
  readonly guard: GuardSettings;
  readonly block: BlockSettings;
  readonly local: LocalSettings;
  /** Memory of an `AnswerWriter`. */
  readonly cache: SharedArrayBuffer;
  readonly ages: AgeOptions;
  /** `CHAIN_COUNTS` doubles for each thread; the main thread's are the last. */
  readonly counts: SharedArrayBuffer;
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
 * @param guard of this thread, which outlives its chains
 * @param thread its number among the UDP threads; undefined on the main thread, which also writes what all read
 * @param before the thread's blocker until now
 */
export function chainOf(
  settings: ChainSettings,
  guard: Guard,
  thread: number | undefined,
  before?: ListBlocker,
): ChainOfThread {
  const blocker = new ListBlocker(settings.block, thread, before);
  const rows = settings.counts.byteLength / (CHAIN_COUNTS * 8);
  const row = thread ?? rows - 1;
  const ring = settings.logs?.[row];
  const log = ring && new LogRing(ring);
  const parts: ChainParts = {
    guard,
    special: new SpecialNames(settings),
    local: new LocalNames(settings.local),
    blocker,
    cache: new AnswerReader(settings.cache, settings.ages),
    counts: new Float64Array(settings.counts, row * CHAIN_COUNTS * 8, CHAIN_COUNTS),
    blockMode: settings.blockMode,
    blockAddresses: settings.blockAddresses,
    blockTtlSeconds: settings.blockTtlSeconds,
    log,
  };
  return { chain: new Chain(parts), parts, blocker, log };
}
