import { type Connection, connect } from "../../net/mod.ts";
import type { TargetAddress } from "./address.ts";
import type { HealthSettings } from "./health.ts";
import { ownProxyHeader } from "./proxy-out.ts";

/** A target, as checks use it. */
export interface Checked {
  readonly place: TargetAddress;
  answered(): void;
  failed(error: unknown, nowMs: number, isTrial: boolean): void;
}

/**
 * Connects to each target every `checkMs` and hangs up: TCP alone, without TLS, after a PROXY header where targets expect
 * one. Does not keep a process alive.
 */
export class Checks {
  readonly #targets: () => readonly Checked[];
  readonly #underWay = new Map<Checked, AbortController>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #everyMs = 0;
  #timeoutMs = 0;
  #header: Uint8Array | undefined;

  constructor(targets: () => readonly Checked[]) {
    this.#targets = targets;
  }

  /** Starts, or goes on with new settings. */
  start(settings: HealthSettings, proxyHeader: "none" | "v1" | "v2"): void {
    this.#header = proxyHeader === "none" ? undefined : ownProxyHeader(proxyHeader);
    this.#timeoutMs = settings.checkTimeoutMs;
    if (settings.checkMs === this.#everyMs) return;
    this.stop();
    this.#everyMs = settings.checkMs;
    if (settings.checkMs === 0) return;
    const round = () => {
      for (const target of this.#targets()) void this.#check(target);
    };
    this.#timer = setInterval(round, settings.checkMs);
    this.#timer.unref();
    round();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#everyMs = 0;
    for (const cancel of this.#underWay.values()) cancel.abort();
  }

  async #check(target: Checked): Promise<void> {
    if (this.#underWay.has(target)) return;
    const cancel = new AbortController();
    this.#underWay.set(target, cancel);
    let connection: Connection | undefined;
    try {
      connection = await connect({ ...target.place, timeoutMs: this.#timeoutMs, signal: cancel.signal }, {});
      if (this.#header !== undefined) connection.write(this.#header);
      target.answered();
    } catch (error) {
      target.failed(error, performance.now(), false);
    } finally {
      this.#underWay.delete(target);
      // A reset would overtake the header, and the target would miss it.
      if (this.#header === undefined) connection?.reset();
      else connection?.end();
    }
  }
}
