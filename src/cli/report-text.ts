import { formatBytes, formatCount, formatDuration } from "../base/mod.ts";
import { type LatencyRow, latencyRows, outcomeOf, type PlanWriter, planText } from "../dash/mod.ts";
import type { LatencySummary, Limit, Report } from "../load/mod.ts";
import { NOT_TOLD_APART, rate, whole } from "./live-frame.ts";
import { agentTable } from "./report-agents.ts";
import { dnsModelText, dnsRows, fileTable } from "./report-dns.ts";
import { httpRows, modelText, requestTable } from "./report-http.ts";
import { bad, causeRows, type Row, sentRows, visibleText } from "./report-rows.ts";
import { serverRow } from "./report-server.ts";
import { webSocketRows } from "./report-websocket.ts";
import { table } from "./table.ts";
import type { Paints } from "./terminal.ts";

/**
 * Formats a report for people: what was held, what was lost and why, what it cost, how long it took, who was the limit, and
 * whether that was expected.
 */
export function reportText(report: Report & { limit?: Limit }, paints: Paints): string {
  return [
    planLine(report, paints),
    table(factRows(report, paints), "ll"),
    report.protocol?.kind === "http" ? requestTable(report.protocol, paints) : "",
    report.protocol?.kind === "http" ? modelText(report.protocol, paints) : "",
    report.protocol?.kind === "dns" ? fileTable(report.protocol, paints) : "",
    report.protocol?.kind === "dns" ? dnsModelText(report.protocol, paints) : "",
    latencyTable(latencyRows(report), paints),
    agentTable(report, paints),
    verdictText(report, paints),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Numbers as reports on a terminal write them. */
export const WRITER: PlanWriter = {
  count: formatCount,
  perSecond: rate,
  duration: formatDuration,
  bytes: formatBytes,
};

/** What a run was to do: `tcp 127.0.0.1:9091  10k connections at 1000/s, 10/s each, "ping" of 4 B, 30s`. */
export function planLine(report: Pick<Report, "kind" | "target" | "plan" | "protocol">, { bold }: Paints): string {
  const { kind, target, protocol } = report;
  const hasUrl = protocol?.kind === "http" || protocol?.kind === "ws";
  const what = hasUrl ? protocol.url : `${kind} ${target}`;
  const version = spokenText(protocol);
  return `${bold(visibleText(what))}  ${version}${visibleText(planText(report, WRITER))}`;
}

/** What is spoken beside what the target says, with a comma behind it. */
function spokenText(protocol: Report["protocol"]): string {
  if (protocol?.kind === "http") return protocol.version === "2" ? "HTTP/2, " : "";
  return protocol?.kind === "dns" ? `${{ udp: "UDP", tcp: "TCP", dot: "TLS", doh: "HTTPS" }[protocol.mode]}, ` : "";
}

type AddressOutcomes = NonNullable<Report["connections"]["byAddress"]>;

/** A name may have many; the JSON report has all. */
const SHOWN_ADDRESSES = 8;

function factRows(report: Report, paints: Paints): string[][] {
  const rows = [...connectionRows(report, paints), ...trafficRows(report, paints), generatorRow(report, paints)];
  return rows.map(([name, ...facts]) => [paints.dim(name), facts.join("  ")]);
}

function trafficRows(report: Report, paints: Paints): Row[] {
  const { protocol } = report;
  if (protocol?.kind === "http") return httpRows(report, protocol, paints);
  if (protocol?.kind === "ws") return webSocketRows(report, protocol, paints);
  if (protocol?.kind === "dns") return dnsRows(report, protocol, paints);
  return [...sentRows(report, paints), ["came back", ...cameBack(report, paints)], ...byteRows(report, paints)];
}

function connectionRows({ connections, timing }: Report, paints: Paints): Row[] {
  return [
    [
      "connections",
      `${whole(connections.opened)} opened in ${formatDuration(timing.connectMs)}`,
      ...(connections.reopened > 0 ? [`${whole(connections.reopened)} of them again`] : []),
      `${whole(connections.peak)} held${connections.held < connections.peak ? `, ${whole(connections.held)} to the end` : ""}`,
      bad("failed", connections.failed, paints),
      bad("lost", connections.lost, paints),
    ],
    ...causeRows(connections.byCause, paints),
    ...addressRows(connections.byAddress ?? {}, paints),
  ];
}

function byteRows(report: Report, paints: Paints): Row[] {
  const { bytes } = report;
  return [
    ["bytes", `${formatBytes(bytes.sent)} sent`, `${formatBytes(bytes.received)} came back`],
    serverRow(report, paints),
  ];
}

function cameBack({ messages, bytes, latencyUs }: Report, paints: Paints): string[] {
  const { received, answersTold, unanswered, unexpected } = messages;
  // Reports of older versions have neither.
  if (!(answersTold ?? latencyUs.message.count > 0)) {
    return [whole(received), ...(bytes.received === 0 ? [] : [paints.dim(NOT_TOLD_APART)])];
  }
  return [whole(received), bad("unanswered", unanswered, paints), bad("unexpected", unexpected ?? 0, paints)];
}

function generatorRow({ generator, messages, protocol }: Report, { yellow }: Paints): Row {
  const what = protocol?.kind === "http" ? "request" : protocol?.kind === "dns" ? "query" : "message";
  return [
    "generator",
    `${Math.round(generator.cpuPercent)}% of a core`,
    // With a handful of messages the cost of everything else would be divided among them.
    ...(messages.sent >= 1000 ? [`${generator.cpuUsPerMessage.toFixed(1)}us a ${what}`] : []),
    formatBytes(generator.rssBytes),
    `loop lag p99 ${formatDuration(generator.loopLagP99Us / 1000)}`,
    generator.saturated ? yellow("was the limit") : "not the limit",
  ];
}

/** Of a target that is a name: `10 connected at 127.0.0.1`, `1 ECONNREFUSED at ::1`. */
function addressRows(byAddress: AddressOutcomes, { red }: Paints): Row[] {
  const shown = Object.entries(byAddress).slice(0, SHOWN_ADDRESSES);
  return shown.map(([address, outcomes]) => {
    const facts = Object.entries(outcomes).map(([outcome, count]) =>
      outcome === "connected" ? `${whole(count)} connected` : red(`${whole(count)} ${outcome}`),
    );
    return ["", `${facts.join(", ")} at ${address}`];
  });
}

function latencyTable(measured: readonly LatencyRow<LatencySummary>[], { dim, yellow }: Paints): string {
  if (measured.length === 0) return "";
  const more = Object.keys(measured[0]![0].more ?? {});
  const rows = measured.map(([latency, name, between]) => {
    const asked = more.map((percentile) => latency.more?.[percentile] ?? 0);
    const quantiles = [latency.p50, latency.p90, latency.p99, latency.p999, latency.max, ...asked];
    const title = dim(between === "" ? name : `${name}, ${between}`);
    return [title, ...quantiles.map((us) => quantileText(us, latency)), whole(latency.count)];
  });
  const head = ["latency", "p50", "p90", "p99", "p99.9", "max", ...more, "count"].map(dim);
  return [table([head, ...rows], `l${"r".repeat(head.length - 1)}`), ...openText(measured).map(yellow)].join("\n");
}

/** From the first value that never ended on, latencies are lower bounds. */
function quantileText(us: number, { atLeast }: LatencySummary): string {
  return `${atLeast !== undefined && us >= atLeast.fromUs ? "≥ " : ""}${formatDuration(us / 1000)}`;
}

/** Says how many never ended, whose true latency is not known. */
function openText(latencies: readonly LatencyRow<LatencySummary>[]): string[] {
  const open = latencies.flatMap(([{ atLeast, count }, name]) => {
    return atLeast === undefined ? [] : [`${whole(atLeast.count)} of ${whole(count)} (${name})`];
  });
  return open.length === 0 ? [] : [`≥ at least: ${open.join(", ")} never ended and count as long as they waited`];
}

const ENDINGS = {
  stopped: "ended early, as asked",
  "message-stop": "ended by the stop message",
  "no-connections": "ended: no connection was left",
  "agent-lost": "ended: an agent was lost",
} as const;

function verdictWord(report: Report & { limit?: Limit }, { green, red, bold, yellow }: Paints): string {
  const outcome = outcomeOf(report);
  if (outcome === "pass") return green(bold("PASS"));
  if (outcome === "failed") return red(bold("FAIL"));
  return yellow(bold(outcome.toUpperCase()));
}

function verdictText(report: Report & { limit?: Limit }, paints: Paints): string {
  const { verdict, endedBy } = report;
  const { green, red, yellow } = paints;
  const checks = verdict.checks.map(({ expect, got, pass }) => [
    pass ? green("pass") : red("FAIL"),
    expect,
    `got ${got}`,
  ]);
  const words = verdictWord(report, paints);
  return [
    ...(endedBy === null ? [] : [yellow(ENDINGS[endedBy])]),
    ...(checks.length > 0 ? [table(checks, "lll")] : []),
    verdict.reason === "" ? words : `${words}  ${verdict.reason}`,
  ].join("\n");
}
