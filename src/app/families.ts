import type { Registry } from "prom-client";
import { type Family, familiesIn } from "../metrics/mod.ts";
import type { RelayReport } from "../tcp/mod.ts";
import type { RunningListener } from "./listener.ts";
import { type RelayReports, relayFamilies } from "./relay-metrics.ts";
import { userMetrics } from "./user-metrics.ts";

/** What is told of a box, and by whom. */
export interface FamilySources {
  /** The box's own: see `boxRegistry`. */
  readonly registry: Registry;
  readonly listeners: () => readonly RunningListener[];
  /** Of the machine. @default {nothing} */
  readonly host?: () => Promise<readonly Family[]>;
}

/** Everything that `/metrics` tells and that is pushed, read now. Never rejects for what a listener does not answer. */
export async function readFamilies({ registry, listeners, host }: FamilySources): Promise<readonly Family[]> {
  const running = listeners();
  const [own, relays, ofHost, users] = await Promise.all([
    familiesIn(registry),
    relayReports(running),
    host?.() ?? [],
    userMetrics(running.map(({ server }) => server)).then(familiesIn),
  ]);
  return [...own, ...relayFamilies(relays), ...ofHost, ...users];
}

function relayReports(running: readonly RunningListener[]): Promise<RelayReports[]> {
  const relays = running.filter(({ config }) => config.relay !== undefined);
  return Promise.all(
    relays.map(async ({ name, server }) => ({ name, reports: (await server.reports()) as RelayReport[] })),
  );
}
