import type { Metric } from "../../metrics/mod.ts";
import type { MdnsCounts } from "../mdns/mod.ts";
import type { MeasuredServer } from "./metrics.ts";

/** Datagrams that were received, by what became of them. */
const RECEIVED = {
  query: "queries",
  response: "responses",
  malformed: "malformed",
  foreign: "foreign",
  limited: "limited",
} as const;

/** Multicast DNS. */
export function mdnsMetrics(server: MeasuredServer): Metric[] {
  const { counts } = server.mdns;
  const each = (
    name: string,
    help: string,
    label: string,
    kinds: Readonly<Record<string, keyof MdnsCounts>>,
  ): Metric => ({
    ...{ type: "counter", name: `tenk_dns_mdns_${name}`, help, labels: [label] },
    read(report) {
      for (const [kind, count] of Object.entries(kinds)) report(counts[count], { [label]: kind });
    },
  });
  return [
    each(
      "received_total",
      "Datagrams of multicast DNS; those that are malformed, of another network or too many are ignored.",
      "kind",
      RECEIVED,
    ),
    each("sent_total", "Datagrams of multicast DNS sent, to all or to one client.", "to", {
      all: "multicasts",
      one: "unicasts",
    }),
    each(
      "failed_total",
      "Answers of multicast DNS that were not sent: the kernel did not take them, or too many waited.",
      "reason",
      { send: "sendFailed", waiting: "dropped" },
    ),
    {
      type: "counter",
      name: "tenk_dns_mdns_conflicts_total",
      help: "Times that another machine had one of our names below local.",
      read: (report) => report(counts.conflicts),
    },
    {
      type: "gauge",
      name: "tenk_dns_mdns_interfaces",
      help: "Interfaces on which names below local are published.",
      read: (report) => report(server.mdns.interfaces().length),
    },
  ];
}
