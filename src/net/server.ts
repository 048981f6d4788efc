import { TenkError } from "../base/mod.ts";
import { type PreparedChange, type ServerChange, ServerChanges } from "./change.ts";
import { type ConnectionInfo, type ConnectionPage, type ConnectionQuery, joinedPages } from "./connection-page.ts";
import type { ListenerCounts, WorkerCounts } from "./counts.ts";
import { LISTEN_DEFAULTS } from "./defaults.ts";
import { addressText } from "./listen-error.ts";
import { callStopped } from "./loop/mod.ts";
import { isShared, loadHandler } from "./module/mod.ts";
import { checkListening, durationSetting } from "./settings.ts";
import type { ServerTlsOptions } from "./tls/mod.ts";
import type { Handler, Limits, ListenOptions } from "./types.ts";
import { sharedThreads, WorkerGroup } from "./worker/mod.ts";

/** A running listener, on this event loop or on several that share its port. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly host: string;
  /** The port in use; 0 for a Unix socket. */
  readonly port: number;
  readonly path: string | undefined;
  /** Where it listens, for people: `127.0.0.1:9091`. */
  readonly address: string;
  readonly workers: number;
  /** Returns exact counts over all workers. Costs a few hundred additions. */
  counts(): ListenerCounts;
  /** Returns the counts of each worker from shared memory, those of a blocked one included. Empty without workers. */
  workerCounts(): WorkerCounts[];
  /**
   * What the handler counts by itself on each event loop (`ListenOptions.handlerCounts`), read without asking it: live views of
   * the memory. A worker that crashed left its counters there, and its gauges are 0.
   */
  handlerRows(): readonly Float64Array[];
  /** The thread of the pool that each worker runs on; undefined after its end. Empty without workers. */
  workerThreads(): readonly (number | undefined)[];
  /** Changes the given limits, for open connections too. @throws {TenkError} `invalid-option` */
  update(limits: Limits): void;
  /**
   * Replaces the certificates without a restart: handshakes that begin afterwards use them, open connections keep theirs. Files are
   * read again, once for all event loops. When one refuses, the old ones are still in force on all.
   *
   * @throws {TenkError} `invalid-option` (also where the listener has no TLS), `file-unreadable`
   */
  updateTls(options: ServerTlsOptions): Promise<void>;
  /** Sends `bytes` to all subscribers of `topic`, on all workers; copied once. */
  publish(topic: string, bytes: Uint8Array | string): void;
  /**
   * Has every message that is published here, by a connection or by `publish`, given to `listener` as well, on the event loop of the
   * server: to carry it elsewhere. A second listener replaces the first.
   */
  onPublish(listener: ((topic: string, message: Uint8Array) => void) | undefined): void;
  /** Sends to all subscribers what was published elsewhere. It is not given to `onPublish`, so that nothing goes round in circles. */
  deliver(topic: string, message: Uint8Array): void;
  /** Open connections; those of a worker whose loop is held up for 5 s are left out. @param options.limit default 10 000 */
  connections(options?: { limit?: number }): Promise<ConnectionInfo[]>;
  /** Returns a page of the open connections, filtered and sorted on their event loops: 10 000 cost 2 ms. */
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
   * Serves new connections with another handler; open ones keep theirs. Every event loop loads it before any uses it:
   * when one cannot, nothing has changed on any.
   *
   * @throws {TenkError} `invalid-option` with file and line, `file-unreadable`
   */
  replaceHandler(handler: Handler | URL): Promise<void>;
  /**
   * Makes several changes in one step, on all event loops or on none: everything that can fail is done now, `commit()` cannot fail, and
   * `drop()` discards the change. Other changes of this server wait until one of the two is called.
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
  /** Returns what the handler's `report` returns on each event loop. */
  reports(): Promise<unknown[]>;
  /** Returns the value registered under a name on each event loop. */
  request(name: string): Promise<unknown[]>;
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
  const workers = workerCount(options);
  checkListening(options);
  if (workers === 1) {
    const group =
      handler instanceof URL ? await loadedHere<Data>(options, handler) : WorkerGroup.here(options, handler);
    return serverOf(options, group);
  }
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
  return serverOf(options, await WorkerGroup.onThreads(options, handler.href, workers));
}

function workerCount({ workers = LISTEN_DEFAULTS.workers, threads = sharedThreads }: ListenOptions): number {
  if (workers === "auto") return threads.size;
  if (Number.isInteger(workers) && workers >= 1 && workers <= 256) return workers;
  throw new TenkError(
    "invalid-option",
    `Cannot use workers as it must be "auto" or 1 to 256: current value is ${workers}`,
  );
}

const encoder = new TextEncoder();

/** Loads the handler on this event loop, and stops it again where the listener cannot start. @throws {TenkError} why it cannot */
async function loadedHere<Data>(options: ListenOptions, { href }: URL): Promise<WorkerGroup> {
  const handler = await loadHandler<Data>(href, options.handlerOptions);
  try {
    return WorkerGroup.here(options, handler);
  } catch (error) {
    if (!isShared(handler)) await callStopped(handler);
    throw error;
  }
}

function serverOf(options: ListenOptions, group: WorkerGroup): Server {
  const changes = new ServerChanges(group);
  const { name, port, count: workers } = group;
  const host = options.host ?? "0.0.0.0";
  return {
    name,
    host,
    port,
    path: options.path,
    address: addressText({ host, port, path: options.path }),
    workers,
    counts: () => group.counts(),
    workerCounts: () => group.workerCounts(),
    handlerRows: () => group.handlerRows(),
    workerThreads: () => group.threads(),
    update: (limits) => group.update(limits),
    publish(topic, bytes) {
      group.publish(topic, typeof bytes === "string" ? encoder.encode(bytes) : new Uint8Array(bytes));
    },
    onPublish(listener) {
      group.onPublish = listener;
    },
    deliver: (topic, message) => group.deliver(topic, new Uint8Array(message)),
    updateTls: (given) => changes.make({ tls: given }),
    async connections({ limit = 10_000 } = {}) {
      const lists = (await group.request({ what: "connections", most: limit })) as (ConnectionInfo[] | undefined)[];
      return lists.flatMap((list) => list ?? []).slice(0, limit);
    },
    async findConnections(query = {}) {
      const { offset = 0, limit = 100 } = query;
      // A single loop applies the offset itself; with several, any of them may have the whole page.
      if (workers === 1) return (await group.request({ what: "find", query }))[0] as ConnectionPage;
      const each = { ...query, offset: 0, limit: offset + limit };
      const pages = (await group.request({ what: "find", query: each })) as (ConnectionPage | undefined)[];
      return joinedPages(
        pages.filter((page) => page !== undefined),
        query,
      );
    },
    async closeConnection(id) {
      return (await group.request({ what: "close", id })).includes(true);
    },
    configure: (handlerOptions) => changes.make({ handlerOptions }),
    replaceHandler: (other) => changes.make({ handler: other }),
    prepare: (change, withinMs) => changes.prepare(change, withinMs),
    reports: () => group.request({ what: "reports" }),
    request: (registered) => group.request({ what: "registered", name: registered }),
    stop: ({ graceMs = 10_000 } = {}) => group.stop(durationSetting("graceMs", graceMs)),
    async [Symbol.asyncDispose]() {
      await this.stop({ graceMs: 0 });
    },
  };
}
