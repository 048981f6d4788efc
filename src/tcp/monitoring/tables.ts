import { formatBytes, formatCount } from "../../base/mod.ts";
import { formatAddress, type StatusColumn, type StatusLook, type StatusTable } from "../../part/mod.ts";
import type { ListenerStatus, TcpView } from "./status.ts";
import { targetTable } from "./target-table.ts";

/**
 * ```text
 * listener  address       handler  workers     open  accepted/s  reads/s   read/s  written/s  waiting  rejected
 * packets   0.0.0.0:9091  sink           1   10,000          0     100k  391 KiB     0 B/s      0 B        0
 * ```
 */
export function tcpTables(look: StatusLook<TcpView>): StatusTable[] {
  const { listeners } = look.view;
  // A listener whose handler has no framing counts none.
  const hasFrames = listeners.some(({ counts }) => counts.framesRead > 0);
  const rows = listeners.map((listener) => {
    const earlier = look.before?.view.listeners.find(({ name }) => name === listener.name);
    const seconds = look.before === undefined ? 1 : (look.atMs - look.before.atMs) / 1000;
    return listenerRow(listener, earlier, { seconds, hasFrames });
  });
  const table = { columns: columnsOf(look.before !== undefined, hasFrames), rows };
  return [table, ...targetTable(look)];
}

/** What waits and who is rejected stays to the last. */
function columnsOf(isRates: boolean, hasFrames: boolean): StatusColumn[] {
  const column = (title: string, dropOrder?: number, align: StatusColumn["align"] = "right"): StatusColumn => ({
    title,
    align,
    ...(dropOrder === undefined ? {} : { dropOrder }),
  });
  const per = (title: string) => (isRates ? `${title}/s` : title);
  return [
    column("listener", undefined, "left"),
    column("address", 3, "left"),
    column("handler", 2, "left"),
    column("workers", 1),
    column("open"),
    column(per("accepted"), 5),
    column(per("reads"), 4),
    column(per("read"), 7),
    column(per("written"), 6),
    ...(hasFrames ? [column(per("frames"), 8)] : []),
    column("waiting"),
    column("rejected"),
  ];
}

function listenerRow(
  listener: ListenerStatus,
  before: ListenerStatus | undefined,
  { seconds, hasFrames }: { readonly seconds: number; readonly hasFrames: boolean },
): string[] {
  const { name, host, port, path, handler, workers, counts } = listener;
  const rejected = Object.values(counts.rejected).reduce((sum, each) => sum + each, 0);
  const since = (pick: (counts: ListenerStatus["counts"]) => number) =>
    before === undefined ? pick(counts) : Math.max(0, pick(counts) - pick(before.counts)) / seconds;
  return [
    name,
    path === undefined ? formatAddress({ host, port }) : formatAddress({ path }),
    handler,
    `${workers}`,
    formatCount(counts.active),
    formatCount(Math.round(since((each) => each.accepted))),
    formatCount(Math.round(since((each) => each.reads))),
    formatBytes(Math.round(since((each) => each.bytesRead))),
    formatBytes(Math.round(since((each) => each.bytesWritten))),
    ...(hasFrames ? [formatCount(Math.round(since((each) => each.framesRead)))] : []),
    formatBytes(counts.writeQueueBytes),
    formatCount(rejected),
  ];
}
