import type { Log } from "../../base/mod.ts";
import { type ListenerKind, ListenerSet, type ListenerSetOptions } from "../../listener/mod.ts";
import type { PreparedChange } from "../../part/mod.ts";
import { differenceOf, type TcpDifference } from "./change.ts";
import type { TcpSettings } from "./config.ts";
import {
  type DesiredListener,
  desiredListener,
  logFields,
  type RunningListener,
  rebuilt,
  refreshed,
  withCertificates,
} from "./listener.ts";

export interface ListenersOptions extends ListenerSetOptions {
  /** Print dumps in colour. @default {false} */
  readonly colour?: boolean;
}

/** The running listeners of a `tcp:` section. A {@link ListenerSet} starts, changes and stops them; this knows their handlers. */
export class Listeners {
  readonly #log: Log;
  readonly #colour: boolean;
  #folder: string;
  readonly #set: ListenerSet<DesiredListener>;

  private constructor({ folder }: TcpSettings, { colour = false, ...options }: ListenersOptions) {
    this.#log = options.log;
    this.#colour = colour;
    this.#folder = folder;
    const kind: ListenerKind<DesiredListener> = {
      completed: withCertificates,
      differenceOf,
      rebuilt: (before) => rebuilt(before, this.#folder, this.#colour),
      changed: (before, desired, difference, open) => {
        const { handler } = difference as TcpDifference;
        if (handler) this.#logReloaded(desired, open);
        // A handler that is the same keeps the version of its module.
        return handler ? desired : { ...desired, handler: before.handler };
      },
      logFields,
    };
    this.#set = new ListenerSet(kind, options);
  }

  /**
   * Starts every listener, one after the other. When one cannot start, those already started are stopped again.
   *
   * @throws {TenkError} what is wrong with a listener, `port-in-use` naming the holder where it can be known
   */
  static async start(loaded: TcpSettings, options: ListenersOptions): Promise<Listeners> {
    const listeners = new Listeners(loaded, options);
    await listeners.#set.start(listeners.#desiredFrom(loaded));
    return listeners;
  }

  get running(): readonly RunningListener[] {
    return this.#set.running;
  }

  /** Prepares another configuration: see `ListenerSet.prepare`. @throws {TenkError} what is wrong; then no listener has changed */
  async prepare(settings: TcpSettings): Promise<PreparedChange> {
    const { folder } = settings;
    const change = await this.#set.prepare(() =>
      this.#desiredFrom(settings).map((each) => refreshed(each, folder, this.#colour)),
    );
    return {
      ...change,
      commit: async () => {
        await change.commit();
        this.#folder = folder;
      },
    };
  }

  /**
   * Loads the current version of a handler's file, for new connections.
   *
   * @returns whether the version is a new one
   * @throws {TenkError} why it cannot be loaded; then the old version stays in use
   */
  async refresh(name: string): Promise<boolean> {
    let isNew = false;
    await this.#set.changeOne(name, async (before) => {
      const after = refreshed(before, this.#folder, this.#colour);
      isNew = after.digest !== before.digest;
      if (!isNew) return before;
      await before.server.replaceHandler(after.handler);
      this.#logReloaded(after, before.server.counts().active);
      return { ...after, server: before.server };
    });
    return isNew;
  }

  /** Stops all listeners; connections have `graceMs` to finish. A second call closes them at once. */
  stop(graceMs: number): Promise<void> {
    return this.#set.stop(graceMs);
  }

  #desiredFrom(settings: TcpSettings): DesiredListener[] {
    return Object.entries(settings.config).map(([name, each]) => desiredListener(name, each, settings, this.#colour));
  }

  #logReloaded({ name, config }: DesiredListener, before: number): void {
    this.#log.info("handler reloaded", { name, handler: config.handler, before });
  }
}
