import { type Family, familiesIn } from "../../metrics/mod.ts";
import type { RunningListener } from "../listeners/mod.ts";
import { listenerHistograms } from "./histograms.ts";
import { relayFamilies } from "./relay-metrics.ts";
import { relayReports } from "./relay-reports.ts";
import { userMetrics } from "./user-metrics.ts";

/** What every event loop must be asked for: relays' targets, and the metrics that handlers made themselves. */
export async function gatherTcpMetrics(running: readonly RunningListener[]): Promise<Family[]> {
  const users = userMetrics().then(familiesIn);
  const [relays, ofUsers] = await Promise.all([relayReports(running), users]);
  const counted = running.map(({ name, server }) => ({ name, counts: server.counts() }));
  return [...listenerHistograms(counted), ...relayFamilies(relays), ...ofUsers];
}
