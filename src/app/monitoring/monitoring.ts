import type { Log } from "../../base/mod.ts";
import {
  busyRatio,
  type ExpositionFormat,
  exposition,
  type Family,
  familiesOf,
  type History,
  joinFamilies,
  type Metric,
  openHost,
  openProcessReader,
  recentLag,
} from "../../metrics/mod.ts";
import { openVitals, sharedThreads } from "../../net/mod.ts";
import { type Problem, publicService, type Service } from "../../part/mod.ts";
import { type BoxConfig, startBoxWatch } from "../box/mod.ts";
import type { RunningParts } from "../running-parts.ts";
import type { UpgradeStatus } from "../upgrade/mod.ts";
import { VERSION } from "../version.ts";
import { loopFamilies } from "./loop-metrics.ts";
import { processMetrics } from "./process-metrics.ts";
import { startSampling } from "./sampling.ts";
import { hostStatus, limitsStatus, processStatus, type Status } from "./status.ts";

export interface MonitoringOptions {
  readonly parts: RunningParts;
  readonly services: () => readonly Service[];
  readonly certificates: CertificateSource;
  readonly box: () => BoxConfig;
  readonly upgrades: () => UpgradeStatus;
  readonly history: History;
  /** Called after each sample. */
  readonly onSecond: () => void;
  readonly log: Log;
}

/** What the certificate store tells. */
export interface CertificateSource {
  status(): Status["certificates"];
  readonly metrics: readonly Metric[];
}

/** Reads of an instance and its machine: on request, and each second into the history, until stopped. */
export interface Monitoring {
  /** Never rejects: a part's event loop that does not answer is left out. */
  status(): Promise<Status>;
  families(): Promise<readonly Family[]>;
  metrics(format: ExpositionFormat): Promise<string>;
  /** Returns what is wrong with the machine itself. */
  boxProblems(): readonly Problem[];
  /** Returns keys of problems of the box of which nothing is known yet. */
  boxUndecided(): readonly string[];
  boxWatches(key: string): boolean;
  /** Returns the help text of a metric. */
  helpOf(name: string): string;
  stop(): void;
}

/**
 * Reads everything that an instance tells of itself:
 *
 * ```text
 *   plain fields ── metrics ──┬─► /metrics, push
 *   event loops ── gather ────┤
 *   machine ── collect, sample ┘─► history, once a second
 * ```
 */
export function startMonitoring(options: MonitoringOptions): Monitoring {
  const { parts, services, certificates, history, onSecond, log } = options;
  const startedAt = new Date().toISOString();
  const reader = openProcessReader();
  const own = processMetrics(() => reader.read());
  const lag = recentLag();
  let longestLagMs = 0;
  const vitals = openVitals((lagMs) => {
    lag.add(lagMs);
    longestLagMs = Math.max(longestLagMs, lagMs);
  });
  const host = openHost({ version: VERSION, mountedRoot: options.box().root ?? "" });
  const metrics = () => [...own, ...certificates.metrics, ...parts.metrics()];
  async function gather(): Promise<Family[]> {
    const [threads, ofParts] = await Promise.all([sharedThreads.vitals(), parts.gatherMetrics()]);
    return joinFamilies([...loopFamilies(vitals.read(), threads), ...ofParts]);
  }
  const sampling = startSampling({
    history,
    metrics,
    host: () => host.sample(),
    takeLagMs() {
      const longest = longestLagMs;
      longestLagMs = 0;
      return longest;
    },
    gather,
    onSecond,
    log,
  });
  const box = startBoxWatch({
    config: options.box,
    sample: () => sampling.host,
    host,
    certificates: () => certificates.status(),
  });
  async function families(): Promise<readonly Family[]> {
    const [ofHost, gathered] = await Promise.all([host.collect(), gather()]);
    return [...familiesOf(metrics()), ...ofHost, ...gathered];
  }
  return {
    families,
    boxProblems: box.problems,
    boxUndecided: box.undecided,
    boxWatches: box.watches,
    async status() {
      return {
        tenk: VERSION,
        startedAt,
        process: processStatus(reader.read(), lag.quantileMs(0.99)),
        host: hostStatus(sampling.host, busyRatio(sampling.hostBefore?.cpu, sampling.host?.cpu)),
        limits: limitsStatus(sampling.host, sampling.hostBefore),
        services: services().map(publicService),
        problems: parts.problems(),
        undecided: parts.undecided(),
        certificates: certificates.status(),
        upgrade: options.upgrades(),
        parts: await parts.status(),
      };
    },
    metrics: async (format) => exposition(await families(), format),
    helpOf: sampling.helpOf,
    stop() {
      sampling.stop();
      box.stop();
      vitals.stop();
      reader.close();
    },
  };
}
