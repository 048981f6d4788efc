import type { Family, Sample } from "../../metrics/mod.ts";
import type { TargetReport } from "../../targets/mod.ts";
import type { RelayReport } from "../relay/mod.ts";
import { type RelayReports, targetReports } from "./relay-reports.ts";

/** Relays, by listener, and their targets by address: added up over event loops. */
export function relayFamilies(relays: readonly RelayReports[]): Family[] {
  if (relays.length === 0) return [];
  const ofListener = (type: Family["type"], name: string, help: string, pick: (report: RelayReport) => number) =>
    family(
      type,
      name,
      help,
      relays.map(({ name: listener, reports }) => ({ value: sum(reports.map(pick)), labels: { listener } })),
    );
  const targets = relays.flatMap(targetsOf);
  const ofTarget = (
    type: Family["type"],
    name: string,
    help: string,
    read: (reports: readonly TargetReport[]) => number | undefined,
  ) =>
    family(
      type,
      `target_${name}`,
      help,
      targets.flatMap(({ labels, reports }) => {
        const value = read(reports);
        return value === undefined ? [] : [{ value, labels }];
      }),
    );
  const summed = (pick: (report: TargetReport) => number) => (reports: readonly TargetReport[]) =>
    sum(reports.map(pick));
  return [
    ofListener("gauge", "pairs", "Pairs that are open or being connected.", ({ pairs }) => pairs),
    ofListener(
      "counter",
      "without_target_total",
      "Clients closed for want of a target.",
      ({ withoutTarget }) => withoutTarget,
    ),
    ofTarget("gauge", "up_ratio", "Part of the event loops that find the target up.", (reports) =>
      reports.length === 0 ? undefined : sum(reports.map(({ state }) => (state === "up" ? 1 : 0))) / reports.length,
    ),
    ofTarget(
      "gauge",
      "connections_active",
      "Pairs that are open or being connected.",
      summed(({ active }) => active),
    ),
    ofTarget(
      "counter",
      "connections_total",
      "Pairs that were connected.",
      summed(({ total }) => total),
    ),
    ofTarget(
      "counter",
      "failures_total",
      "Connects that failed, those of checks included.",
      summed(({ failures }) => failures),
    ),
    ofTarget(
      "counter",
      "sent_bytes_total",
      "Bytes from clients to the target.",
      summed(({ bytesToTarget }) => bytesToTarget),
    ),
    ofTarget(
      "counter",
      "received_bytes_total",
      "Bytes from the target to clients.",
      summed(({ bytesFromTarget }) => bytesFromTarget),
    ),
    ofTarget(
      "gauge",
      "connect_seconds",
      "How long the last connect took, on the event loop where it took longest.",
      (reports) => {
        const known = reports.flatMap(({ connectMs }) => (connectMs === undefined ? [] : [connectMs / 1000]));
        return known.length === 0 ? undefined : Math.max(...known);
      },
    ),
  ];
}

function family(type: Family["type"], name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `tenk_relay_${name}`, help, type, samples };
}

function targetsOf({ name: listener, reports }: RelayReports) {
  return targetReports(reports).map(([target, ofLoops]) => ({ labels: { listener, target }, reports: ofLoops }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
