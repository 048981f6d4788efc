import type { Log } from "../../base/mod.ts";
import { ListenerSet, logFields, type RunningListener } from "../../listener/mod.ts";
import type { Server } from "../../net/mod.ts";
import type { Certificates, PreparedChange } from "../../part/mod.ts";
import { completed, differenceOf } from "./change.ts";
import { desiredListeners, type ProxyListener, type ProxySettings } from "./desired.ts";

export interface ProxyListenersOptions {
  readonly log: Log;
  readonly certificates: Certificates;
  /** Take a free port where a configured one is in use. */
  readonly autoPort: boolean;
}

/**
 * The two listeners of the proxy. A {@link ListenerSet} starts, changes and stops them, with the certificates that they serve; this
 * knows what their handlers are given.
 */
export class ProxyListeners {
  readonly #set: ListenerSet<ProxyListener>;

  private constructor(options: ProxyListenersOptions) {
    const { certificates } = options;
    this.#set = new ListenerSet<ProxyListener>(
      {
        completed: (desired, now) => completed(desired, { ...now, challenges: certificates.httpChallenges() }),
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
    return listeners;
  }

  get running(): readonly RunningListener<ProxyListener>[] {
    return this.#set.running;
  }

  get servers(): Server[] {
    return this.running.map(({ server }) => server);
  }

  /** Prepares another configuration: see `ListenerSet.prepare`. @throws {TenkError} why it cannot change; then nothing has */
  prepare(settings: ProxySettings): Promise<PreparedChange> {
    return this.#set.prepare(() => desiredListeners(settings));
  }

  /** Connections have `graceMs` to finish. A second call closes them at once. */
  stop(graceMs: number): Promise<void> {
    return this.#set.stop(graceMs);
  }
}
