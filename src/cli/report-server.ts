import { formatBytes } from "../base/mod.ts";
import type { Report, ServerReport } from "../load/mod.ts";
import { whole } from "./live-frame.ts";
import type { Row } from "./report-rows.ts";
import type { Paints } from "./terminal.ts";

/** The target's own count beside ours: `=` proves that nothing was lost on the way. */
export function serverRow({ server, serverNote, messages, bytes }: Report, { green, red, dim }: Paints): Row {
  if (server === null) return ["server", dim(noteText(serverNote))];
  const same = server.bytesReceived === bytes.sent;
  const sum = `${whole(server.received)} received ${same ? green("= sent") : red(`of ${whole(messages.sent)}`)}`;
  const { userBytesPerConnection: each, connectionsPeak } = server;
  return [
    "server",
    sum,
    ...costs(server),
    ...(each > 0 ? [`${formatBytes(each)} a connection`] : []),
    `${whole(connectionsPeak)} at most`,
  ];
}

/** Reports of older versions do not say what was tried. */
function noteText(note: string | undefined): string {
  if (note === undefined) return "not tenk: its counters were not read";
  return / at /.test(note) ? `${note} (--stats-url URL names another address)` : note;
}

function costs({ cpuPercent, rssBytes }: ServerReport): string[] {
  return [`${Math.round(cpuPercent)}% of a core`, formatBytes(rssBytes)];
}

/** Why a tenk instance that is there was not read; of other servers nothing was expected. */
const WORTH_TELLING = /requires its token|stopped answering/;

/**
 * The same of HTTP: requests that the target counted, by status and by service.
 *
 * ```text
 *   server  1,200 received = sent  34% of a core  60 MiB  10 connections at most
 *           1,197 200, 3 503  by service: 1,200 git
 * ```
 */
export function httpServerRows({ server, serverNote, messages }: Report, { green, red, dim }: Paints): Row[] {
  if (server?.requests === undefined) {
    return WORTH_TELLING.test(serverNote ?? "") ? [["server", dim(noteText(serverNote))]] : [];
  }
  const { status, byService, missing } = server.requests;
  const more = server.received - messages.sent;
  const beside = more === 0 ? green("= sent") : more < 0 ? red(`of ${whole(messages.sent)}`) : "";
  return [
    [
      "server",
      `${whole(server.received)} received ${beside}`.trim(),
      ...costs(server),
      `${whole(server.connectionsPeak)} connections at most`,
    ],
    ["", listed(status), `by service: ${listed(byService)}`],
    ...(more > 0 ? [["", dim(`${whole(more)} more than were sent: other clients asked it too`)] as const] : []),
    ...(missing > 0 ? [["", red(`${whole(missing)} answers came that it did not count`)] as const] : []),
  ];
}

/** The same of DNS: queries that the target counted. */
export function queryServerRows({ server, messages }: Report, { green, red }: Paints): Row[] {
  if (server === null) return [];
  const { received } = server;
  const more = received - messages.sent;
  const beside = more < 0 ? red(`of ${whole(messages.sent)}`) : green(more === 0 ? "= sent" : `${whole(more)} more`);
  return [["server", `${whole(received)} received ${beside}`, ...costs(server)]];
}

function listed(counts: Readonly<Record<string, number>>): string {
  const facts = Object.entries(counts).map(([name, count]) => `${whole(count)} ${name}`);
  return facts.length === 0 ? "none" : facts.join(", ");
}
