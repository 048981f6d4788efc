import { type Log, messageOf } from "../../base/mod.ts";
import type { Declaration, DeclaredTls, DeclareOptions } from "./contract.ts";
import type { Entry } from "./entry.ts";

/** The names of one listener, and the certificates that it serves for them. */
export class ListenerDeclaration implements Declaration {
  readonly names: readonly string[];
  readonly entries: readonly Entry[];
  readonly #options: DeclareOptions;
  readonly #log: Log;
  readonly #compute: () => DeclaredTls;
  readonly #closed: () => void;
  #tls: DeclaredTls | undefined;
  #version = 0;
  #delivering: Promise<void> | undefined;
  #isOpen = true;
  /** `changed` is called only once `declare` has returned. */
  #isReporting = false;
  readonly #reporting = Promise.withResolvers<void>();

  constructor(
    names: readonly string[],
    entries: readonly Entry[],
    options: DeclareOptions,
    internals: { log: Log; compute(): DeclaredTls; closed(): void },
  ) {
    this.names = names;
    this.entries = entries;
    this.#options = options;
    this.#log = internals.log;
    this.#compute = internals.compute;
    this.#closed = internals.closed;
  }

  get tls(): DeclaredTls {
    this.#tls ??= this.#compute();
    return this.#tls;
  }

  startReporting(): void {
    this.#isReporting = true;
    this.#reporting.resolve();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#reporting.resolve();
    this.#closed();
  }

  /** As `refresh`, once there is a listener: a CA that is told to look before finds nobody. */
  async served(): Promise<void> {
    if (!this.#isReporting) await this.#reporting.promise;
    await this.refresh();
  }

  /** Has the listener serve the current certificates. Resolves when it does, or could not. */
  refresh(): Promise<void> {
    this.#tls = undefined;
    this.#version += 1;
    if (!this.#isOpen || !this.#isReporting) return Promise.resolve();
    this.#delivering ??= this.#deliver();
    return this.#delivering;
  }

  /** One call at a time; what changes meanwhile is in the next one. */
  async #deliver(): Promise<void> {
    for (let delivered = -1; delivered !== this.#version && this.#isOpen; ) {
      delivered = this.#version;
      try {
        await this.#options.changed(this);
      } catch (error) {
        this.#log.error("listener keeps its old certificates", {
          listener: this.#options.owner,
          problem: messageOf(error),
        });
      }
    }
    this.#delivering = undefined;
  }
}
