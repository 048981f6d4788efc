import { formatBytes, formatDuration } from "../base/mod.ts";
import type { DnsReport, Report } from "../load/mod.ts";
import { rate, whole } from "./live-frame.ts";
import { bad, causeRows, dropWords, type Row, visibleText } from "./report-rows.ts";
import { queryServerRows } from "./report-server.ts";
import { table } from "./table.ts";
import type { Paints } from "./terminal.ts";

const NAME_CHARACTERS = 40;

/** The lines of a report that DNS has instead of those of messages: queries, answers, what was wrong with them. */
export function dnsRows(report: Report, dns: DnsReport, paints: Paints): Row[] {
  const { messages, bytes } = report;
  const isOpen = dns.model === "open";
  return [
    [
      "queries",
      ...(isOpen ? [`${whole(messages.planned)} planned`] : []),
      `${whole(messages.answered)} answered, ${rate(dns.perSecond)}`,
      bad("errors", dns.errors, paints),
      ...(dns.resent > 0 ? [`${whole(dns.resent)} sent again`] : []),
      ...(isOpen ? [bad("late", messages.late, paints), bad("dropped", messages.dropped, paints)] : []),
    ],
    ...causeRows(dns.errorsBy, paints),
    ...causeRows(dropWords(messages.droppedBy), paints, "dropped: "),
    ["answers", ...answerFacts(dns, paints)],
    ["checked", ...checkedFacts(dns, paints)],
    ["bytes", `${formatBytes(bytes.sent)} sent`, `${formatBytes(bytes.received)} came back`],
    ...queryServerRows(report, paints),
  ];
}

/** `1,200 NOERROR  3 NXDOMAIN  2 truncated` */
function answerFacts({ rcodes, wrongRcode, truncated, retriedOverTcp }: DnsReport, { red }: Paints): string[] {
  const named = Object.entries(rcodes).sort(([, one], [, other]) => other - one);
  const retried = retriedOverTcp === null ? [] : [`${whole(retriedOverTcp)} asked again over TCP`];
  return [
    ...(named.length === 0 ? ["none"] : named.map(([name, count]) => `${whole(count)} ${name}`)),
    ...(wrongRcode > 0 ? [red(`${whole(wrongRcode)} not expected`)] : []),
    ...(truncated > 0 ? [`${whole(truncated)} truncated`, ...retried] : []),
  ];
}

/** Every answer is held against its question; the rarer faults are told where there are any. */
function checkedFacts(dns: DnsReport, paints: Paints): string[] {
  const rare = [
    ["malformed", dns.malformed],
    ["duplicates", dns.duplicates],
    ["after the timeout", dns.lateAnswers],
    ["with an unknown ID", dns.unknownIds],
  ] as const;
  return [
    bad("to another question", dns.mismatched, paints),
    ...rare.filter(([, count]) => count > 0).map(([name, count]) => paints.yellow(`${whole(count)} ${name}`)),
  ];
}

/** The queries of each file, where there are several; else "". */
export function fileTable({ files = [] }: DnsReport, { dim, red }: Paints): string {
  if (files.length === 0) return "";
  const rows = files.map(({ name, sent, errors, rcodes, latencyUs: { p50, p90, p99 } }) => [
    dim(visibleText(name.length > NAME_CHARACTERS ? `${name.slice(0, NAME_CHARACTERS)}…` : name)),
    whole(sent),
    ...[p50, p90, p99].map((us) => formatDuration(us / 1000)),
    errors > 0 ? red(whole(errors)) : "0",
    Object.entries(rcodes)
      .map(([rcode, count]) => `${whole(count)} ${rcode}`)
      .join(", "),
  ]);
  return table([["by file", "sent", "p50", "p90", "p99", "errors", "answers"].map(dim), ...rows], "lrrrrrl");
}

/** Says which model the run had, and what that hides; in lines of at most 80 columns. */
export function dnsModelText({ model, outstanding }: DnsReport, { dim }: Paints): string {
  const closed = [
    `closed model: ${whole(outstanding)} queries await answers, the next is sent when one has come.`,
    "While the server stalls nobody asks: the wait of those who would have asked is",
    "missing from the latencies. -Q N plans queries as users send them: it shows it.",
  ];
  const open = [
    "open model: queries are planned whether or not answers come;",
    `a query waits while ${whole(outstanding)} others await answers (-q).`,
  ];
  return dim((model === "closed" ? closed : open).join("\n"));
}
