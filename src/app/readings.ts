import type { Log } from "../base/mod.ts";
import {
  busyRatio,
  type ExpositionFormat,
  exposition,
  type Family,
  type History,
  hostCollector,
  openHostReader,
  openProcessReader,
  recentLag,
} from "../metrics/mod.ts";
import { openVitals } from "../net/mod.ts";
import { gatheredFamilies, readFamilies } from "./families.ts";
import type { RunningListener } from "./listener.ts";
import { boxRegistry, type CountedListener } from "./metrics.ts";
import { RelayReader } from "./relay-status.ts";
import { startSampling } from "./sampling.ts";
import { hostStatus, type ListenerStatus, processStatus, type Status } from "./status.ts";
import { VERSION } from "./version.ts";

export interface ReadingsOptions {
  readonly listeners: () => readonly RunningListener[];
  readonly history: History;
  /** A second was sampled. */
  readonly onSecond: () => void;
  readonly log: Log;
}

/** What can be read of a box, now and each second, until stopped. */
export interface Readings {
  listeners(): ListenerStatus[];
  status(): Status;
  /** With the targets of relays, which event loops are asked for. Never rejects. */
  wholeStatus(): Promise<Status>;
  families(): Promise<readonly Family[]>;
  metrics(format: ExpositionFormat): Promise<string>;
  /** What a metric is, in words. */
  helpOf(name: string): string;
  stop(): void;
}

export function startReadings({ listeners: running, history, onSecond, log }: ReadingsOptions): Readings {
  const startedAt = new Date().toISOString();
  const reader = openProcessReader();
  const listeners = () => running().map(listenerStatus);
  const { registry, metrics, observeLagSeconds } = boxRegistry({
    process: () => reader.read(),
    listeners: () => running().map(countedListener),
  });
  const lag = recentLag();
  let longestLagMs = 0;
  const vitals = openVitals((lagMs) => {
    lag.add(lagMs);
    longestLagMs = Math.max(longestLagMs, lagMs);
    observeLagSeconds(lagMs / 1000);
  });
  const host = hostCollector({ version: VERSION });
  const glance = openHostReader();
  const families = () =>
    readFamilies({ registry, listeners: running, main: () => vitals.read(), host: () => host.collect() });
  const sampling = startSampling({
    history,
    metrics,
    host: () => glance.read(),
    takeLagMs() {
      const longest = longestLagMs;
      longestLagMs = 0;
      return longest;
    },
    gather: () => gatheredFamilies(running(), vitals.read()),
    onSecond,
    log,
  });
  const status = () => ({
    tenk: VERSION,
    startedAt,
    listeners: listeners(),
    process: processStatus(reader.read(), lag.quantileMs(0.99)),
    host: hostStatus(sampling.host, busyRatio(sampling.hostBefore?.cpu, sampling.host?.cpu)),
  });
  const relays = new RelayReader();
  return {
    listeners,
    status,
    wholeStatus: () => relays.withRelays(status(), running()),
    families,
    metrics: async (format) => exposition(await families(), format),
    helpOf: sampling.helpOf,
    stop() {
      sampling.stop();
      vitals.stop();
      reader.close();
    },
  };
}

function countedListener({ name, server }: RunningListener): CountedListener {
  return { name, counts: server.counts(), workerCounts: server.workerCounts() };
}

export function listenerStatus({ name, config: { handler }, server }: RunningListener): ListenerStatus {
  const { host, port, path, workers } = server;
  return { name, host, port, ...(path === undefined ? {} : { path }), handler, workers, counts: server.counts() };
}
