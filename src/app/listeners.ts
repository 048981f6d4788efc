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
import { type Change, changeOf } from "./listener-change.ts";

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
   * Serves another configuration. Everything that can be wrong with it is looked for first, and new ports are opened first: when
   * this throws, nothing has changed.
   *
   * @throws {TenkError} what is wrong with it
   */
  reload(loaded: LoadedConfig): Promise<void> {
    return this.#inTurn(() => this.#reload(loaded));
  }

  /** Serves connections to come with the handler's file as it is now. @throws {TenkError} why it cannot; the old one serves on */
  refresh(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#running.find((each) => each.name === name);
      if (before === undefined) return;
      const after = refreshed(before, this.#folder, this.#colour);
      if (after.digest !== before.digest) await this.#replaceHandler(before, after);
    });
  }

  /** A second call closes what is still open at once. */
  async stop(graceMs: number): Promise<void> {
    const leaving = [...this.#leaving].map(([{ server }, left]) => Promise.all([server.stop({ graceMs: 0 }), left]));
    await Promise.all([...this.#running.map(({ server }) => server.stop({ graceMs })), ...leaving]);
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
      await Promise.all(started.map(({ server }) => server.stop({ graceMs: 0 })));
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
    const started = new Map((await this.#startAll(opened)).map((each) => [each.name, each]));
    this.#folder = folder;

    const after: RunningListener[] = [];
    const leaving = this.#running.filter((each) => {
      const now = wanted.find(({ name }) => name === each.name);
      return now === undefined || isNew(now);
    });
    for (const each of leaving) this.#leave(each);
    for (const each of wanted) {
      const running =
        started.get(each.name) ?? (await this.#settle(each, moved.includes(each) ? undefined : before.get(each.name)));
      if (running !== undefined) after.push(running);
    }
    for (const each of started.values()) this.#say("listener started", each);
    this.#running = after;
  }

  /** Makes a running listener what is wanted, or starts it where another one has just left its port. */
  async #settle(wanted: Wanted, before: RunningListener | undefined): Promise<RunningListener | undefined> {
    if (before === undefined) return this.#startPatiently(wanted);
    const change = changeOf(before, wanted);
    try {
      if (change.restart) return await this.#restart(before, wanted);
      return await this.#change(before, wanted, change);
    } catch (error) {
      this.#log.error(`listener ${wanted.name} not changed, it serves as before\n${withHint(error)}`);
      return before;
    }
  }

  async #change(before: RunningListener, wanted: Wanted, change: Change): Promise<RunningListener> {
    const { server, name } = before;
    const { options } = wanted;
    // What fails comes first: a handler's file may throw when it is run.
    let after: RunningListener = { ...wanted, url: before.url, server };
    if (change.handler) after = await this.#replaceHandler(before, wanted);
    // Also where its words are the same: the files that they name may be others.
    if (options.tls) await server.updateTls(options.tls);
    if (change.relay) await server.configure(options.handlerOptions);
    if (change.limits && options.limits) server.update(options.limits);
    const changed = [change.relay && "relay", change.limits && "limits", change.tls && "tls"].filter(
      (each) => each !== false,
    );
    if (changed.length > 0) this.#log.info("listener changed", { name, changed: changed.join(",") });
    return after;
  }

  async #replaceHandler(before: RunningListener, after: Wanted): Promise<RunningListener> {
    await before.server.replaceHandler(after.url);
    const running = { ...after, server: before.server };
    this.#running = this.#running.map((each) => (each === before ? running : each));
    const { active } = before.server.counts();
    this.#log.info("handler reloaded", { name: after.name, handler: after.config.handler, before: active });
    return running;
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
    for (let waitedMs = 0; ; waitedMs += PORT_RETRY_MS) {
      try {
        // Who holds the port takes long to find out, and is ourselves at first.
        const running = await startListener(wanted, { log: this.#log, findHolder: waitedMs >= PORT_PATIENCE_MS });
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

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
