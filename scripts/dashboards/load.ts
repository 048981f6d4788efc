import { type Dashboard, RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { choice, dashboard, lines, number } from "./panels.ts";

const RUN = 'run="$run"';

/** The dashboard of pushed load tests. */
export function loadDashboard(): Dashboard {
  const perSecond = (name: string) => `rate(tenk_load_${name}{${RUN}}[$__rate_interval])`;
  const last = (name: string, labels = RUN) => `last_over_time(tenk_load_${name}{${labels}}[$__range])`;
  const panels = [
    number("Connections open", "At the last push.", "short", last("connections_open")),
    number("Sent", "Messages sent.", "short", last("messages_sent_total")),
    number("Received", "Messages received.", "short", last("messages_received_total")),
    number("Lost connections", "Ended before the planned end, and not by tenk.", "short", last("connections_lost_total"), [1, 10]),
    number("Dropped messages", "Due and not sent.", "short", last("messages_dropped_total"), [1, 10]),
    number("p99", "From the planned moment to the answer, over the whole run.", "s", last("latency_seconds", `${RUN},quantile="0.99"`)),
    lines({
      title: "Messages",
      help: "Per second; of unanswered messages, their number.",
      unit: "cps",
      queries: [
        ["planned", perSecond("messages_planned_total")],
        ["sent", perSecond("messages_sent_total")],
        ["received", perSecond("messages_received_total")],
        ["late", perSecond("messages_late_total")],
        ["dropped", perSecond("messages_dropped_total")],
        ["unexpected", perSecond("messages_unexpected_total")],
        ["unanswered", `tenk_load_messages_unanswered{${RUN}}`],
      ],
    }),
    lines({
      title: "Latency",
      help: "From the planned moment to the answer, over the run so far.",
      unit: "s",
      queries: [["{{quantile}}", `tenk_load_latency_seconds{${RUN}}`]],
    }),
    lines({
      title: "Connections",
      help: "Open now; failed and lost so far.",
      unit: "short",
      queries: [
        ["wanted", `tenk_load_connections_wanted{${RUN}}`],
        ["open", `tenk_load_connections_open{${RUN}}`],
        ["failed", `tenk_load_connections_failed_total{${RUN}}`],
        ["lost", `tenk_load_connections_lost_total{${RUN}}`],
      ],
    }),
    lines({
      title: "The generator itself",
      help: "Processor time, as a share of one core, and event loop lag of the generator. When these are high, the generator is the bottleneck.",
      unit: "percentunit",
      queries: [
        ["processor", `tenk_load_generator_cpu_ratio{${RUN}}`],
        ["lag p99", `tenk_load_generator_loop_lag_p99_seconds{${RUN}}`],
      ],
      right: { lines: "lag.*", unit: "s" },
    }),
  ]; // biome-ignore format: a table
  const builder = dashboard("tenk load tests", "tenk-load", "Pushed load tests: tenk load tcp … --push URL.")
    .withVariable(choice("run", "Run", "label_values(tenk_load_messages_sent_total, run)"))
    .withRow(new RowBuilder("Run $run"));
  for (const panel of panels) builder.withPanel(panel);
  return builder.build();
}
