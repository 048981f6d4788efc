import { logEntry, logOf, sourceUrl } from "../base/mod.ts";
import { LEVELS } from "./levels.ts";
import type { FromWorker, Kind, Questions, StoreSettings, ToWorker } from "./messages.ts";
import type { HistoryBlock, HistoryQuery, HistorySeries, ListedRun, Run, SeriesName, StoredRun } from "./types.ts";

export interface StoreOptions {
  /** Where `history.sqlite` and `runs.sqlite` are. Made, for its owner alone, where it is missing. */
  readonly folder: string;
  /** The oldest runs go when there are more. @default {500} */
  readonly maxRuns?: number;
  /** Of all runs together, compressed. @default {20971520} */
  readonly maxRunBytes?: number;
  /** How long a disk that failed is left alone; each time twice as long. ms @default {60000} */
  readonly retryMs?: number;
  /** ms @default {1800000} */
  readonly maxRetryMs?: number;
}

const log = logOf("store");
/** What the worker gets to close its files; then it is ended, and the files are whole all the same. */
const CLOSE_MS = 5000;

/** What the runtime's workers have beyond the web's. */
type Thread = Worker & { ref(): void; unref(): void };

/**
 * History and runs on disk, in a thread of its own. Nothing here throws because of a disk: what cannot be written is refused
 * (the caller keeps it), what cannot be read is empty, and the trouble is logged when it begins and when it is over.
 *
 * The thread starts with the first question. It costs descriptors: a server that may run out of them asks `open` first.
 *
 * @example
 * const store = new Store({ folder: "/var/lib/tenk" });
 * await store.open();
 * await store.runs.list();
 * await store.stop();
 */
export class Store {
  /** What the history on disk is made of, finest first, and how long each is kept. ms */
  readonly levels: readonly { readonly stepMs: number; readonly keepMs: number }[] = LEVELS;
  readonly #settings: StoreSettings;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #worker: Thread | undefined;
  #nextId = 1;
  #isStopped = false;

  constructor({
    folder,
    maxRuns = 500,
    maxRunBytes = 20 * 2 ** 20,
    retryMs = 60_000,
    maxRetryMs = 1_800_000,
  }: StoreOptions) {
    this.#settings = { folder, runLimits: { maxRuns, maxBytes: maxRunBytes }, retryMs, maxRetryMs };
  }

  /** Opens the history, or says in the log why not. @returns whether it is open */
  async open(): Promise<boolean> {
    return (await this.#ask("open", {})) ?? false;
  }

  /**
   * Adds blocks, in the order of their time.
   *
   * @param insist tries even where the disk failed a moment ago: for the last write @default {false}
   * @returns false where they are not on disk: keep them for later
   */
  async write(blocks: readonly HistoryBlock[], insist = false): Promise<boolean> {
    return (await this.#ask("write", { blocks, insist })) ?? false;
  }

  async read(query: HistoryQuery): Promise<HistorySeries[]> {
    return (await this.#ask("read", { query })) ?? [];
  }

  async names(): Promise<SeriesName[]> {
    return (await this.#ask("names", {})) ?? [];
  }

  readonly runs = {
    /** One that is there to its last byte is not added again. @returns its id; undefined where it could not be written */
    add: (run: Run): Promise<number | undefined> => this.#ask("addRun", { run }),
    /** Newest first. @param limit @default {100} */
    list: async (limit = 100): Promise<ListedRun[]> => (await this.#ask("listRuns", { limit })) ?? [],
    get: (id: number): Promise<StoredRun | undefined> => this.#ask("getRun", { run: id }),
    /** @returns whether there was one */
    remove: async (id: number): Promise<boolean> => (await this.#ask("removeRun", { run: id })) ?? false,
  };

  /** Closes the files. What is asked afterwards is empty. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    const closed = this.#worker === undefined ? undefined : this.#ask("close", {});
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

  #ask<Key extends Kind>(kind: Key, question: Questions[Key]["ask"]): Promise<Questions[Key]["answer"] | undefined> {
    if (this.#isStopped) return Promise.resolve(undefined);
    const worker = this.#started();
    const id = this.#nextId++;
    return new Promise((resolve) => {
      worker.postMessage({ ...question, kind, id } as unknown as ToWorker);
      this.#waiting.set(id, resolve as (value: unknown) => void);
      worker.ref();
    });
  }

  /** A thread that died is started again by the next question. */
  #started(): Thread {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(sourceUrl("store/worker.ts")) as Thread;
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "log") return logEntry(data.entry);
      this.#waiting.get(data.id)?.(data.value);
      this.#waiting.delete(data.id);
      // A thread that waits for questions is no reason for a process to go on.
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
