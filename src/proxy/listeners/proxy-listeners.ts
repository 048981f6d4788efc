import { type Log, messageOf } from "../../base/mod.ts";
import { ListenerSet, logFields, type RunningListener } from "../../listener/mod.ts";
import type { Server } from "../../net/mod.ts";
import {
  type Certificates,
  isLoopback,
  type OwnDashboard,
  type OwnResolver,
  type PreparedChange,
  type WebPorts,
} from "../../part/mod.ts";
import { completed, differenceOf } from "./change.ts";
import { desiredListeners, type ProxyListener, type ProxySettings } from "./desired.ts";
import { dohEntry } from "./own-site.ts";

export interface ProxyListenersOptions {
  readonly log: Log;
  readonly certificates: Certificates;
  readonly dashboard: OwnDashboard;
  readonly resolver: OwnResolver;
  /** Take a free port where a configured one is in use. */
  readonly autoPort: boolean;
}

/**
 * The two listeners of the proxy. A {@link ListenerSet} starts, changes and stops them, with the certificates that they serve; this
 * knows what their handlers are given.
 */
export class ProxyListeners {
  readonly #set: ListenerSet<ProxyListener>;
  readonly #log: Log;
  readonly #resolver: OwnResolver;
  #unsubscribe: (() => void)[] = [];

  private constructor(options: ProxyListenersOptions) {
    const { certificates: store, dashboard, resolver } = options;
    this.#log = options.log;
    this.#resolver = resolver;
    this.#set = new ListenerSet<ProxyListener>(
      {
        completed: (desired, now) => completed(desired, { ...now, store, dashboard, resolver }),
        differenceOf,
        rebuilt: (before) => before,
        changed: (_, desired) => desired,
        logFields,
      },
      options,
    );
  }

  /** @throws {TenkError} why one cannot start; then nothing runs */
  static async start(settings: ProxySettings, options: ProxyListenersOptions): Promise<ProxyListeners> {
    const listeners = new ProxyListeners(options);
    await listeners.#set.start(desiredListeners(settings));
    await listeners.#refresh();
    const refresh = () => void listeners.#refresh();
    listeners.#unsubscribe = [options.dashboard.onMove(refresh), options.resolver.onOffer(refresh)];
    return listeners;
  }

  get running(): readonly RunningListener<ProxyListener>[] {
    return this.#set.running;
  }

  get ports(): ReadonlyMap<string, number> {
    return new Map(this.running.map(({ name, server }) => [name, server.port]));
  }

  /** Ports that the network reaches. */
  get webPorts(): WebPorts {
    const portOf = (wanted: string) =>
      this.running.find(({ name, server }) => name === wanted && !isLoopback(server.host))?.server.port;
    return { https: portOf("https"), http: portOf("http") };
  }

  get servers(): Server[] {
    return this.running.map(({ server }) => server);
  }

  /** Prepares another configuration: see `ListenerSet.prepare`. @throws {TenkError} why it cannot change; then nothing has */
  async prepare(settings: ProxySettings): Promise<PreparedChange> {
    const before = this.servers;
    const change = await this.#set.prepare(() => desiredListeners(settings));
    return {
      ...change,
      commit: async () => {
        await change.commit();
        if (this.servers.some((server) => !before.includes(server))) await this.#refresh();
        else this.#tellEntry();
      },
    };
  }

  /**
   * Handlers get what follows from ports, from the dashboard's address and from the name server. Each has started without those that
   * came later.
   */
  async #refresh(): Promise<void> {
    try {
      await this.#set.refresh();
      this.#tellEntry();
    } catch (error) {
      this.#log.error("listeners not refreshed, links, the dashboard and DNS over HTTPS may lead to former ports", {
        error: messageOf(error),
      });
    }
  }

  #tellEntry(): void {
    const settings = this.running[0]?.settings;
    this.#resolver.setEntry(settings && dohEntry(settings, this.#resolver, this.ports));
  }

  /** Connections have `graceMs` to finish. A second call closes them at once. */
  stop(graceMs: number): Promise<void> {
    for (const end of this.#unsubscribe) end();
    this.#resolver.setEntry(undefined);
    return this.#set.stop(graceMs);
  }
}
