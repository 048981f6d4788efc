import { formatBytes, formatDuration } from "../base/mod.ts";
import type { HttpReport, Report } from "../load/mod.ts";
import { rate, whole } from "./live-frame.ts";
import { bad, causeRows, dropWords, type Row, visibleText } from "./report-rows.ts";
import { httpServerRows } from "./report-server.ts";
import { table } from "./table.ts";
import type { Paints } from "./terminal.ts";

const CLASSES = ["2", "3", "4", "5"] as const;

/** Those that were sent most often; the JSON report has all. */
const SHOWN_REQUESTS = 20;
const NAME_CHARACTERS = 60;

/** The lines of a report that HTTP has instead of those of messages: requests, answers, bytes. */
export function httpRows(report: Report, http: HttpReport, paints: Paints): Row[] {
  const { messages, bytes, timing } = report;
  const isOpen = http.model === "open";
  return [
    [
      "requests",
      ...(isOpen ? [`${whole(messages.planned)} planned`] : []),
      `${whole(messages.answered)} answered, ${rate(http.perSecond)}`,
      bad("errors", http.errors, paints),
      ...((http.resent ?? 0) > 0 ? [`${whole(http.resent)} sent again`] : []),
      ...(isOpen ? [bad("late", messages.late, paints), bad("dropped", messages.dropped, paints)] : []),
    ],
    ...causeRows(http.errorsBy, paints),
    ...causeRows(dropWords(messages.droppedBy), paints, "dropped: "),
    ["status", ...statusFacts(http, paints)],
    ...(http.cookies === undefined
      ? []
      : [["cookies", `${whole(http.cookies.taken)} taken`, bad("ignored", http.cookies.ignored, paints)] as Row]),
    ...(http.script === undefined
      ? []
      : [
          [
            "script",
            ...Object.entries(http.script).map(([name, count]) => `${whole(count)} ${visibleText(name)}`),
          ] as Row,
        ]),
    [
      "transfer",
      `${formatBytes(bytes.received)} came back${timing.sendMs > 0 ? `, ${formatBytes((bytes.received * 1000) / timing.sendMs)}/s` : ""}`,
      `${formatBytes(http.bodyBytes)} of it bodies`,
      `${formatBytes(bytes.sent)} sent`,
    ],
    ...httpServerRows(report, paints),
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

/** The requests of each URL, where there are several; else "". */
export function requestTable({ requests = [] }: HttpReport, { dim, red }: Paints): string {
  if (requests.length === 0) return "";
  const shown = requests.toSorted((a, b) => b.sent - a.sent).slice(0, SHOWN_REQUESTS);
  const rows = shown.map(({ name, sent, errors, status, latencyUs: { p50, p90, p99 } }) => [
    dim(visibleText(name.length > NAME_CHARACTERS ? `${name.slice(0, NAME_CHARACTERS)}…` : name)),
    whole(sent),
    ...[p50, p90, p99].map((us) => formatDuration(us / 1000)),
    errors > 0 ? red(whole(errors)) : "0",
    Object.entries(status)
      .map(([each, count]) => `${whole(count)} ${each}`)
      .join(", "),
  ]);
  const head = ["by URL", "sent", "p50", "p90", "p99", "errors", "status"].map(dim);
  const more = requests.length - shown.length;
  return [table([head, ...rows], "lrrrrrl"), ...(more > 0 ? [dim(`and ${more} more (--json FILE has all)`)] : [])].join(
    "\n",
  );
}

/** Says which model the run had, and what that hides; in lines of at most 80 columns. */
export function modelText({ model, perConnection }: HttpReport, { dim }: Paints): string {
  const each =
    perConnection === 1
      ? ["closed model: each connection sends its next request when an answer has come."]
      : [
          `closed model: each connection has ${perConnection} requests under way,`,
          "and sends the next when an answer has come.",
        ];
  const closed = [
    ...each,
    "While the server stalls nobody asks: the wait of those who would have asked is",
    "missing from the latencies. -R N plans requests as users send them: it shows it.",
  ];
  const open = [
    "open model: requests are planned whether or not answers come;",
    "a request waits while every connection is busy.",
  ];
  return dim((model === "closed" ? closed : open).join("\n"));
}
