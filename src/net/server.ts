import { availableParallelism } from "node:os";
import { TenkError } from "../base/mod.ts";
import { type LoopChange, type PreparedChange, type ServerChange, ServerChanges } from "./change.ts";
import { type ConnectionInfo, type ConnectionPage, type ConnectionQuery, joinedPages } from "./connection-page.ts";
import { CountRows, type ListenerCounts, type WorkerCounts } from "./counts.ts";
import { LISTEN_DEFAULTS } from "./defaults.ts";
import { addressText } from "./listen-error.ts";
import { answer, LoopListener, privateState, sayStopped } from "./loop/mod.ts";
import { isShared, loadHandler } from "./module/mod.ts";
import type { Question } from "./questions.ts";
import { checkListening, durationSetting } from "./settings.ts";
import type { ServerTlsOptions } from "./tls/mod.ts";
import type { Handler, Limits, ListenOptions } from "./types.ts";
import type { WorkerVitals } from "./vitals.ts";
import { WorkerPool } from "./worker/mod.ts";

/** A listener that runs: on this event loop, or on several that share its port. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly host: string;
  /** The port it really has (0 for a Unix socket). */
  readonly port: number;
  readonly path: string | undefined;
  /** Where it listens, for people: `127.0.0.1:9091`. */
  readonly address: string;
  readonly workers: number;
  /** Exact over all workers; costs a few hundred additions. */
  counts(): ListenerCounts;
  /** The share of each worker, read without asking it: that of a stuck one, too. Empty without workers. */
  workerCounts(): WorkerCounts[];
  /** Changes the given limits, for open connections too. @throws {TenkError} `invalid-option` */
  update(limits: Limits): void;
  /**
   * New certificates, without a restart: handshakes that begin afterwards get them, open connections keep theirs. Files are
   * read again, once for all event loops. When one refuses, the old ones are still in force on all.
   *
   * @throws {TenkError} `invalid-option` (also where the listener has no TLS), `file-unreadable`
   */
  updateTls(options: ServerTlsOptions): Promise<void>;
  /** Sends `bytes` to all subscribers of `topic`, on all workers; copied once. */
  publish(topic: string, bytes: Uint8Array | string): void;
  /** Open connections; those of a worker whose loop is held up for 5 s are left out. @param options.limit default 10 000 */
  connections(options?: { limit?: number }): Promise<ConnectionInfo[]>;
  /** A page of them, found and sorted on their event loops: 10 000 cost 2 ms. */
  findConnections(query?: ConnectionQuery): Promise<ConnectionPage>;
  /** Closes one by its id, with reason `handler`. @returns whether it was open */
  closeConnection(id: number): Promise<boolean>;
  /**
   * Gives a running handler new options, by its `configure`. When one event loop refuses them, none takes them.
   *
   * @throws {TenkError} `invalid-option` where it has no `configure`, or what that throws
   */
  configure(handlerOptions: unknown): Promise<void>;
  /**
   * Serves connections to come with another handler; open ones keep theirs. Every event loop loads it before any serves by it:
   * when one cannot, nothing has changed on any.
   *
   * @throws {TenkError} `invalid-option` with file and line, `file-unreadable`
   */
  replaceHandler(handler: Handler | URL): Promise<void>;
  /**
   * Several of these in one step, on all event loops or none: what can fail is done now, `commit()` cannot fail, `drop()`
   * forgets it all. Other changes of this server wait until one of the two is called.
   *
   * ```ts
   * const server = await listen({ port: 7000 }, { chunk() {} });
   * const change = await server.prepare({ handler: { chunk: (connection) => connection.end() }, limits: { idleMs: 60_000 } });
   * await change.commit();
   * ```
   *
   * A worker that ends meanwhile starts again with what is in force then.
   *
   * @param withinMs how long each event loop may take @default {30000}
   * @throws {TenkError} why the first event loop that refuses does, that it ended or did not answer in time
   */
  prepare(change: ServerChange, withinMs?: number): Promise<PreparedChange>;
  /** What the handler's `report` says, on each event loop. */
  reports(): Promise<unknown[]>;
  /** The event loops of those of its workers that answer: lag, heap, collections. Empty without workers. */
  vitals(): Promise<WorkerVitals[]>;
  /** What was `provide`d under a name, on each event loop. */
  ask(name: string): Promise<unknown[]>;
  /**
   * Stops accepting, then lets every connection finish: its `shutdown` is called, or without one it is ended. What is still
   * open after `graceMs` (default 10000) is closed with reason `shutdown`. A second call closes at once.
   */
  stop(options?: { graceMs?: number }): Promise<void>;
}

/**
 * Serves TCP (or a Unix socket). The handler is an object; or, to run on several cores, the address of a module whose
 * default export is one, since event loops share no objects.
 *
 * ```ts
 * const server = await listen({ port: 7000 }, { chunk: (connection, bytes) => connection.write(bytes) });
 * const wide = await listen({ port: 7001, workers: "auto" }, new URL("./chat.ts", import.meta.url));
 * ```
 *
 * @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`, `descriptors-exhausted`, `invalid-option`
 */
export async function listen<Data = unknown>(options: ListenOptions, handler: Handler<Data> | URL): Promise<Server> {
  const workers = workerCount(options.workers ?? LISTEN_DEFAULTS.workers);
  checkListening(options);
  if (workers === 1) return handler instanceof URL ? loadedLoop<Data>(options, handler) : singleLoop(options, handler);
  if (!(handler instanceof URL)) {
    throw new TenkError(
      "invalid-option",
      `Cannot use ${workers} workers as the handler must be a URL: it is an object`,
      {
        hint: 'put the handler in a file, export it as default and pass new URL("./file.ts", import.meta.url)',
      },
    );
  }
  if (options.path !== undefined) {
    throw new TenkError(
      "invalid-option",
      "Cannot use several workers on a Unix socket: the kernel shares only TCP ports",
    );
  }
  const pool = new WorkerPool(options, handler.href, workers);
  await pool.start();
  return described(options, pool.port, workers, pool);
}

function workerCount(workers: number | "auto"): number {
  if (workers === "auto") return availableParallelism();
  if (Number.isInteger(workers) && workers >= 1 && workers <= 256) return workers;
  throw new TenkError(
    "invalid-option",
    `Cannot use workers as it must be "auto" or 1 to 256: current value is ${workers}`,
  );
}

/** What a listener can do, whether it runs here or in a pool. */
interface Parts {
  counts(): ListenerCounts;
  workerCounts(): WorkerCounts[];
  update(limits: Limits): void;
  stop(graceMs: number): Promise<void>;
  closeAll(): void;
  publish(topic: string, message: Uint8Array): void;
  ask(question: Question): Promise<unknown[]>;
  prepare(change: LoopChange, withinMs: number): Promise<PreparedChange>;
}

const encoder = new TextEncoder();

/** A handler that was made for it lets go of its timers where it cannot serve. @throws {TenkError} why not */
async function loadedLoop<Data>(options: ListenOptions, { href }: URL): Promise<Server> {
  const handler = await loadHandler<Data>(href, options.handlerOptions);
  try {
    return singleLoop(options, handler);
  } catch (error) {
    if (!isShared(handler)) await sayStopped(handler);
    throw error;
  }
}

function singleLoop<Data>(options: ListenOptions, handler: Handler<Data>): Server {
  const rows = new CountRows(1);
  const salt = crypto.getRandomValues(new Int32Array(1))[0]!;
  const loop = new LoopListener(options, handler, privateState(rows, salt), 0, false);
  return described(options, loop.port, 1, {
    counts: () => rows.read(),
    workerCounts: () => [],
    update: (limits) => loop.update(limits),
    stop: (graceMs) => loop.stop(graceMs),
    closeAll: () => loop.closeAll(),
    publish: (topic, message) => loop.publishHere(topic, message),
    ask: async (question) => [await answer(loop as LoopListener<unknown>, question)],
    prepare: (change, withinMs) => prepareOnly(loop as LoopListener<unknown>, options.name ?? "tcp", change, withinMs),
  });
}

let lastChange = 0;

/** Where there is one event loop. */
async function prepareOnly(
  { changes }: LoopListener<unknown>,
  name: string,
  change: LoopChange,
  withinMs: number,
): Promise<PreparedChange> {
  lastChange += 1;
  const id = lastChange;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new TenkError(
          "invalid-option",
          `Cannot change "${name}": its handler is not loaded after ${withinMs / 1000} s`,
        ),
      );
    }, withinMs);
  });
  try {
    await Promise.race([changes.prepare(id, change), overdue]);
  } catch (error) {
    void changes.drop(id);
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { commit: () => changes.commit(id), drop: () => changes.drop(id) };
}

function described(options: ListenOptions, port: number, workers: number, parts: Parts): Server {
  let stopping: Promise<void> | undefined;
  const changes = new ServerChanges(parts);
  const host = options.host ?? "0.0.0.0";
  return {
    name: options.name ?? "tcp",
    host,
    port,
    path: options.path,
    address: addressText({ host, port, path: options.path }),
    workers,
    counts: () => parts.counts(),
    workerCounts: () => parts.workerCounts(),
    update: (limits) => parts.update(limits),
    publish(topic, bytes) {
      parts.publish(topic, typeof bytes === "string" ? encoder.encode(bytes) : new Uint8Array(bytes));
    },
    updateTls: (given) => changes.make({ tls: given }),
    async connections({ limit = 10_000 } = {}) {
      const lists = (await parts.ask({ what: "connections", most: limit })) as (ConnectionInfo[] | undefined)[];
      return lists.flatMap((list) => list ?? []).slice(0, limit);
    },
    async findConnections(query = {}) {
      const { offset = 0, limit = 100 } = query;
      // One loop can leave out the beginning by itself; of several, any may have all of it.
      if (workers === 1) return (await parts.ask({ what: "find", query }))[0] as ConnectionPage;
      const each = { ...query, offset: 0, limit: offset + limit };
      const pages = (await parts.ask({ what: "find", query: each })) as (ConnectionPage | undefined)[];
      return joinedPages(
        pages.filter((page) => page !== undefined),
        query,
      );
    },
    async closeConnection(id) {
      return (await parts.ask({ what: "close", id })).includes(true);
    },
    configure: (handlerOptions) => changes.make({ handlerOptions }),
    replaceHandler: (other) => changes.make({ handler: other }),
    prepare: (change, withinMs) => changes.prepare(change, withinMs),
    reports: () => parts.ask({ what: "reports" }),
    async vitals() {
      return ((await parts.ask({ what: "vitals" })) as (WorkerVitals | undefined)[]).filter(
        (each) => each !== undefined,
      );
    },
    ask: (asked) => parts.ask({ what: "provided", name: asked }),
    stop({ graceMs = 10_000 } = {}) {
      if (stopping) parts.closeAll();
      stopping ??= parts.stop(durationSetting("graceMs", graceMs));
      return stopping;
    },
    async [Symbol.asyncDispose]() {
      await this.stop({ graceMs: 0 });
    },
  };
}
