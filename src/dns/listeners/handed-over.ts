/** Posted by a thread: its ring of the query log is half full. */
export const LOG_HALF_FULL = "log-half-full";

/** Why a query is handed over to the main thread. */
export const HandedOver = {
  /** The client waits for the answer. */
  miss: 0,
  /** It was answered from the cache, but that answer should be refreshed. */
  refresh: 1,
} as const;
