import type { Family, Sample } from "../../metrics/mod.ts";
import type { Server } from "../../net/mod.ts";
import type { TargetReport } from "../../targets/mod.ts";

/** The targets of one service, as one event loop sees them. */
export interface ServiceReport {
  readonly service: string;
  readonly waiting: number;
  readonly targets: readonly TargetReport[];
}

/** Gathers the reports of all event loops, without those that are blocked or have ended. Takes seconds where one is blocked. */
export async function serviceReports(servers: readonly Pick<Server, "reports">[]): Promise<ServiceReport[]> {
  const ofLoops = (await Promise.all(servers.map((server) => server.reports()))).flat();
  return (ofLoops as (ServiceReport[] | undefined)[]).flatMap((reports) => reports ?? []);
}

/** Targets, added up over event loops. Each finds out by itself whether a target is up. */
export function targetFamilies(reports: readonly ServiceReport[]): Family[] {
  const byTarget = new Map<string, { labels: Sample["labels"]; reports: TargetReport[] }>();
  for (const { service, targets } of reports) {
    for (const report of targets) {
      const key = `${service} ${report.address}`;
      const known = byTarget.get(key) ?? { labels: { service, target: report.address }, reports: [] };
      known.reports.push(report);
      byTarget.set(key, known);
    }
  }
  const family = (
    type: Family["type"],
    name: string,
    help: string,
    read: (all: readonly TargetReport[]) => number,
  ) => ({
    name: `tenk_http_target_${name}`,
    help,
    type,
    samples: [...byTarget.values()].map(({ labels, reports }) => ({ labels, value: read(reports) })),
  });
  const summed = (pick: (report: TargetReport) => number) => (all: readonly TargetReport[]) =>
    all.reduce((sum, each) => sum + pick(each), 0);
  return [
    family("gauge", "up_ratio", "Part of the event loops that find the target up.", (all) => {
      return all.filter(({ state }) => state === "up").length / all.length;
    }),
    family(
      "gauge",
      "requests_active",
      "Requests that the target has now.",
      summed(({ active }) => active),
    ),
    family(
      "counter",
      "requests_total",
      "Requests that the target answered.",
      summed(({ total }) => total),
    ),
    family(
      "counter",
      "failures_total",
      "Requests and checks that failed at the target.",
      summed(({ failures }) => failures),
    ),
  ];
}
