import { isOneFile, type Log, messageOf } from "../../base/mod.ts";
import { VERSION } from "../version.ts";
import type { Go } from "./messages.ts";
import { type Replaceable, type Replaced, type ReplaceOptions, replaceProcess } from "./replace.ts";

/** `upgrade` of `/api/status`. */
export interface UpgradeStatus {
  /** The executable that an upgrade starts. */
  readonly program: string;
  /** It is tenk as one file, which can be replaced. */
  readonly isOneFile: boolean;
  readonly isUnderWay: boolean;
  /** The last one that this process, or the one that it replaced, has tried; null before the first. */
  readonly last: UpgradeResult | null;
}

export interface UpgradeResult {
  /** ms since 1970 */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly result: "done" | "failed";
  readonly from: string;
  /** Null where the new process did not come to say so. */
  readonly to: string | null;
  /** Why it failed. */
  readonly reason: string | null;
}

export interface UpgradesOptions {
  readonly command: readonly [string, ...string[]];
  readonly log: Log;
  /** Returns why none can be made; undefined where one can. */
  readonly impossible?: () => string | undefined;
  readonly replace?: (options: ReplaceOptions) => Promise<Replaced>;
}

type UpgradedInstance = Replaceable & { upgradeFailed(reason: string): void };

/** The upgrades of a process: one at a time, and the last one for the status. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #stopping = new AbortController();
  #instance: UpgradedInstance | undefined;
  #timeoutMs: () => number = () => 60_000;
  #running: Promise<void> | undefined;
  #last: UpgradeResult | null = null;
  readonly #replaced = Promise.withResolvers<Replaced>();

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /** Resolves when another process serves in the place of this one. */
  get replaced(): Promise<Replaced> {
    return this.#replaced.promise;
  }

  get status(): UpgradeStatus {
    return {
      program: this.#options.command[0],
      isOneFile: isOneFile(),
      isUnderWay: this.#running !== undefined,
      last: this.#last,
    };
  }

  /** From now on there is something to upgrade. @param timeoutMs returns how long the new process may take to be ready */
  begin(instance: UpgradedInstance, timeoutMs: () => number): void {
    this.#instance = instance;
    this.#timeoutMs = timeoutMs;
  }

  /** Notes that this process has replaced the one before. */
  tookOver({ state, startedAtMs }: Go): void {
    const { version: from } = state;
    this.#last = { startedAtMs, endedAtMs: Date.now(), result: "done", from, to: VERSION, reason: null };
    this.#options.log.info("upgraded", { from, to: VERSION, tookMs: Date.now() - startedAtMs });
  }

  /** Begins one, unless it cannot; that is logged. */
  request(): void {
    const { log, impossible } = this.#options;
    const why =
      this.#running !== undefined
        ? "another one is under way"
        : this.#instance === undefined
          ? "tenk is starting"
          : this.#stopping.signal.aborted
            ? "tenk is stopping"
            : impossible?.();
    if (why !== undefined) {
      log.warn("upgrade rejected", { why });
      // One that is under way tells its own end.
      if (this.#running === undefined) this.#failed(Date.now(), `rejected: ${why}`);
      return;
    }
    this.#running = this.#upgrade(this.#instance!).finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends one that is under way: this process goes on alone. Later ones are rejected. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #upgrade(instance: UpgradedInstance): Promise<void> {
    const { command, log, replace = replaceProcess } = this.#options;
    const startedAtMs = Date.now();
    log.info("upgrade begins", { program: command[0], from: VERSION });
    try {
      const signal = this.#stopping.signal;
      const replaced = await replace({ instance, command, timeoutMs: this.#timeoutMs(), signal, startedAtMs });
      log.info("replaced by another process", { pid: replaced.pid, tenk: replaced.version });
      this.#replaced.resolve(replaced);
    } catch (error) {
      const reason = messageOf(error);
      log.error("upgrade failed, this process goes on", { reason });
      this.#failed(startedAtMs, reason);
      instance.upgradeFailed(reason);
    }
  }

  #failed(startedAtMs: number, reason: string): void {
    this.#last = { startedAtMs, endedAtMs: Date.now(), result: "failed", from: VERSION, to: null, reason };
  }
}
