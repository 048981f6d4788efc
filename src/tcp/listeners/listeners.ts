import { setTimeout as wait } from "node:timers/promises";
import { type Log, messageOf, TenkError } from "../../base/mod.ts";
import type { PreparedChange } from "../../part/mod.ts";
import { changeOf, dropAll, type PreparedListener, prepareAll } from "./change.ts";
import type { TcpSettings } from "./config.ts";
import {
  madeAnew,
  type RunningListener,
  refreshed,
  type StartOptions,
  saidOf,
  startListener,
  type Wanted,
  wantedListener,
} from "./listener.ts";
import { holds, type ProvedListener, proveListener } from "./proof.ts";

export interface ListenersOptions extends StartOptions {
  /** What dumps print is coloured. @default {false} */
  readonly colour?: boolean;
}

/** A change of the listeners that is ready. */
interface Change {
  readonly folder: string;
  readonly wanted: readonly Wanted[];
  readonly leaving: readonly RunningListener[];
  /** At places that nothing of ours had. */
  readonly started: RunningListener[];
  /** For places that others of ours leave. */
  readonly proved: ProvedListener[];
  readonly prepared: PreparedListener[];
}

/** How long connections of a listener that leaves may take to finish. */
const GRACE_MS = 10_000;
/** Workers need a moment to let go of a port that a new listener is to have. */
const PORT_PATIENCE_MS = 3000;
const PORT_RETRY_MS = 20;
/** A change under way ends at its next step; a handler's file that never finishes loading has none. */
const CHANGE_PATIENCE_MS = 3000;

/**
 * The listeners of a configuration, as they run. `reload` makes them those of another with as little disturbance as each
 * change allows: nothing that is as it was is touched.
 */
export class Listeners {
  readonly #log: Log;
  readonly #options: ListenersOptions;
  #folder: string;
  #running: RunningListener[] = [];
  /** Stopped, with connections that have not finished. */
  readonly #leaving = new Map<RunningListener, Promise<void>>();
  #isStopping = false;
  /** Changes wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();

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
    listeners.#running = await listeners.#startAll(listeners.#wantedOf(loaded));
    return listeners;
  }

  get running(): readonly RunningListener[] {
    return this.#running;
  }

  /**
   * Makes ready to serve another configuration: new ports are opened, what running listeners are to change is prepared on all
   * of their event loops, and what takes the place of one of ours (its socket's options or workers are others) is tried at a
   * free port. The commit puts these in their places; where one cannot start there all the same, those that had left start
   * again as they were. The rest of a commit cannot fail. Other changes wait until this one is committed or dropped.
   *
   * @throws {TenkError} what is wrong with it, or that it is stopping; every listener is then as it was
   */
  async prepare(settings: TcpSettings): Promise<PreparedChange> {
    const done = await this.#takeTurn();
    try {
      const change = await this.#prepared(settings);
      return {
        mayFail: change.proved.length > 0,
        commit: () => this.#commitAll(change).finally(done),
        drop: () => this.#drop(change).finally(done),
      };
    } catch (error) {
      done();
      throw error;
    }
  }

  /**
   * Serves connections to come with the handler's file as it is now.
   *
   * @returns whether it is another one than was served
   * @throws {TenkError} why it cannot; the old one serves on
   */
  async refresh(name: string): Promise<boolean> {
    const done = await this.#takeTurn();
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

  /** A second call closes what is still open at once. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const leaving = [...this.#leaving].map(([{ server }, left]) => Promise.all([server.stop({ graceMs: 0 }), left]));
    const running = this.#running.filter((each) => !this.#leaving.has(each));
    const change = Promise.race([this.#turn, wait(CHANGE_PATIENCE_MS, undefined, { ref: false })]);
    await Promise.all([...running.map(({ server }) => server.stop({ graceMs })), ...leaving, change]);
  }

  /** Waits for the changes before. @returns what lets the next one begin */
  async #takeTurn(): Promise<() => void> {
    const before = this.#turn;
    let done = () => {};
    this.#turn = new Promise<void>((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }

  get #colour(): boolean {
    return this.#options.colour ?? false;
  }

  #wantedOf({ config, folder }: TcpSettings): Wanted[] {
    return Object.entries(config).map(([name, each]) => wantedListener(name, each, folder, this.#colour));
  }

  async #startAll(wanted: readonly Wanted[]): Promise<RunningListener[]> {
    const started: RunningListener[] = [];
    try {
      for (const each of wanted) started.push(await startListener(each, this.#options));
    } catch (error) {
      await stopAll(started);
      throw error;
    }
    return started;
  }

  async #prepared(settings: TcpSettings): Promise<Change> {
    this.#mustGoOn();
    const { folder } = settings;
    const wanted = this.#wantedOf(settings).map((each) => refreshed(each, folder, this.#colour));
    const staying = wanted.flatMap((each) => {
      const before = this.#running.find(({ name }) => name === each.name);
      const stays = before && addressOf(before) === addressOf(each) && !changeOf(before, each).restart;
      return stays ? [[before, each] as const] : [];
    });
    const leaving = this.#running.filter((each) => !staying.some(([before]) => before === each));
    const anew = wanted
      .filter((each) => !staying.some(([, stays]) => stays === each))
      .map((each) => this.#atItsPort(each));
    const change: Change = { folder, wanted, leaving, started: [], proved: [], prepared: [] };
    try {
      for (const each of anew) {
        const ready = await this.#opened(each, leaving);
        if ("server" in ready) change.started.push(ready);
        else change.proved.push(ready);
        this.#mustGoOn();
      }
      change.prepared.push(...(await prepareAll(staying)));
      this.#mustGoOn();
      return change;
    } catch (error) {
      await this.#drop(change);
      throw error;
    }
  }

  async #drop({ started, proved, prepared }: Change): Promise<void> {
    await Promise.all([stopAll(started), dropAll(prepared)]);
    for (const each of proved) each.drop();
  }

  async #commitAll(change: Change): Promise<void> {
    const { folder, wanted, leaving, started, proved, prepared } = change;
    try {
      started.push(...(await this.#replaceAll(proved, leaving)));
    } catch (error) {
      await this.#drop(change);
      throw error;
    }
    this.#folder = folder;
    for (const each of leaving) this.#leave(each);
    const settled = [...started, ...(await Promise.all(prepared.map((each) => this.#commit(each))))];
    this.#running = wanted.map(({ name }) => settled.find((each) => each.name === name)!);
    // A stop that came meanwhile did not know of them.
    if (this.#isStopping) return stopAll(started);
    for (const each of started) this.#log.info("listener started", saidOf(each));
  }

  /** A free port that it was given stays its own as long as nothing else is written. */
  #atItsPort(wanted: Wanted): Wanted {
    const before = this.#running.find(({ name }) => name === wanted.name);
    if (before === undefined || "path" in wanted.config.listen || addressOf(before) !== addressOf(wanted))
      return wanted;
    return { ...wanted, options: { ...wanted.options, port: before.server.port } };
  }

  #mustGoOn(): void {
    if (this.#isStopping) throw new TenkError("config", "Cannot reload: it is stopping");
  }

  /** Where none of ours is in the way, it runs; else it is proved. */
  async #opened(wanted: Wanted, leaving: readonly RunningListener[]): Promise<RunningListener | ProvedListener> {
    const inTheWay = leaving.filter((each) => holds(each, wanted));
    if (inTheWay.length === 0) return startListener(wanted, this.#options);
    // Of another host's port we know only by trying.
    if (!inTheWay.some((each) => addressOf(each) === addressOf(wanted))) {
      try {
        return await startListener(wanted, { log: this.#log, findHolder: false });
      } catch (error) {
        if (!isPortInUse(error)) throw error;
      }
    }
    return proveListener(wanted);
  }

  /** @throws {TenkError} why the first cannot; then those that have left their places for them run again as they were */
  async #replaceAll(
    proved: readonly ProvedListener[],
    leaving: readonly RunningListener[],
  ): Promise<RunningListener[]> {
    const gone = leaving.filter((each) => proved.some(({ wanted }) => holds(each, wanted)));
    for (const each of gone) this.#leave(each);
    const started: RunningListener[] = [];
    try {
      for (const each of proved) {
        started.push(await this.#startPatiently((findHolder) => each.start({ log: this.#log, findHolder })));
      }
      return started;
    } catch (error) {
      await stopAll(started);
      for (const each of this.#isStopping ? [] : gone) await this.#restore(each);
      throw error;
    }
  }

  /** Has it listen again at the very port it had. */
  async #restore(before: RunningListener): Promise<void> {
    const { name } = before;
    const asItWas = this.#atItsPort(madeAnew(before, this.#folder, this.#colour));
    let again: RunningListener | undefined;
    try {
      again = await this.#startPatiently((findHolder) => startListener(asItWas, { log: this.#log, findHolder }));
      this.#log.warn("listener runs as it was", { name });
    } catch (error) {
      if (!this.#isStopping)
        this.#log.error("listener is gone: it cannot start as it was", { name, error: messageOf(error) });
    }
    this.#running = this.#running.flatMap((each) => (each !== before ? [each] : again === undefined ? [] : [again]));
  }

  async #commit({ before, wanted, change, prepared }: PreparedListener): Promise<RunningListener> {
    const { server, name } = before;
    const { active } = server.counts();
    await prepared?.commit();
    if (change.handler) this.#sayReloaded(wanted, active);
    const changed = [change.relay && "relay", change.limits && "limits", change.tls && "tls"].filter(
      (each) => each !== false,
    );
    if (changed.length > 0) this.#log.info("listener changed", { name, changed: changed.join(",") });
    return { ...wanted, url: change.handler ? wanted.url : before.url, server };
  }

  async #replaceHandler(before: RunningListener, after: Wanted): Promise<void> {
    await before.server.replaceHandler(after.url);
    const running = { ...after, server: before.server };
    this.#running = this.#running.map((each) => (each === before ? running : each));
    this.#sayReloaded(after, before.server.counts().active);
  }

  #sayReloaded({ name, config }: Wanted, before: number): void {
    this.#log.info("handler reloaded", { name, handler: config.handler, before });
  }

  /** On a port that another listener of ours is leaving. @throws {TenkError} why it cannot, or that it is stopping */
  async #startPatiently(start: (findHolder: boolean) => Promise<RunningListener>): Promise<RunningListener> {
    for (let waitedMs = 0; ; waitedMs += PORT_RETRY_MS) {
      this.#mustGoOn();
      try {
        // Who holds the port takes long to find out, and is ourselves at first.
        const running = await start(waitedMs >= PORT_PATIENCE_MS);
        if (!this.#isStopping) return running;
        // A stop that came meanwhile did not know of it.
        await stopAll([running]);
      } catch (error) {
        if (!isPortInUse(error) || waitedMs >= PORT_PATIENCE_MS) throw error;
        await wait(PORT_RETRY_MS);
      }
    }
  }

  /** Accepts no more at once; its connections have the grace. */
  #leave(listener: RunningListener): void {
    if (this.#leaving.has(listener)) return;
    const { server, name } = listener;
    this.#log.info("listener stopping", { name, address: server.address, open: server.counts().active });
    const left = server.stop({ graceMs: GRACE_MS }).finally(() => this.#leaving.delete(listener));
    this.#leaving.set(listener, left);
  }
}

function addressOf(listener: Wanted | undefined): string {
  return JSON.stringify(listener?.config.listen);
}

async function stopAll(listeners: readonly RunningListener[]): Promise<void> {
  await Promise.all(listeners.map(({ server }) => server.stop({ graceMs: 0 })));
}

function isPortInUse(error: unknown): boolean {
  return error instanceof TenkError && error.code === "port-in-use";
}
