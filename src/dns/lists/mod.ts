/** Block lists from URLs: fetched, validated, kept on the disk, refreshed each day. */
export type { FetchOptions } from "./fetch-list.ts";
export { KNOWN_LISTS, listUrl } from "./known-lists.ts";
export { LIST_FAILURES, ListError, type ListFailure } from "./list-error.ts";
export { ListFolder, localListPath, type StoredList, type UpdateResult } from "./list-folder.ts";
export { type ListState, ListUpdater, type ListUpdaterOptions } from "./list-updater.ts";
