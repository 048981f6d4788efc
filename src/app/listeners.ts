import { setTimeout as wait } from "node:timers/promises";
import { type Log, TenkError, withHint } from "../base/mod.ts";
import type { LoadedConfig } from "./config-file.ts";
import {
  type RunningListener,
  refreshed,
  type StartOptions,
  startListener,
  type Wanted,
  wantedListener,
} from "./listener.ts";
import { dropAll, type PreparedListener, prepareAll } from "./listener-change.ts";

export interface ListenersOptions extends StartOptions {
  /** What dumps print is coloured. @default {false} */
  readonly colour?: boolean;
}

/** How long connections of a listener that leaves may take to finish. */
const GRACE_MS = 10_000;
/** Workers need a moment to let go of a port that a new listener is to have. */
const PORT_PATIENCE_MS = 3000;
const PORT_RETRY_MS = 20;

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
  /** Started by a change that is not over. */
  #fresh: RunningListener[] = [];
  #isStopping = false;
  /** Changes wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(loaded: LoadedConfig, options: ListenersOptions) {
    this.#log = options.log;
    this.#options = options;
    this.#folder = loaded.folder;
  }

  /**
   * Starts every listener, one after the other. When one cannot start, those already started are stopped again.
   *
   * @throws {TenkError} what is wrong with a listener, `port-in-use` naming the holder where it can be known
   */
  static async start(loaded: LoadedConfig, options: ListenersOptions): Promise<Listeners> {
    const listeners = new Listeners(loaded, options);
    listeners.#running = await listeners.#startAll(listeners.#wantedOf(loaded));
    return listeners;
  }

  get running(): readonly RunningListener[] {
    return this.#running;
  }

  /**
   * Serves another configuration. Everything that can be wrong with it is looked for first, new ports are opened first, and
   * what running listeners are to change is prepared on all of their event loops: when this throws, nothing has changed.
   *
   * What needs a restart (its socket's options, its workers, a handler's options) or another's port comes after that, and what
   * fails then is logged: a listener that cannot start so starts again as it was.
   *
   * @throws {TenkError} what is wrong with it
   */
  reload(loaded: LoadedConfig): Promise<void> {
    return this.#inTurn(() => this.#reload(loaded));
  }

  /**
   * Serves connections to come with the handler's file as it is now.
   *
   * @returns whether it is another one than was served
   * @throws {TenkError} why it cannot; the old one serves on
   */
  refresh(name: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const before = this.#running.find((each) => each.name === name);
      if (before === undefined) return false;
      const after = refreshed(before, this.#folder, this.#colour);
      const isNew = after.digest !== before.digest;
      if (isNew) await this.#replaceHandler(before, after);
      return isNew;
    });
  }

  /** A second call closes what is still open at once. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const leaving = [...this.#leaving].map(([{ server }, left]) => Promise.all([server.stop({ graceMs: 0 }), left]));
    await Promise.all([
      ...[...this.#running, ...this.#fresh].map(({ server }) => server.stop({ graceMs })),
      ...leaving,
    ]);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  get #colour(): boolean {
    return this.#options.colour ?? false;
  }

  #wantedOf({ config, folder }: LoadedConfig): Wanted[] {
    return Object.entries(config.tcp).map(([name, each]) => wantedListener(name, each, folder, this.#colour));
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

  async #reload(loaded: LoadedConfig): Promise<void> {
    const { folder } = loaded;
    const wanted = this.#wantedOf(loaded).map((each) => refreshed(each, folder, this.#colour));
    const before = new Map(this.#running.map((each) => [each.name, each]));
    // Those that need a port nobody has yet can fail, and come first.
    const isNew = (each: Wanted) => addressOf(each) !== addressOf(before.get(each.name));
    const held = new Set(this.#running.map(addressOf));
    const [moved, opened] = partition(wanted.filter(isNew), (each) => held.has(addressOf(each)));
    const started = await this.#startAll(opened);
    let prepared: PreparedListener[] = [];
    try {
      prepared = await prepareAll(wanted.filter((each) => !isNew(each)).map((each) => [before.get(each.name)!, each]));
      if (this.#isStopping) throw new TenkError("config", "Cannot reload: it is stopping");
    } catch (error) {
      await Promise.all([stopAll(started), dropAll(prepared)]);
      throw error;
    }
    this.#fresh = started;
    this.#folder = folder;

    const leaving = this.#running.filter((each) => {
      const now = wanted.find(({ name }) => name === each.name);
      return now === undefined || isNew(now);
    });
    for (const each of leaving) this.#leave(each);
    const settled = [...started, ...(await Promise.all(prepared.map((each) => this.#commit(each))))];
    for (const each of started) this.#say("listener started", each);
    const after: RunningListener[] = [];
    for (const each of wanted) {
      const running =
        settled.find(({ name }) => name === each.name) ??
        (await (moved.includes(each) ? this.#startPatiently(each) : this.#restart(before.get(each.name)!, each)));
      if (running !== undefined) after.push(running);
    }
    this.#running = after;
    this.#fresh = [];
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

  async #restart(before: RunningListener, wanted: Wanted): Promise<RunningListener | undefined> {
    this.#leave(before);
    const running = await this.#startPatiently(wanted);
    if (running !== undefined) return running;
    const again = await this.#startPatiently(before);
    if (again !== undefined) this.#log.warn("listener runs as it was", { name: before.name });
    return again;
  }

  /** On a port that another listener of ours is leaving. Logs why it could not. */
  async #startPatiently(wanted: Wanted): Promise<RunningListener | undefined> {
    for (let waitedMs = 0; !this.#isStopping; waitedMs += PORT_RETRY_MS) {
      try {
        // Who holds the port takes long to find out, and is ourselves at first.
        const running = await startListener(wanted, { log: this.#log, findHolder: waitedMs >= PORT_PATIENCE_MS });
        // A stop that came meanwhile did not know of it.
        if (this.#isStopping) await stopAll([running]);
        this.#fresh.push(running);
        this.#say("listener started", running);
        return running;
      } catch (error) {
        const isLeaving = error instanceof TenkError && error.code === "port-in-use" && waitedMs < PORT_PATIENCE_MS;
        if (isLeaving) await wait(PORT_RETRY_MS);
        else {
          this.#log.error(`listener ${wanted.name} cannot start\n${withHint(error)}`);
          return undefined;
        }
      }
    }
    return undefined;
  }

  /** Accepts no more at once; its connections have the grace. */
  #leave(listener: RunningListener): void {
    const { server, name } = listener;
    this.#log.info("listener stopping", { name, address: server.address, open: server.counts().active });
    const left = server.stop({ graceMs: GRACE_MS }).finally(() => this.#leaving.delete(listener));
    this.#leaving.set(listener, left);
  }

  #say(message: string, { name, server, config }: RunningListener): void {
    this.#log.info(message, { name, address: server.address, handler: config.handler, workers: server.workers });
  }
}

function addressOf(listener: Wanted | undefined): string {
  return JSON.stringify(listener?.config.listen);
}

async function stopAll(listeners: readonly RunningListener[]): Promise<void> {
  await Promise.all(listeners.map(({ server }) => server.stop({ graceMs: 0 })));
}

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
