import type { Metric } from "../../metrics/mod.ts";
import { LIST_FAILURES } from "../lists/mod.ts";
import type { ListView } from "../server/mod.ts";
import type { MeasuredServer } from "./metrics.ts";

/** The block lists. `list` is one of the configuration's. */
export function listMetrics(server: MeasuredServer): Metric[] {
  const { lists } = server;
  const one = (name: string, help: string, value: () => number): Metric => ({
    ...{ type: "gauge", name: `tenk_dns_${name}`, help },
    read: (report) => report(value()),
  });
  const each = (name: string, help: string, value: (view: ListView) => number | undefined): Metric => ({
    ...{ type: "gauge", name: `tenk_dns_${name}`, help, labels: ["list"] },
    read(report) {
      for (const view of lists.views()) {
        const known = value(view);
        if (known !== undefined) report(known, { list: view.name });
      }
    },
  });
  return [
    one("blocking_enabled", "1 while names of the lists are blocked, 0 while blocking is paused or off.", () =>
      server.isBlocking ? 1 : 0,
    ),
    one("block_names", "Distinct names in the block lists.", () => lists.names),
    one("block_memory_bytes", "Memory that the names of the block lists take.", () => lists.bytes),
    each("list_names", "Names in a list.", ({ names }) => names),
    each("list_rules", "Rules in a list that are more than names.", ({ rules }) => rules),
    each("list_invalid_lines", "Lines of a list that are no names or rules.", ({ invalid }) => invalid),
    each("list_checked_timestamp_seconds", "Unix time at which a list was last compared with its server's.", (view) =>
      view.checkedMs === undefined ? undefined : view.checkedMs / 1000,
    ),
    {
      type: "counter",
      name: "tenk_dns_list_failures_total",
      help: "Fetches of lists that failed, by reason.",
      labels: ["reason"],
      read(report) {
        const { failures } = lists;
        for (const reason of LIST_FAILURES) report(failures[reason], { reason });
      },
    },
  ];
}
