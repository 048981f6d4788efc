import { formatBytes } from "../base/mod.ts";
import type { HttpReport, LatencySummary, Report } from "../load/mod.ts";
import { rate, whole } from "./live-frame.ts";
import { bad, causeRows, dropWords, type Row } from "./report-rows.ts";
import type { Paints } from "./terminal.ts";

/** A latency, what it is called, and from when to when it was taken where the name does not say it. */
export type LatencyRow = readonly [latency: LatencySummary, name: string, between: string];

const CLASSES = ["2", "3", "4", "5"] as const;

/** The lines of a report that HTTP has instead of those of messages: requests, answers, bytes. */
export function httpRows({ messages, bytes, timing }: Report, http: HttpReport, paints: Paints): Row[] {
  const isOpen = http.model === "open";
  return [
    [
      "requests",
      ...(isOpen ? [`${whole(messages.planned)} planned`] : []),
      `${whole(messages.answered)} answered, ${rate(http.perSecond)}`,
      bad("errors", http.errors, paints),
      ...(isOpen ? [bad("late", messages.late, paints), bad("dropped", messages.dropped, paints)] : []),
    ],
    ...causeRows(http.errorsBy, paints),
    ...causeRows(dropWords(messages.droppedBy), paints, "dropped: "),
    ["status", ...statusFacts(http, paints)],
    [
      "transfer",
      `${formatBytes(bytes.received)} came back${timing.sendMs > 0 ? `, ${formatBytes((bytes.received * 1000) / timing.sendMs)}/s` : ""}`,
      `${formatBytes(http.bodyBytes)} of it bodies`,
      `${formatBytes(bytes.sent)} sent`,
    ],
  ];
}

/** `1,200 2xx  3 5xx (3 503)`: the classes, and each status that is not 200. */
function statusFacts(http: HttpReport, { red }: Paints): string[] {
  const classes = CLASSES.flatMap((first) => {
    const those = Object.entries(http.status).filter(([status]) => status.startsWith(first));
    const sum = those.reduce((total, [, count]) => total + count, 0);
    if (sum === 0) return [];
    const isPlain = those.length === 1 && those[0]![0] === "200";
    const each = those.map(([status, count]) => `${whole(count)} ${status}`).join(", ");
    return [`${whole(sum)} ${first}xx${isPlain ? "" : ` (${each})`}`];
  });
  return [
    ...(classes.length === 0 ? ["none"] : classes),
    ...(http.interims > 0 ? [`${whole(http.interims)} 1xx`] : []),
    ...(http.redirects > 0 ? ["redirects are not followed"] : []),
    ...(http.wrongStatus > 0 ? [red(`${whole(http.wrongStatus)} not expected`)] : []),
    ...((http.wrongBody ?? 0) > 0 ? [red(`${whole(http.wrongBody ?? 0)} without the expected text`)] : []),
  ];
}

/** Says which model the run had, and what that hides. */
export function modelText({ model, perConnection }: HttpReport, { dim }: Paints): string {
  const each =
    perConnection === 1
      ? "each connection sends its next request when an answer has come"
      : `each connection has ${perConnection} requests under way, and sends the next when an answer has come`;
  if (model === "closed") {
    return dim(
      `closed model: ${each}. While the server stalls nobody asks,\nso that the wait of those who would have asked is missing from the latencies. -R N plans requests as users send them, and shows it.`,
    );
  }
  return dim(
    "open model: requests are planned whether or not answers come; a request waits while every connection is busy.",
  );
}

/** Latencies in the order in which a request meets them. */
export function httpLatencyRows(latencyUs: Report["latencyUs"], http: HttpReport): LatencyRow[] {
  const { lookup, tcp, tls } = http.latencyUs;
  return [
    ...(lookup === undefined ? [] : [[lookup, "DNS", ""] as const]),
    ...(tcp === undefined ? [] : [[tcp, "connect", ""] as const]),
    ...(tls === undefined ? [] : [[tls, "TLS", ""] as const]),
    [latencyUs.firstByte, "first byte", ""],
    [latencyUs.service, "response", http.model === "open" ? "from when it was sent" : ""],
    ...(http.model === "open"
      ? ([
          [latencyUs.message, "response", "from its planned moment"],
          [latencyUs.send, "sending", "from plan to sent"],
        ] as const)
      : []),
  ];
}
