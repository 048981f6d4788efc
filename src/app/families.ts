import type { Registry } from "prom-client";
import { type Family, familiesIn } from "../metrics/mod.ts";
import type { LoopVitals } from "../net/mod.ts";
import type { RunningListener } from "./listener.ts";
import { listenerHistograms, runtimeFamilies } from "./loop-families.ts";
import { relayFamilies } from "./relay-metrics.ts";
import { relayReports } from "./relay-reports.ts";
import { userMetrics } from "./user-metrics.ts";

/** What is told of a box, and by whom. */
export interface FamilySources {
  /** The box's own: see `boxRegistry`. */
  readonly registry: Registry;
  readonly listeners: () => readonly RunningListener[];
  /** Of the event loop that is asked. */
  readonly main: () => LoopVitals;
  /** Of the machine. @default {nothing} */
  readonly host?: () => Promise<readonly Family[]>;
}

/** Everything that `/metrics` tells and that is pushed, read now. Never rejects for what a listener does not answer. */
export async function readFamilies({ registry, listeners, main, host }: FamilySources): Promise<readonly Family[]> {
  const [own, ofHost, gathered] = await Promise.all([
    familiesIn(registry),
    host?.() ?? [],
    gatheredFamilies(listeners(), main()),
  ]);
  const counted = listeners().map(({ name, server }) => ({ name, counts: server.counts() }));
  return [...own, ...listenerHistograms(counted), ...ofHost, ...gathered];
}

/** What every event loop must be asked for: relays' targets, and the metrics that handlers made themselves. */
export async function gatheredFamilies(
  running: readonly RunningListener[],
  main: LoopVitals,
): Promise<readonly Family[]> {
  const users = userMetrics(running.map(({ server }) => server)).then(familiesIn);
  const [relays, runtime, ofUsers] = await Promise.all([relayReports(running), runtimeFamilies(running, main), users]);
  return [...relayFamilies(relays), ...runtime, ...ofUsers];
}
