import { lines, number, type Query } from "./panels.ts";
import { BOX, rate } from "./queries.ts";

/** The row of probed services. */
export function probes() {
  const third = (title: string, help: string, unit: string, queries: readonly Query[], stacked = false) =>
    lines({ title, help, unit, queries, width: 8, stacked });
  const inState = (state: string) => `sum(tenk_probe_state{${BOX},state="${state}"})`;
  return [
    number("Services up", "Of those that are probed.", "short", inState("up")),
    number("Services down", "Without those that stand on one that is down.", "short", inState("down"), [1, 3]),
    number("Services degraded", "Slow, or their certificate is soon over, or they say that something is amiss.", "short", inState("degraded"), [1, 10]),
    number("Services unknown", "What they stand on is down, or this machine cannot look.", "short", inState("unknown"), [1, 10]),
    number("Next certificate is over in", "Of all services that are asked over TLS.", "s", `min(probe_ssl_earliest_cert_expiry{${BOX}}) - time()`),
    number("Answering", "Share of the services whose last probe was answered.", "percentunit", `avg(probe_success{${BOX}})`),
    third("Services by state", "Of all that are probed.", "short", [["{{state}}", `sum by (state) (tenk_probe_state{${BOX}})`]], true),
    third("Time to the answer", "Of the last probe of each service; a gap is one without an answer.", "s", [["{{service}}", `probe_duration_seconds{${BOX}}`]]),
    third("Probes that failed", "Per second, by service.", "cps", [["{{service}}", `sum by (service) (${rate("tenk_probe_probes_total", `${BOX},result="down"`)})`]]),
  ]; // biome-ignore format: a table
}
