import { type Family, familiesIn } from "../../metrics/mod.ts";
import { loopFamilies, type NamedLoop } from "../../part/mod.ts";
import type { RunningListener } from "../listeners/mod.ts";
import { listenerHistograms } from "./histograms.ts";
import { relayFamilies } from "./relay-metrics.ts";
import { relayReports } from "./relay-reports.ts";
import { userMetrics } from "./user-metrics.ts";

/** What every event loop must be asked for: relays' targets, workers' heaps, and the metrics that handlers made themselves. */
export async function gatherTcpMetrics(running: readonly RunningListener[]): Promise<Family[]> {
  const users = userMetrics(running.map(({ server }) => server)).then(familiesIn);
  const [relays, loops, ofUsers] = await Promise.all([relayReports(running), workerLoops(running), users]);
  const counted = running.map(({ name, server }) => ({ name, counts: server.counts() }));
  return [...listenerHistograms(counted), ...relayFamilies(relays), ...loopFamilies(loops), ...ofUsers];
}

async function workerLoops(running: readonly RunningListener[]): Promise<NamedLoop[]> {
  const perListener = await Promise.all(running.map(({ server }) => server.vitals()));
  return running.flatMap(({ name }, index) =>
    (perListener[index] ?? []).map((vitals) => ({
      loop: `${name}/${vitals.worker}`,
      labels: { listener: name, worker: String(vitals.worker) },
      vitals,
    })),
  );
}
