import type { Log } from "../../base/mod.ts";
import type { DnsConfig } from "../config.ts";
import {
  type GuardOptions,
  type GuardSettings,
  guardSettings,
  LoopWatch,
  type Noticed,
  SourceGuard,
  type WatchedUpstream,
} from "../guard/mod.ts";
import type { Network } from "../local/mod.ts";

/** What the guards of all threads have in common: their settings, and who is told what they notice. */
export class ServerGuard {
  /** The guard of this thread, for TCP, TLS and HTTPS. */
  readonly own: SourceGuard;
  /** Logs refusals, and tells loops to the watch. */
  readonly noticed: Noticed;
  readonly #watch: LoopWatch;

  constructor(log: Log, upstreams: () => readonly WatchedUpstream[], config: DnsConfig, networks: readonly Network[]) {
    this.#watch = new LoopWatch(log, upstreams);
    this.noticed = (notice) => {
      if ("upstream" in notice) this.#watch.seen(notice.upstream);
      else log.warn("query refused", { ...notice, fix: FIXES[notice.reason] });
    };
    this.own = new SourceGuard(this.settings(config, networks), this.noticed);
  }

  /** For `Resolver`: how upstreams that do not answer are probed. */
  readonly probeQuestion = (upstream: WatchedUpstream) => this.#watch.question(upstream);

  /** @throws {TenkError} `invalid-option` */
  settings(config: DnsConfig, networks: readonly Network[]): GuardSettings {
    return guardSettings({ ...guardOptions(config), probeZone: this.#watch.zone }, networks);
  }

  stop(): void {
    this.#watch.stop();
  }
}

const FIXES: Readonly<Record<string, string>> = {
  source: "add its network to dns.allow, if it is one of yours",
  rate: "raise dns.rate.queries, or find out why it asks so much",
};

function guardOptions({ allow, rate }: DnsConfig): GuardOptions {
  return {
    allow,
    rateQueries: rate.queries,
    rateWindowMs: rate.window,
    rateExempt: rate.exempt,
    maxClients: rate.clients,
    refusalsPerSecond: rate.refusals,
  };
}
