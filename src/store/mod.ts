/** Layer 2: persistence. History in three resolutions and past runs, in SQLite, on a thread of its own. */
export {
  type ForeignRow,
  ForeignTablesError,
  type ForeignTablesOptions,
  type ForeignValue,
  readForeignTables,
} from "./foreign-tables.ts";
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
