/** Floor 2: what is kept on disk. History in three resolutions, past runs; SQLite in a thread of its own. */
export { Store, type StoreOptions } from "./store.ts";
export type {
  HistoryBlock,
  HistoryQuery,
  HistorySeries,
  Json,
  Labels,
  ListedRun,
  Run,
  SeriesName,
  StoredRun,
} from "./types.ts";
