import type { TargetReport } from "../../targets/mod.ts";
import type { RunningListener } from "../listeners/mod.ts";
import type { RelayReport } from "../relay/mod.ts";

/** The reports of one relaying listener's event loops, without those that are blocked. */
export interface RelayReports {
  readonly name: string;
  readonly reports: readonly RelayReport[];
}

/** Gathers the reports of the listeners that are relays. Takes seconds where an event loop is blocked. */
export function relayReports(running: readonly RunningListener[]): Promise<RelayReports[]> {
  const relays = running.filter(({ config }) => config.relay !== undefined);
  return Promise.all(
    relays.map(async ({ name, server }) => {
      const reports = (await server.reports()) as (RelayReport | undefined)[];
      return { name, reports: reports.filter((report) => report !== undefined) };
    }),
  );
}

/** What event loops report of each target, in the order in which they have them. */
export function targetReports(reports: readonly RelayReport[]): [address: string, ofLoops: TargetReport[]][] {
  const byAddress = new Map<string, TargetReport[]>();
  for (const report of reports.flatMap(({ targets }) => targets)) {
    const known = byAddress.get(report.address);
    if (known) known.push(report);
    else byAddress.set(report.address, [report]);
  }
  return [...byAddress];
}
