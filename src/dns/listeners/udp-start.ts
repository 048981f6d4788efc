import type { AgeOptions } from "../answers/mod.ts";
import type { BlockMode } from "../chain/mod.ts";
import type { LocalSettings } from "../local/mod.ts";
import type { SpecialOptions } from "../special/mod.ts";
import type { BlockSettings } from "./list-blocker.ts";

/** What the threads of the UDP listener are started with: plain data, and memory that all share. */
export interface UdpStart extends SpecialOptions {
  readonly block: BlockSettings;
  readonly local: LocalSettings;
  /** Memory of an `AnswerWriter`. */
  readonly cache: SharedArrayBuffer;
  readonly ages: AgeOptions;
  /** `CHAIN_COUNTS` doubles for each thread. */
  readonly counts: SharedArrayBuffer;
  readonly blockMode: BlockMode;
  readonly blockTtlSeconds: number;
  /** A ring of the query log for each thread. @default {none} */
  readonly logs?: readonly SharedArrayBuffer[];
}

/** Posted by a thread: its ring of the query log is half full. */
export const LOG_HALF_FULL = "log-half-full";

/** Why a query is handed over. */
export const HandedOver = {
  /** The client waits for the answer. */
  miss: 0,
  /** It was answered from the cache, but that answer should be refreshed. */
  refresh: 1,
} as const;
