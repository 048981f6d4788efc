import { setTimeout as wait } from "node:timers/promises";
import { type Log, messageOf, TenkError } from "../../base/mod.ts";
import type { PreparedChange } from "../../part/mod.ts";
import { changeOf, dropAll, type PreparedListener, prepareAll } from "./change.ts";
import type { TcpSettings } from "./config.ts";
import { type DryRun, dryRun, mayConflict } from "./dry-run.ts";
import {
  type DesiredListener,
  desiredListener,
  logFields,
  type RunningListener,
  rebuilt,
  refreshed,
  type StartOptions,
  startListener,
} from "./listener.ts";

export interface ListenersOptions extends StartOptions {
  /** Print dumps in colour. @default {false} */
  readonly colour?: boolean;
}

/** A prepared change of the listeners. */
interface Change {
  readonly folder: string;
  readonly desired: readonly DesiredListener[];
  readonly draining: readonly RunningListener[];
  /** New listeners whose addresses were free. */
  readonly started: RunningListener[];
  /** New listeners whose addresses are still held by `draining` ones. */
  readonly dryRuns: DryRun[];
  readonly prepared: PreparedListener[];
}

/** How long the connections of a stopped listener may take to finish. */
const GRACE_MS = 10_000;
/** Workers take a moment to release a port that a new listener needs. */
const PORT_TIMEOUT_MS = 3000;
const PORT_RETRY_MS = 20;
/** A stop waits this long for a change under way, which may hang in a handler's file that never finishes loading. */
const CHANGE_TIMEOUT_MS = 3000;

/**
 * The running listeners of a configuration. A reload changes them as little as possible: unchanged listeners keep running, and
 * only settings that a running listener cannot take recreate it.
 *
 * ```text
 *   prepare   unchanged, or changes in place ─► prepared on its event loops
 *             new address ────────────────────► started there
 *             address held by one of ours ────► dry run at a free port
 *   commit    draining ones stop ─► dry runs start at their addresses ─► prepared changes take effect
 * ```
 */
export class Listeners {
  readonly #log: Log;
  readonly #options: ListenersOptions;
  #folder: string;
  #running: RunningListener[] = [];
  /** Stopped listeners whose connections have not finished. */
  readonly #draining = new Map<RunningListener, Promise<void>>();
  #isStopping = false;
  /** Settles when the change under way is committed or dropped. */
  #lastChange: Promise<unknown> = Promise.resolve();

  private constructor(loaded: TcpSettings, options: ListenersOptions) {
    this.#log = options.log;
    this.#options = options;
    this.#folder = loaded.folder;
  }

  /**
   * Starts every listener, one after the other. When one cannot start, those already started are stopped again.
   *
   * @throws {TenkError} what is wrong with a listener, `port-in-use` naming the holder where it can be known
   */
  static async start(loaded: TcpSettings, options: ListenersOptions): Promise<Listeners> {
    const listeners = new Listeners(loaded, options);
    listeners.#running = await listeners.#startAll(listeners.#desiredFrom(loaded));
    return listeners;
  }

  get running(): readonly RunningListener[] {
    return this.#running;
  }

  /**
   * Prepares another configuration. New ports are opened, changes of running listeners are prepared on their event loops, and a
   * recreated listener (with other socket options or workers) is tried at a free port. The commit starts it at its own address;
   * when that fails, the listeners that it should replace are restored. The rest of a commit cannot fail. Other changes wait
   * until this one is committed or dropped.
   *
   * @throws {TenkError} what is wrong, or that it is stopping; then no listener has changed
   */
  async prepare(settings: TcpSettings): Promise<PreparedChange> {
    const done = await this.#lock();
    try {
      const change = await this.#prepared(settings);
      return {
        mayFail: change.dryRuns.length > 0,
        commit: () => this.#commitAll(change).finally(done),
        drop: () => this.#drop(change).finally(done),
      };
    } catch (error) {
      done();
      throw error;
    }
  }

  /**
   * Loads the current version of a handler's file, for new connections.
   *
   * @returns whether the version is a new one
   * @throws {TenkError} why it cannot be loaded; then the old version stays in use
   */
  async refresh(name: string): Promise<boolean> {
    const done = await this.#lock();
    try {
      const before = this.#running.find((each) => each.name === name);
      if (before === undefined) return false;
      const after = refreshed(before, this.#folder, this.#colour);
      const isNew = after.digest !== before.digest;
      if (isNew) await this.#replaceHandler(before, after);
      return isNew;
    } finally {
      done();
    }
  }

  /** Stops all listeners; connections have `graceMs` to finish. A second call closes them at once. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const draining = [...this.#draining].map(([{ server }, left]) => Promise.all([server.stop({ graceMs: 0 }), left]));
    const running = this.#running.filter((each) => !this.#draining.has(each));
    const change = Promise.race([this.#lastChange, wait(CHANGE_TIMEOUT_MS, undefined, { ref: false })]);
    await Promise.all([...running.map(({ server }) => server.stop({ graceMs })), ...draining, change]);
  }

  /** Waits for earlier changes. @returns a function that lets the next change begin */
  async #lock(): Promise<() => void> {
    const before = this.#lastChange;
    let done = () => {};
    this.#lastChange = new Promise<void>((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }

  get #colour(): boolean {
    return this.#options.colour ?? false;
  }

  #desiredFrom({ config, folder }: TcpSettings): DesiredListener[] {
    return Object.entries(config).map(([name, each]) => desiredListener(name, each, folder, this.#colour));
  }

  async #startAll(desired: readonly DesiredListener[]): Promise<RunningListener[]> {
    const started: RunningListener[] = [];
    try {
      for (const each of desired) started.push(await startListener(each, this.#options));
    } catch (error) {
      await stopAll(started);
      throw error;
    }
    return started;
  }

  async #prepared(settings: TcpSettings): Promise<Change> {
    this.#throwIfStopping();
    const { folder } = settings;
    const desired = this.#desiredFrom(settings).map((each) => refreshed(each, folder, this.#colour));
    const staying = desired.flatMap((each) => {
      const before = this.#running.find(({ name }) => name === each.name);
      const stays = before && addressOf(before) === addressOf(each) && !changeOf(before, each).restart;
      return stays ? [[before, each] as const] : [];
    });
    const draining = this.#running.filter((each) => !staying.some(([before]) => before === each));
    const recreated = desired
      .filter((each) => !staying.some(([, stays]) => stays === each))
      .map((each) => this.#withCurrentPort(each));
    const change: Change = { folder, desired, draining, started: [], dryRuns: [], prepared: [] };
    try {
      for (const each of recreated) {
        const ready = await this.#startOrDryRun(each, draining);
        if ("server" in ready) change.started.push(ready);
        else change.dryRuns.push(ready);
        this.#throwIfStopping();
      }
      change.prepared.push(...(await prepareAll(staying)));
      this.#throwIfStopping();
      return change;
    } catch (error) {
      await this.#drop(change);
      throw error;
    }
  }

  async #drop({ started, dryRuns, prepared }: Change): Promise<void> {
    await Promise.all([stopAll(started), dropAll(prepared)]);
    for (const each of dryRuns) each.drop();
  }

  async #commitAll(change: Change): Promise<void> {
    const { folder, desired, draining, started, dryRuns, prepared } = change;
    try {
      started.push(...(await this.#replaceAll(dryRuns, draining)));
    } catch (error) {
      await this.#drop(change);
      throw error;
    }
    this.#folder = folder;
    for (const each of draining) this.#drain(each);
    const settled = [...started, ...(await Promise.all(prepared.map((each) => this.#commit(each))))];
    this.#running = desired.map(({ name }) => settled.find((each) => each.name === name)!);
    // A stop that came meanwhile has not stopped these.
    if (this.#isStopping) return stopAll(started);
    for (const each of started) this.#log.info("listener started", logFields(each));
  }

  /** Keeps the port that the system chose, as long as the configured address stays the same. */
  #withCurrentPort(desired: DesiredListener): DesiredListener {
    const before = this.#running.find(({ name }) => name === desired.name);
    if (before === undefined || "path" in desired.config.listen || addressOf(before) !== addressOf(desired))
      return desired;
    return { ...desired, options: { ...desired.options, port: before.server.port } };
  }

  #throwIfStopping(): void {
    if (this.#isStopping) throw new TenkError("config", "Cannot reload: it is stopping");
  }

  /** Starts a listener when its address is free; else tries it at a free port. */
  async #startOrDryRun(
    desired: DesiredListener,
    draining: readonly RunningListener[],
  ): Promise<RunningListener | DryRun> {
    const conflicting = draining.filter((each) => mayConflict(each, desired));
    if (conflicting.length === 0) return startListener(desired, this.#options);
    // The same port of another host may be free.
    if (!conflicting.some((each) => addressOf(each) === addressOf(desired))) {
      try {
        return await startListener(desired, { log: this.#log, findHolder: false });
      } catch (error) {
        if (!isPortInUse(error)) throw error;
      }
    }
    return dryRun(desired);
  }

  /** @throws {TenkError} why the first cannot start; then the listeners that it should replace are restored */
  async #replaceAll(dryRuns: readonly DryRun[], draining: readonly RunningListener[]): Promise<RunningListener[]> {
    const gone = draining.filter((each) => dryRuns.some(({ desired }) => mayConflict(each, desired)));
    for (const each of gone) this.#drain(each);
    const started: RunningListener[] = [];
    try {
      for (const each of dryRuns) {
        started.push(await this.#startWithRetry((findHolder) => each.start({ log: this.#log, findHolder })));
      }
      return started;
    } catch (error) {
      await stopAll(started);
      for (const each of this.#isStopping ? [] : gone) await this.#restore(each);
      throw error;
    }
  }

  /** Starts a drained listener again, at the port that it had. */
  async #restore(before: RunningListener): Promise<void> {
    const { name } = before;
    const restored = this.#withCurrentPort(rebuilt(before, this.#folder, this.#colour));
    let again: RunningListener | undefined;
    try {
      again = await this.#startWithRetry((findHolder) => startListener(restored, { log: this.#log, findHolder }));
      this.#log.warn("listener restored", { name });
    } catch (error) {
      if (!this.#isStopping)
        this.#log.error("listener lost, it could not be restored", { name, error: messageOf(error) });
    }
    this.#running = this.#running.flatMap((each) => (each !== before ? [each] : again === undefined ? [] : [again]));
  }

  async #commit({ before, desired, change, prepared }: PreparedListener): Promise<RunningListener> {
    const { server, name } = before;
    const { active } = server.counts();
    await prepared?.commit();
    if (change.handler) this.#logReloaded(desired, active);
    const changed = [change.relay && "relay", change.limits && "limits", change.tls && "tls"].filter(
      (each) => each !== false,
    );
    if (changed.length > 0) this.#log.info("listener changed", { name, changed: changed.join(",") });
    return { ...desired, url: change.handler ? desired.url : before.url, server };
  }

  async #replaceHandler(before: RunningListener, after: DesiredListener): Promise<void> {
    await before.server.replaceHandler(after.url);
    const running = { ...after, server: before.server };
    this.#running = this.#running.map((each) => (each === before ? running : each));
    this.#logReloaded(after, before.server.counts().active);
  }

  #logReloaded({ name, config }: DesiredListener, before: number): void {
    this.#log.info("handler reloaded", { name, handler: config.handler, before });
  }

  /** Starts a listener on a port that a draining one may still hold. @throws {TenkError} why it cannot, or that it is stopping */
  async #startWithRetry(start: (findHolder: boolean) => Promise<RunningListener>): Promise<RunningListener> {
    for (let waitedMs = 0; ; waitedMs += PORT_RETRY_MS) {
      this.#throwIfStopping();
      try {
        // At first this process itself holds the port, and looking for the holder takes long.
        const running = await start(waitedMs >= PORT_TIMEOUT_MS);
        if (!this.#isStopping) return running;
        // A stop that came meanwhile has not stopped this one.
        await stopAll([running]);
      } catch (error) {
        if (!isPortInUse(error) || waitedMs >= PORT_TIMEOUT_MS) throw error;
        await wait(PORT_RETRY_MS);
      }
    }
  }

  /** Stops accepting at once; connections have the grace. */
  #drain(listener: RunningListener): void {
    if (this.#draining.has(listener)) return;
    const { server, name } = listener;
    this.#log.info("listener stopping", { name, address: server.address, open: server.counts().active });
    const left = server.stop({ graceMs: GRACE_MS }).finally(() => this.#draining.delete(listener));
    this.#draining.set(listener, left);
  }
}

function addressOf(listener: DesiredListener | undefined): string {
  return JSON.stringify(listener?.config.listen);
}

async function stopAll(listeners: readonly RunningListener[]): Promise<void> {
  await Promise.all(listeners.map(({ server }) => server.stop({ graceMs: 0 })));
}

function isPortInUse(error: unknown): boolean {
  return error instanceof TenkError && error.code === "port-in-use";
}
