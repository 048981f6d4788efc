import { formatCount, formatDuration } from "../../base/mod.ts";
import type { StatusCell, StatusLook, StatusTable } from "../../part/mod.ts";
import type { DnsView } from "./status.ts";

/**
 * ```text
 * dns  queries/s  local  blocked  cached  forwarded  blocking
 * 53          12     4%      21%     58%        17%  on
 *
 * upstream           state  round trip  queries  answers
 * tls://9.9.9.9:853     up       18 ms      512      512
 *
 * list          names  problem
 * stevenblack  76.2 k
 *
 * mdns        in use       interfaces
 * box.local   box-2.local  eth0, wlan0
 * ```
 */
export function dnsTables({ view, atMs, before }: StatusLook<DnsView>): StatusTable[] {
  const since = (pick: (view: DnsView) => number) => pick(view) - (before === undefined ? 0 : pick(before.view));
  const queries = since((each) => each.queries.total);
  const share = (kind: keyof DnsView["queries"]) => {
    const count = since((each) => each.queries[kind]);
    return queries === 0 ? "-" : `${Math.round((100 * count) / queries)}%`;
  };
  const right = (title: string) => ({ title, align: "right" as const });
  const rate = before === undefined ? queries : (1000 * queries) / (atMs - before.atMs);
  return [
    {
      columns: [
        { title: "dns" },
        right(before === undefined ? "queries" : "queries/s"),
        ...["local", "blocked", "cached", "forwarded"].map(right),
        { title: "blocking" },
      ],
      rows: [
        [
          ...[String(view.port), formatCount(rate)],
          ...(["local", "blocked", "cached", "forwarded"] as const).map(share),
          blockingCell(view, atMs),
        ],
      ],
    },
    {
      columns: [{ title: "upstream" }, { title: "state" }, right("round trip"), right("queries"), right("answers")],
      rows: view.upstreams.map(({ name, isDown, isLooped, rttMs, queries, answers }) => [
        name,
        isDown ? { text: isLooped ? "sends back" : "down", tone: "bad" } : { text: "up", tone: "good" },
        rttMs === null ? "-" : `${rttMs.toFixed(1)} ms`,
        formatCount(queries),
        formatCount(answers),
      ]),
    },
    {
      columns: [{ title: "list" }, right("names"), { title: "problem", dropOrder: 1 }],
      rows: view.lists.map(({ name, names, problem }) => [
        name,
        formatCount(names),
        problem === null ? "" : { text: problem, tone: "warning" },
      ]),
    },
    ...mdnsTable(view.mdns),
  ];
}

/** This machine's own name, and those that another machine has: all others are as they are declared. */
function mdnsTable(mdns: DnsView["mdns"]): StatusTable[] {
  if (mdns === null) return [];
  const interfaces = mdns.interfaces.map(({ name }) => name).join(", ");
  return [
    {
      columns: [{ title: "mdns" }, { title: "in use" }, { title: "interfaces", dropOrder: 1 }],
      rows: mdns.names.flatMap(({ declared, inUse }, index) => {
        const isSame = declared === inUse;
        if (isSame && index > 0) return [];
        return [[declared, isSame ? inUse : { text: inUse, tone: "warning" }, index === 0 ? interfaces || "none" : ""]];
      }),
    },
  ];
}

function blockingCell({ blocking: { isEnabled, pausedUntilMs } }: DnsView, nowMs: number): StatusCell {
  if (!isEnabled) return { text: "off", tone: "warning" };
  if (pausedUntilMs === null) return "on";
  return {
    text: `paused for ${formatDuration(Math.max(1000, Math.round((pausedUntilMs - nowMs) / 1000) * 1000))}`,
    tone: "warning",
  };
}
