import { logEntry, logOf, sourceUrl } from "../base/mod.ts";
import { LEVELS } from "./levels.ts";
import type { FromWorker, Kind, StoreRequests, StoreSettings, ToWorker } from "./messages.ts";
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

export interface StoreOptions {
  /** Holds `history.sqlite`, `runs.sqlite`, `queries.sqlite` and `services.sqlite`. Created with access for its owner only where it is missing. */
  readonly folder: string;
  /** The oldest runs beyond this number are deleted. @default {500} */
  readonly maxRuns?: number;
  /** Size of all runs together, compressed. @default {20971520} */
  readonly maxRunBytes?: number;
  /** Pause after a disk failed, doubled each time. ms @default {60000} */
  readonly retryMs?: number;
  /** The longest pause. ms @default {1800000} */
  readonly maxRetryMs?: number;
}

const log = logOf("store");
/** Time for the worker to close its files. It is terminated afterwards; the files stay intact. */
const CLOSE_MS = 5000;

/** Requests for the file that processes share, and the end. */
const SHARED: ReadonlySet<Kind> = new Set(["addRun", "listRuns", "getRun", "removeRun", "close"]);

/** The runtime's workers have methods that web workers do not. */
type Thread = Worker & { ref(): void; unref(): void };

/**
 * History, runs, DNS queries and states of services on disk, in a thread of its own. A disk problem never throws: a failed write returns false (the caller keeps
 * the blocks), a failed read returns nothing, and the problem is logged when it begins and when it ends.
 *
 * The thread starts with the first request. It needs descriptors: a server that may run out of them calls `open` first.
 *
 * @example
 * const store = new Store({ folder: "/var/lib/tenk" });
 * await store.open();
 * await store.runs.list();
 * await store.stop();
 */
export class Store {
  /** The resolutions of the history on disk, finest first, and how long each is kept. ms */
  readonly levels: readonly { readonly stepMs: number; readonly keepMs: number }[] = LEVELS;
  readonly #settings: StoreSettings;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #worker: Thread | undefined;
  #nextId = 1;
  #isStopped = false;
  #isFrozen = false;

  constructor({
    folder,
    maxRuns = 500,
    maxRunBytes = 20 * 2 ** 20,
    retryMs = 60_000,
    maxRetryMs = 1_800_000,
  }: StoreOptions) {
    this.#settings = { folder, runLimits: { maxRuns, maxBytes: maxRunBytes }, retryMs, maxRetryMs };
  }

  /** Opens the history, or logs why it cannot. @returns whether it is open */
  async open(): Promise<boolean> {
    return (await this.#request("open", {})) ?? false;
  }

  /**
   * Adds blocks, in the order of their time.
   *
   * @param insist ignores the pause after a failure: for the last write @default {false}
   * @returns false where they were not written: keep them for later
   */
  async write(blocks: readonly HistoryBlock[], insist = false): Promise<boolean> {
    return (await this.#request("write", { blocks, insist })) ?? false;
  }

  async read(query: HistoryQuery): Promise<HistorySeries[]> {
    return (await this.#request("read", { query })) ?? [];
  }

  async names(): Promise<SeriesName[]> {
    return (await this.#request("names", {})) ?? [];
  }

  readonly runs = {
    /** An identical run is not added twice. @returns its id; undefined where it could not be written */
    add: (run: Run): Promise<number | undefined> => this.#request("addRun", { run }),
    /** Newest first. @param limit @default {100} */
    list: async (limit = 100): Promise<ListedRun[]> => (await this.#request("listRuns", { limit })) ?? [],
    get: (id: number): Promise<StoredRun | undefined> => this.#request("getRun", { run: id }),
    /** @returns whether there was one */
    remove: async (id: number): Promise<boolean> => (await this.#request("removeRun", { run: id })) ?? false,
  };

  readonly queries = {
    /**
     * Adds rows, in the order of their ids, and deletes what exceeds the limits.
     *
     * @param insist ignores the pause after a failure: for the last write @default {false}
     * @returns false where they were not written: keep them for later
     */
    add: async (rows: readonly QueryRow[], limits: QueryLimits, insist = false): Promise<boolean> =>
      (await this.#request("addQueries", { rows, limits, insist })) ?? false,
    /** A search looks at 50 000 rows at most, and says where to go on. */
    search: async (search: QuerySearch): Promise<QueryPage> =>
      (await this.#request("searchQueries", { search })) ?? { rows: [], nextId: undefined },
    /** Counts by hour. @param marked the verdict whose names are counted apart */
    hours: async (fromMs: number, marked: number): Promise<QueryHour[]> =>
      (await this.#request("queryHours", { fromMs, marked })) ?? [],
    /** Deletes all. @returns whether it could */
    clear: async (): Promise<boolean> => (await this.#request("clearQueries", {})) ?? false,
  };

  readonly services = {
    /** @param insist ignores the pause after a failure: for the last write @default {false} @returns false where it was not written */
    write: async (write: ServicesWrite, insist = false): Promise<boolean> =>
      (await this.#request("writeServices", { write, insist })) ?? false,
    /** @param maxChanges of one service, the newest @returns undefined where nothing was written yet, or the disk failed */
    read: (maxChanges: number): Promise<KeptServices | undefined> => this.#request("readServices", { maxChanges }),
  };

  /**
   * Writes and closes the files that one process alone may open, so that another can. Until `thaw` requests for them return what they
   * return when the disk fails: the caller keeps what it has. Load tests are in a file that processes share.
   */
  async freeze(): Promise<void> {
    if (this.#isFrozen || this.#isStopped) return;
    const closed = this.#worker === undefined ? undefined : this.#request("close", {});
    this.#isFrozen = true;
    await closed;
  }

  /** Opens the files again with the next request. */
  thaw(): void {
    this.#isFrozen = false;
  }

  /** Closes the files. Later requests return nothing. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    const closed = this.#worker === undefined ? undefined : this.#request("close", {});
    this.#isStopped = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const overdue = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([closed, overdue]);
    clearTimeout(timer);
    this.#worker?.terminate();
    this.#ended(this.#worker);
  }

  #request<Key extends Kind>(
    kind: Key,
    request: StoreRequests[Key]["request"],
  ): Promise<StoreRequests[Key]["result"] | undefined> {
    if (this.#isStopped || (this.#isFrozen && !SHARED.has(kind))) return Promise.resolve(undefined);
    const worker = this.#started();
    const id = this.#nextId++;
    return new Promise((resolve) => {
      worker.postMessage({ ...request, kind, id } as unknown as ToWorker);
      this.#waiting.set(id, resolve as (value: unknown) => void);
      worker.ref();
    });
  }

  /** Starts the thread, also after it crashed. */
  #started(): Thread {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(sourceUrl("store/worker.ts")) as Thread;
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "log") return logEntry(data.entry);
      this.#waiting.get(data.id)?.(data.value);
      this.#waiting.delete(data.id);
      // An idle thread must not keep the process running.
      if (this.#waiting.size === 0) worker.unref();
    });
    worker.addEventListener("error", (event: ErrorEvent) => {
      event.preventDefault();
      log.error("store failed", { error: event.message });
    });
    worker.addEventListener("close", () => this.#ended(worker));
    worker.postMessage({ kind: "start", settings: this.#settings } satisfies ToWorker);
    this.#worker = worker;
    return worker;
  }

  #ended(worker: Thread | undefined): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}
