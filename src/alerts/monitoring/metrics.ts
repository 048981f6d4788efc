import type { Metric } from "../../metrics/mod.ts";
import type { Alerts } from "../alerts.ts";

/** What is measured. */
export interface MeasuredAlerts {
  readonly incidents: Pick<Alerts["incidents"], "list" | "dropped">;
  readonly senders: readonly Pick<Alerts["senders"][number], "channel" | "waiting" | "counts">[];
  readonly windows: Pick<Alerts["windows"], "list">;
}

/** Metrics of alerts. Labels are declared channels, and closed sets. */
export function alertMetrics(alerts: MeasuredAlerts): Metric[] {
  return [
    {
      type: "gauge",
      name: "tenk_alerts_open",
      help: "Problems that an alert is open for.",
      labels: ["severity"],
      read(report) {
        const open = alerts.incidents.list.filter(({ endedMs }) => endedMs === undefined);
        for (const severity of ["warning", "critical"])
          report(open.filter((each) => each.severity === severity).length, { severity });
      },
    },
    {
      type: "gauge",
      name: "tenk_alerts_waiting",
      help: "Problems that the channel is still to be told something of.",
      labels: ["channel"],
      read(report) {
        for (const { channel, waiting } of alerts.senders) report(waiting, { channel: channel.name });
      },
    },
    {
      type: "counter",
      name: "tenk_alerts_messages_total",
      help: "Attempts to send a message, by what became of them.",
      labels: ["channel", "result"],
      read(report) {
        for (const { channel, counts } of alerts.senders)
          for (const [result, count] of Object.entries(counts)) report(count, { channel: channel.name, result });
      },
    },
    {
      type: "counter",
      name: "tenk_alerts_dropped_total",
      help: "Problems that were forgotten before everybody was told, since there were too many.",
      read: (report) => report(alerts.incidents.dropped),
    },
    {
      type: "gauge",
      name: "tenk_alerts_maintenance_windows",
      help: "Maintenance windows that last now.",
      read: (report) => report(alerts.windows.list(Date.now()).length),
    },
  ];
}
