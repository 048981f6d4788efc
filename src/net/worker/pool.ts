import { flushOccasional, logEntry, logOf, messageOf, occasionally, sourceUrl, TenkError } from "../../base/mod.ts";
import { hasHandlerOptions, type LoopChange, type PreparedChange } from "../change.ts";
import { Count, CountRows, type ListenerCounts, type WorkerCounts } from "../counts.ts";
import { listenError } from "../listen-error.ts";
import { SKETCH_BYTES } from "../loop/mod.ts";
import { subscriberSettings } from "../publish/mod.ts";
import type { Question } from "../questions.ts";
import { type LimitSettings, limitSettings } from "../settings.ts";
import { withTexts } from "../tls/mod.ts";
import type { Limits, ListenOptions } from "../types.ts";
import { type ChangingPool, prepareWorkers } from "./changes.ts";
import { crashReason } from "./crash.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { failureError, WorkerQuestions } from "./questions.ts";
import { RelayedPublishes } from "./relayed-publishes.ts";

const log = logOf("net");

/** A crashed worker comes back after this long, twice as long each time it crashes again within a minute, at most 10 s. */
const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;
const FORGIVEN_AFTER_MS = 60_000;
/** What a worker gets beyond the grace to answer that it has stopped. */
const STOP_SLACK_MS = 1000;

/**
 * Several event loops on one port (SO_REUSEPORT): the kernel deals the connections out, each worker counts in its own row
 * of shared memory, and what the limits compare with is the sum of the rows. Two workers that accept in the same instant
 * may each see the sum without the other: a limit can be passed by at most `workers - 1`.
 *
 * Workers start one after the other; several at once have crashed the runtime under load (oven-sh/bun#41022).
 */
export class WorkerPool implements ChangingPool {
  port: number;
  #options: ListenOptions;
  #handlerHref: string;
  readonly questions = new WorkerQuestions();
  readonly #listened = new WeakSet<Worker>();
  readonly #rows: CountRows;
  readonly #relayed: RelayedPublishes;
  readonly #sayDropped: () => void;
  readonly #addresses: SharedArrayBuffer;
  readonly #salt = crypto.getRandomValues(new Int32Array(1))[0]!;
  readonly #workers: (Worker | undefined)[];
  readonly #crashes: { count: number; lastMs: number }[];
  readonly #restarts = new Set<ReturnType<typeof setTimeout>>();
  /** Starts wait for each other here. */
  #starting: Promise<unknown> = Promise.resolve();
  #limits: LimitSettings;
  #hasStarted = false;
  #stopping = false;

  constructor(options: ListenOptions, handlerHref: string, workers: number) {
    this.#options = withoutFiles(options);
    this.#handlerHref = handlerHref;
    this.port = options.port ?? 0;
    this.#limits = limitSettings(options.limits ?? {});
    this.#rows = CountRows.shared(workers);
    this.#addresses = new SharedArrayBuffer(SKETCH_BYTES * workers);
    this.#relayed = new RelayedPublishes(this.#rows, subscriberSettings(options.subscribers).maxRelayedBytes);
    this.#sayDropped = occasionally((count) => {
      log.warn("published messages lost: a worker takes none", { name: options.name ?? "tcp", count });
    });
    this.#workers = new Array(workers).fill(undefined);
    this.#crashes = Array.from({ length: workers }, () => ({ count: 0, lastMs: 0 }));
  }

  /** @throws {TenkError} what the first worker that could not listen said */
  async start(): Promise<void> {
    this.#claimPort();
    try {
      for (let index = 0; index < this.#workers.length; index++) await this.#startWorker(index);
      this.#hasStarted = true;
    } catch (error) {
      this.#stopping = true;
      for (const restart of this.#restarts) clearTimeout(restart);
      for (const worker of this.#workers) worker?.terminate();
      throw error;
    }
  }

  counts(): ListenerCounts {
    const counts = this.#rows.read();
    return { ...counts, publishedDropped: counts.publishedDropped + this.#relayed.dropped };
  }

  workerCounts(): WorkerCounts[] {
    return this.#rows.readEach();
  }

  update(limits: Limits): void {
    this.#limits = limitSettings(limits, this.#limits);
    this.#tell({ kind: "limits", limits: this.#limits });
  }

  /** Asks every worker. */
  ask(question: Question): Promise<unknown[]> {
    const workers = this.#workers.filter((worker) => worker !== undefined);
    return Promise.all(workers.map((worker) => this.questions.ask(worker, question)));
  }

  /** @throws {TenkError} why one worker refuses; nothing has changed on any then */
  async prepare(change: LoopChange, withinMs: number): Promise<PreparedChange> {
    if (change.handler !== undefined && typeof change.handler !== "string") {
      throw new TenkError("invalid-option", "Cannot replace the handler of workers by an object: pass its file's URL");
    }
    return prepareWorkers(this, travelling(withoutFiles(change)), withinMs);
  }

  // ---- what a change asks ------------------------------------------------------------------------------------------

  get name(): string {
    return this.#options.name ?? "tcp";
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  workers(): readonly (Worker | undefined)[] {
    return this.#workers;
  }

  hasListened(worker: Worker): boolean {
    return this.#listened.has(worker);
  }

  take(change: LoopChange): void {
    if (typeof change.handler === "string") this.#handlerHref = change.handler;
    if (change.tls !== undefined) this.#options = { ...this.#options, tls: change.tls };
    if (hasHandlerOptions(change)) this.#options = { ...this.#options, handlerOptions: change.handlerOptions };
  }

  // ---- the rest of a server ----------------------------------------------------------------------------------------

  publish(topic: string, message: Uint8Array): void {
    this.#passOn({ topic, message }, undefined);
  }

  /** A worker that does not answer, because a handler holds its loop, is ended when the grace is over. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const restart of this.#restarts) clearTimeout(restart);
    const stopped = this.#workers.map(
      (worker) =>
        worker &&
        new Promise<void>((resolve) => {
          worker.addEventListener("close", () => resolve());
          worker.addEventListener("message", (event: MessageEvent<FromWorker>) => {
            if (event.data.kind === "stopped") resolve();
          });
        }),
    );
    this.#tell({ kind: "stop", graceMs });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const overdue = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(graceMs + STOP_SLACK_MS, 2 ** 31 - 1));
    });
    await Promise.race([Promise.all(stopped), overdue]);
    clearTimeout(timer);
    for (const [index, worker] of this.#workers.entries()) {
      this.#workers[index] = undefined;
      worker?.terminate();
      this.#rows.buryWorker(index);
    }
    flushOccasional();
  }

  /** Closes what is open, now; a worker that does not answer within a moment is ended. */
  closeAll(): void {
    this.#tell({ kind: "close-all" });
    setTimeout(() => {
      for (const worker of this.#workers) worker?.terminate();
    }, STOP_SLACK_MS).unref();
  }

  #tell(message: ToWorker): void {
    for (const worker of this.#workers) worker?.postMessage(message);
  }

  /**
   * Opens the port once without sharing and closes it again: with SO_REUSEPORT alone, a second program of the same user
   * would silently get half of our connections instead of "in use".
   */
  #claimPort(): void {
    const host = this.#options.host ?? "0.0.0.0";
    try {
      const claim = Bun.listen({ hostname: host, port: this.port, socket: { data() {} } });
      this.port = claim.port;
      claim.stop(true);
    } catch (error) {
      throw listenError(error, this.#options);
    }
  }

  #startWorker(index: number): Promise<void> {
    const started = this.#starting.then(() => this.#startNow(index));
    this.#starting = started.catch(() => {});
    return started;
  }

  async #startNow(index: number): Promise<void> {
    if (this.#stopping) return;
    const worker = new Worker(sourceUrl("net/worker/worker.ts"));
    this.#workers[index] = worker;
    this.#relayed.began(index);
    const listening = new Promise<void>((resolve, reject) => {
      worker.addEventListener("message", (event: MessageEvent<FromWorker>) => {
        const message = event.data;
        if (message.kind === "listening") {
          this.#listened.add(worker);
          resolve();
        }
        if (message.kind === "failed") reject(failureError(message));
        if (message.kind === "log") logEntry(message.entry);
        if (message.kind === "publish") this.#passOn(message, worker);
        this.questions.receive(message);
      });
      let how = " without an error, as by process.exit";
      worker.addEventListener("error", (event: ErrorEvent) => {
        event.preventDefault();
        const error = crashReason(event.message);
        how = `: ${error}`;
        log.error("worker failed", { worker: index, error });
      });
      worker.addEventListener("close", () => {
        if (this.#workers[index] === worker) this.#crashed(index);
        reject(new TenkError("worker-failed", `Cannot start "${this.name}": worker ${index} ended${how}`));
      });
    });
    worker.postMessage({
      kind: "start",
      options: { ...this.#options, port: this.port, limits: this.#limits },
      handlerHref: this.#handlerHref,
      worker: index,
      workers: this.#workers.length,
      counts: this.#rows.buffer as SharedArrayBuffer,
      addresses: this.#addresses,
      salt: this.#salt,
    } satisfies ToWorker);
    await listening;
  }

  #passOn({ topic, message }: { topic: string; message: Uint8Array }, from: Worker | undefined): void {
    for (const [index, worker] of this.#workers.entries()) {
      if (worker === undefined || worker === from) continue;
      if (this.#relayed.mayGo(index, message.length)) {
        worker.postMessage({ kind: "publish", topic, message } satisfies ToWorker);
      } else {
        this.#sayDropped();
      }
    }
  }

  #crashed(index: number): void {
    const hasListened = this.#listened.has(this.#workers[index]!);
    this.#workers[index] = undefined;
    if (this.#stopping) return;
    if (!this.#hasStarted && !hasListened) {
      // Its listener does not start: who asked for it is told why.
      log.error("worker crashed, not restarted: its listener does not start", { worker: index });
      return;
    }
    this.#rows.buryWorker(index);
    this.#rows.row(index)[Count.workerRestarts]! += 1;
    new Int32Array(this.#addresses, index * SKETCH_BYTES, SKETCH_BYTES / 4).fill(0);
    const crash = this.#crashes[index]!;
    const nowMs = performance.now();
    crash.count = nowMs - crash.lastMs > FORGIVEN_AFTER_MS ? 1 : crash.count + 1;
    crash.lastMs = nowMs;
    const waitMs = Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** (crash.count - 1));
    log.error("worker crashed, restarting", { worker: index, waitMs });
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      this.#startWorker(index).catch((error: unknown) => {
        log.error("worker cannot start", { worker: index, error: messageOf(error) });
        // Ends in another "close", and so in another, later, attempt.
        this.#workers[index]?.terminate();
      });
    }, waitMs);
    this.#restarts.add(restart);
  }
}

function withoutFiles<Options extends Pick<LoopChange, "tls">>(options: Options): Options {
  return options.tls === undefined ? options : { ...options, tls: withTexts(options.tls) };
}

/** As it arrives on another thread. A copy: workers that start later get the same, whatever its owner did to it. */
function travelling(change: LoopChange): LoopChange {
  try {
    return structuredClone(change);
  } catch (error) {
    throw new TenkError("invalid-option", `Cannot give handlerOptions to workers: ${messageOf(error)}`, {
      hint: "only data travels between threads: no functions, no objects that stand for something outside",
    });
  }
}
