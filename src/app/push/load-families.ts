import type { LoadSnapshot } from "../../load/mod.ts";
import type { Family } from "../../metrics/mod.ts";

/** Returns the metrics of a running load test. They are pushed, since a test may end before a scrape. */
export function loadFamilies({ connections, messages, bytes, latencyUs, generator }: LoadSnapshot): Family[] {
  const family = (type: Family["type"], name: string, help: string, value: number): Family => ({
    name: `tenk_load_${name}`,
    help,
    type,
    samples: [{ value, labels: {} }],
  });
  const counter = (name: string, help: string, value: number) => family("counter", name, help, value);
  const gauge = (name: string, help: string, value: number) => family("gauge", name, help, value);
  return [
    gauge("connections_wanted", "Connections the plan holds.", connections.wanted),
    gauge("connections_open", "Connections open now.", connections.open),
    counter("connections_opened_total", "Connections that were opened.", connections.opened),
    counter("connections_failed_total", "Connects that failed.", connections.failed),
    counter(
      "connections_lost_total",
      "Connections that ended before the planned end, and not by us.",
      connections.lost,
    ),
    counter("messages_planned_total", "Messages that were due.", messages.planned),
    counter("messages_sent_total", "Messages sent.", messages.sent),
    counter("messages_late_total", "Messages sent later than their moment; among the sent.", messages.late),
    counter("messages_dropped_total", "Messages that were due and not sent.", messages.dropped),
    counter("messages_received_total", "What came back: answers where they are told apart.", messages.received),
    gauge("messages_unanswered", "Messages sent and not answered so far.", messages.unanswered),
    counter("messages_unexpected_total", "Answers that no message had asked for.", messages.unexpected),
    counter("sent_bytes_total", "Bytes sent.", bytes.sent),
    counter("received_bytes_total", "Bytes received.", bytes.received),
    latencyFamily(latencyUs),
    gauge("generator_cpu_ratio", "Processor time of the generator, of one core.", generator.cpuPercent / 100),
    gauge(
      "generator_loop_lag_p99_seconds",
      "How late the generator's event loops were, p99.",
      generator.loopLagP99Us / 1e6,
    ),
    gauge("generator_resident_memory_bytes", "Memory of the generator in RAM, at most.", generator.rssBytes),
    gauge("generator_debt_messages", "Messages that are due and not sent yet.", generator.debtMessages),
  ];
}

/** Latency over all messages that were answered so far, or should have been, from their planned times. */
function latencyFamily({ p50, p90, p99, max, buckets }: LoadSnapshot["latencyUs"]): Family {
  const help =
    "From a message's planned moment to its answer, or until now where none came in time, over the run so far.";
  const samples = Object.entries({ 0.5: p50, 0.9: p90, 0.99: p99, 1: max }).map(([quantile, us]) => ({
    value: us / 1e6,
    labels: { quantile },
  }));
  const measured = buckets.reduce((total, count) => total + count, 0);
  const count = { value: measured, labels: {}, suffix: "_count" };
  // Without messages there is no quantile; a 0 would look like the best latency.
  return { name: "tenk_load_latency_seconds", help, type: "summary", samples: measured > 0 ? [...samples, count] : [] };
}
