import { flushOccasional, logOf, messageOf, occasionally, sourceUrl, TenkError } from "../../base/mod.ts";
import { hasHandlerOptions, type LoopChange, type PreparedChange } from "../change.ts";
import { Count, CountRows, type ListenerCounts, type WorkerCounts } from "../counts.ts";
import { portOf } from "../ffi.ts";
import { HandlerRows } from "../handler-rows.ts";
import {
  type Acceptor,
  addAcceptor,
  claim,
  isAcceptingPaused,
  isHandedOver,
  release,
  shareOf,
} from "../inherit/mod.ts";
import { LoopListener, SKETCH_BYTES } from "../loop/mod.ts";
import { freshVersion } from "../module/mod.ts";
import { subscriberSettings } from "../publish/mod.ts";
import type { WorkerMessage, WorkerRequest } from "../requests.ts";
import { type LimitSettings, limitSettings } from "../settings.ts";
import { withTexts } from "../tls/mod.ts";
import type { Handler, Limits, ListenOptions } from "../types.ts";
import { prepareWorkers } from "./changes.ts";
import { claimedPort } from "./claimed-port.ts";
import type { ListenerStart, Published } from "./listener-program.ts";
import { LocalWorker } from "./local-worker.ts";
import { RelayedPublishes } from "./relayed-publishes.ts";
import { sharedThreads } from "./thread-pool.ts";
import type { WorkerLink, Workers } from "./workers.ts";

const log = logOf("net");

const NO_COUNTS = { counters: 0 };

/** The number of event loops and, on threads, the address of the handler that each loads. */
interface GroupKind {
  readonly workers: number;
  readonly handlerHref?: string;
}

/**
 * The event loops of one listener. Several share its port (SO_REUSEPORT): the kernel deals the connections out, each worker
 * counts in its own row of shared memory, and what the limits compare with is the sum of the rows. Two workers that accept in
 * the same instant may each see the sum without the other: a limit can be passed by at most `workers - 1`.
 */
export class WorkerGroup {
  readonly name: string;
  readonly count: number;
  port = 0;
  isStopping = false;
  /** Gets every message that is published here, by connections or by the server; none that `deliver` brings. */
  onPublish: ((topic: string, message: Uint8Array) => void) | undefined;
  #options: ListenOptions;
  #handlerHref: string | undefined;
  #limits: LimitSettings;
  #workers: Workers | undefined;
  readonly #rows: CountRows;
  readonly #handlerRows: HandlerRows;
  readonly #addresses: ArrayBuffer | SharedArrayBuffer;
  readonly #salt = crypto.getRandomValues(new Int32Array(1))[0]!;
  readonly #relayed: RelayedPublishes;
  readonly #logDropped: () => void;
  /** Sockets that this process was started with; event loops listen on duplicates, also those that start again. */
  readonly #inherited: number[];
  readonly #leaveAcceptors: () => void;

  private constructor(options: ListenOptions, { workers, handlerHref }: GroupKind) {
    const isShared = handlerHref !== undefined;
    this.name = options.name ?? "tcp";
    this.count = workers;
    this.#options = options;
    this.#handlerHref = handlerHref;
    this.#limits = limitSettings(options.limits ?? {});
    this.#rows = isShared ? CountRows.shared(workers) : new CountRows(workers);
    this.#handlerRows = new HandlerRows(options.handlerCounts ?? NO_COUNTS, workers, isShared);
    this.#addresses = isShared ? new SharedArrayBuffer(SKETCH_BYTES * workers) : new ArrayBuffer(SKETCH_BYTES);
    this.#relayed = new RelayedPublishes(this.#rows, subscriberSettings(options.subscribers).maxRelayedBytes);
    this.#inherited = claim(options.path === undefined ? "tcp" : "unix", { host: "0.0.0.0", ...options });
    this.#leaveAcceptors = addAcceptor(this);
    this.#logDropped = occasionally((count) => {
      log.warn("published messages dropped: worker does not respond", { name: this.name, count });
    });
  }

  /** On the event loop that this is called on. @throws {TenkError} why it cannot listen */
  static here<Data>(options: ListenOptions, handler: Handler<Data>): WorkerGroup {
    const group = new WorkerGroup(options, { workers: 1 });
    const state = {
      rows: group.#rows,
      handlerRow: group.#handlerRows.row(0),
      addresses: group.#addresses,
      salt: group.#salt,
    };
    const sockets = { sharePort: false, inherited: group.#inherited, isPaused: isAcceptingPaused() };
    try {
      const loop = new LoopListener(options, handler, state, 0, sockets);
      loop.forward = (topic, message) => group.onPublish?.(topic, message);
      group.port = loop.port;
      group.#workers = new LocalWorker(loop as LoopListener<unknown>);
      return group;
    } catch (error) {
      group.#release();
      throw error;
    }
  }

  /** On threads of the pool. @throws {TenkError} what the first worker that could not listen said */
  static async onThreads(options: ListenOptions, handlerHref: string, workers: number): Promise<WorkerGroup> {
    const { threads = sharedThreads, tls, handlerOptions, ...rest } = options;
    const travellers = travelling({ handlerOptions, ...(tls === undefined ? {} : { tls }) });
    const group = new WorkerGroup({ ...rest, ...travellers }, { workers, handlerHref });
    const [first] = group.#inherited;
    try {
      group.port = first === undefined ? claimedPort(options) : portOf(first);
    } catch (error) {
      group.#release();
      throw error;
    }
    const deployment = threads.deployment({
      name: group.name,
      module: sourceUrl("net/worker/listener-program.ts"),
      startMessage: (index) => group.#startMessage(index),
      receive: (index, message) => {
        const published = message as Published;
        group.#passOn(published, index);
        group.onPublish?.(published.topic, published.message);
      },
      ended: (index) => group.#ended(index),
    });
    group.#workers = deployment;
    try {
      await deployment.start(workers);
      return group;
    } catch (error) {
      group.#release();
      throw error;
    }
  }

  counts(): ListenerCounts {
    const counts = this.#rows.read();
    return { ...counts, publishedDropped: counts.publishedDropped + this.#relayed.dropped };
  }

  workerCounts(): WorkerCounts[] {
    return this.count === 1 ? [] : this.#rows.readEach();
  }

  handlerRows(): Float64Array[] {
    return this.#handlerRows.each();
  }

  threads(): readonly (number | undefined)[] {
    return this.#workers?.threads() ?? [];
  }

  update(limits: Limits): void {
    this.#limits = limitSettings(limits, this.#limits);
    for (const worker of this.lives()) worker?.post({ kind: "limits", limits: this.#limits });
  }

  publish(topic: string, message: Uint8Array): void {
    this.#passOn({ topic, message }, undefined);
    this.onPublish?.(topic, message);
  }

  /** Publishes what came from elsewhere. */
  deliver(topic: string, message: Uint8Array): void {
    this.#passOn({ topic, message }, undefined);
  }

  /** Sends a request to every worker; undefined from one that ended, or does not answer. @throws {TenkError} what a worker said */
  request(request: WorkerRequest): Promise<unknown[]> {
    const workers = this.lives().filter((worker) => worker !== undefined);
    return Promise.all(
      workers.map(async (worker) => {
        const outcome = await worker.request(request);
        if (outcome.kind === "refused") throw outcome.error;
        return outcome.kind === "answer" ? outcome.value : undefined;
      }),
    );
  }

  /** @throws {TenkError} why one worker refuses; nothing has changed on any then */
  async prepare(change: LoopChange, withinMs: number): Promise<PreparedChange> {
    return prepareWorkers(this, this.#handlerHref === undefined ? change : travelling(change), withinMs);
  }

  /** Resolves when all workers have ended. A second call closes what is open at once. */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    // At once: a listener that replaces this one needs what systemd passed, and event loops have descriptors of their own.
    this.#release();
    if (isHandedOver()) await this.request({ what: "handed-on" });
    await this.#workers?.stop(graceMs);
    for (let index = 0; index < this.count; index++) this.#bury(index);
    flushOccasional();
  }

  get addresses(): Acceptor["addresses"] {
    const { host = "0.0.0.0", path } = this.#options;
    return [path === undefined ? { kind: "tcp", host, port: this.port } : { kind: "unix", path }];
  }

  async pause(): Promise<void> {
    await this.request({ what: "pause" });
  }

  async resume(): Promise<void> {
    await this.request({ what: "resume" });
  }

  // ---- what a change asks ------------------------------------------------------------------------------------------

  lives(): readonly (WorkerLink | undefined)[] {
    return this.#workers?.lives() ?? [];
  }

  restart(worker: WorkerLink): void {
    this.#workers?.restart(worker);
  }

  /** Workers that start from now on start with it. */
  take(change: LoopChange): void {
    if (typeof change.handler === "string") this.#handlerHref = change.handler;
    if (change.tls !== undefined) this.#options = { ...this.#options, tls: change.tls };
    if (hasHandlerOptions(change)) this.#options = { ...this.#options, handlerOptions: change.handlerOptions };
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  #release(): void {
    this.#leaveAcceptors();
    release(this.#inherited.splice(0));
  }

  #startMessage(index: number): ListenerStart {
    this.#relayed.began(index);
    return {
      options: { ...this.#options, port: this.port, limits: this.#limits },
      handlerHref: this.#handlerHref!,
      freshHref: freshVersion(new URL(this.#handlerHref!)).href,
      inherited: shareOf(this.#inherited, index, this.count),
      isPaused: isAcceptingPaused(),
      worker: index,
      workers: this.count,
      counts: this.#rows.buffer as SharedArrayBuffer,
      handlerRow: this.#handlerRows.row(index),
      addresses: this.#addresses as SharedArrayBuffer,
      salt: this.#salt,
    };
  }

  #bury(index: number): void {
    this.#rows.buryWorker(index);
    this.#handlerRows.buryWorker(index);
  }

  #ended(index: number): void {
    this.#bury(index);
    new Int32Array(this.#addresses, index * SKETCH_BYTES, SKETCH_BYTES / 4).fill(0);
    if (!this.isStopping) this.#rows.row(index)[Count.workerRestarts]! += 1;
  }

  /** @param from the worker that has it already */
  #passOn({ topic, message }: Published, from: number | undefined): void {
    for (const [index, worker] of this.lives().entries()) {
      if (worker === undefined || index === from) continue;
      if (this.#relayed.mayGo(index, message.length)) {
        worker.post({ kind: "publish", topic, message } satisfies WorkerMessage);
      } else {
        this.#logDropped();
      }
    }
  }
}

/** As it arrives on another thread: files are read, once for all. A copy: workers that start later get the same, whatever its owner did to it. */
function travelling(change: LoopChange): LoopChange {
  if (change.handler !== undefined && typeof change.handler !== "string") {
    throw new TenkError("invalid-option", "Cannot replace the handler of workers by an object: pass its file's URL");
  }
  try {
    return structuredClone(change.tls === undefined ? change : { ...change, tls: withTexts(change.tls) });
  } catch (error) {
    if (error instanceof TenkError) throw error;
    throw new TenkError("invalid-option", `Cannot give handlerOptions to workers: ${messageOf(error)}`, {
      hint: "only data travels between threads: no functions, no objects that stand for something outside",
    });
  }
}
