/** Layer 2: persistence. History in three resolutions, past runs, DNS queries and states of services, in SQLite, on a thread of its own. */
export {
  type ForeignRow,
  ForeignTablesError,
  type ForeignTablesOptions,
  type ForeignValue,
  readForeignTables,
} from "./foreign-tables.ts";
export { Store, type StoreOptions } from "./store.ts";
export {
  type HistoryBlock,
  type HistoryQuery,
  type HistorySeries,
  type Json,
  type KeptService,
  type KeptServices,
  type Labels,
  type ListedRun,
  QUERY_IDS_PER_MS,
  type QueryHour,
  type QueryLimits,
  type QueryPage,
  type QueryRow,
  type QuerySearch,
  type Run,
  type SeriesName,
  type ServicesForget,
  type ServicesRewind,
  type ServicesWrite,
  type StoredChange,
  type StoredRun,
  type StoredTimes,
} from "./types.ts";
