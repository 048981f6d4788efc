import type { LogEntry } from "../base/mod.ts";
import type { RunLimits } from "./runs-file.ts";
import type { HistoryBlock, HistoryQuery, HistorySeries, ListedRun, Run, SeriesName, StoredRun } from "./types.ts";

/** How the worker shall keep its files. */
export interface StoreSettings {
  readonly folder: string;
  readonly runLimits: RunLimits;
  readonly retryMs: number;
  readonly maxRetryMs: number;
}

/** What the worker can be asked, and what it answers; undefined where the disk does not let it. */
export interface Questions {
  open: { ask: object; answer: boolean };
  write: { ask: { blocks: readonly HistoryBlock[]; insist: boolean }; answer: boolean };
  read: { ask: { query: HistoryQuery }; answer: HistorySeries[] };
  names: { ask: object; answer: SeriesName[] };
  addRun: { ask: { run: Run }; answer: number | undefined };
  listRuns: { ask: { limit: number }; answer: ListedRun[] };
  getRun: { ask: { run: number }; answer: StoredRun | undefined };
  removeRun: { ask: { run: number }; answer: boolean };
  close: { ask: object; answer: undefined };
}

export type Kind = keyof Questions;
export type Ask = { [Key in Kind]: { kind: Key } & Questions[Key]["ask"] }[Kind];

export type ToWorker = { kind: "start"; settings: StoreSettings } | ({ id: number } & Ask);
export type FromWorker = { kind: "answer"; id: number; value: unknown } | { kind: "log"; entry: LogEntry };
