import type { LogEntry } from "../base/mod.ts";
import type { RunLimits } from "./runs-file.ts";
import type {
  HistoryBlock,
  HistoryQuery,
  HistorySeries,
  KeptServices,
  ListedRun,
  QueryHour,
  QueryLimits,
  QueryPage,
  QueryRow,
  QuerySearch,
  Run,
  SeriesName,
  ServicesWrite,
  StoredRun,
} from "./types.ts";

/** The worker's settings. */
export interface StoreSettings {
  readonly folder: string;
  readonly runLimits: RunLimits;
  readonly retryMs: number;
  readonly maxRetryMs: number;
}

/** Requests to the worker with their results; a result is undefined where the disk failed. */
export interface StoreRequests {
  open: { request: object; result: boolean };
  write: { request: { blocks: readonly HistoryBlock[]; insist: boolean }; result: boolean };
  read: { request: { query: HistoryQuery }; result: HistorySeries[] };
  names: { request: object; result: SeriesName[] };
  addRun: { request: { run: Run }; result: number | undefined };
  listRuns: { request: { limit: number }; result: ListedRun[] };
  getRun: { request: { run: number }; result: StoredRun | undefined };
  removeRun: { request: { run: number }; result: boolean };
  addQueries: { request: { rows: readonly QueryRow[]; limits: QueryLimits; insist: boolean }; result: boolean };
  searchQueries: { request: { search: QuerySearch }; result: QueryPage };
  queryHours: { request: { fromMs: number; marked: number }; result: QueryHour[] };
  clearQueries: { request: object; result: boolean };
  writeServices: { request: { write: ServicesWrite; insist: boolean }; result: boolean };
  readServices: { request: { maxChanges: number }; result: KeptServices | undefined };
  close: { request: object; result: undefined };
}

export type Kind = keyof StoreRequests;
export type StoreRequest = { [Key in Kind]: { kind: Key } & StoreRequests[Key]["request"] }[Kind];

export type ToWorker = { kind: "start"; settings: StoreSettings } | ({ id: number } & StoreRequest);
export type FromWorker = { kind: "result"; id: number; value: unknown } | { kind: "log"; entry: LogEntry };
