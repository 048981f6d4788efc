import { formatBytes } from "../base/mod.ts";
import type { Report, WebSocketReport } from "../load/mod.ts";
import { whole } from "./live-frame.ts";
import { bad, causeRows, type Row, sentRows } from "./report-rows.ts";
import type { Paints } from "./terminal.ts";

/** The lines of a report that WebSocket has instead of those of messages. */
export function webSocketRows(report: Report, section: WebSocketReport, paints: Paints): Row[] {
  const { messages, bytes } = report;
  const { pings, errors, errorsBy } = section;
  const hasPings = pings.sent + pings.received + pings.unexpectedPongs > 0;
  return [
    ...sentRows(report, paints),
    ["came back", ...cameBack(messages, section, paints)],
    ...(errors > 0 ? [["errors", bad("against RFC 6455", errors, paints)] as const] : []),
    ...causeRows(errorsBy, paints),
    ...(hasPings ? [["pings", ...pingFacts(pings, paints)] as const] : []),
    ["closed", ...closeFacts(section)],
    [
      "bytes",
      `${formatBytes(bytes.sent)} sent`,
      `${formatBytes(bytes.received)} came back`,
      `${formatBytes(section.contentBytes)} of it content`,
    ],
  ];
}

function cameBack(messages: Report["messages"], section: WebSocketReport, paints: Paints): string[] {
  const all = whole(section.messages);
  if (messages.answersTold) {
    return [all, bad("unanswered", messages.unanswered, paints), bad("unexpected", messages.unexpected, paints)];
  }
  return [all, ...(section.messages > 0 && messages.sent > 0 ? [paints.dim("latency is not taken: add --echo")] : [])];
}

function pingFacts(pings: WebSocketReport["pings"], paints: Paints): string[] {
  const unanswered = pings.sent - pings.answered;
  return [
    ...(pings.sent > 0 ? [`${whole(pings.sent)} sent`, bad("without a pong", unanswered, paints)] : []),
    ...(pings.unexpectedPongs > 0 ? [`${whole(pings.unexpectedPongs)} pongs unasked`] : []),
    ...(pings.received > 0 ? [`${whole(pings.received)} of the server`] : []),
    ...(pings.ignored > 0 ? [paints.red(`${whole(pings.ignored)} of them ignored: it did not read`)] : []),
  ];
}

/** `10,000 with 1000  3 no close frame` */
function closeFacts({ closes }: WebSocketReport): string[] {
  const facts = Object.entries(closes).sort(([, one], [, other]) => other - one);
  if (facts.length === 0) return ["none"];
  return facts.map(([how, count]) => (/^\d+$/.test(how) ? `${whole(count)} with ${how}` : `${whole(count)} ${how}`));
}
