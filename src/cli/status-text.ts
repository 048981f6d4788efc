import { formatAddress, type HostStatus, type ListenerStatus, type Status } from "../app/mod.ts";
import { formatBytes, formatCount, formatDuration } from "../base/mod.ts";
import { targetLines } from "./status-targets.ts";
import { fittedTable, wrappedFacts } from "./table.ts";
import type { Paints } from "./terminal.ts";

/** A status, and when it was asked for. */
export interface Seen {
  readonly status: Status;
  readonly atMs: number;
}

/**
 * A box on one screen:
 *
 * ```text
 * tenk 0.1.0, pid 4711, up 2h
 * box      12m of processor, 46.1% of a core, 60 MiB resident, 10,021 of 524,288 descriptors, loop lag p99 1.1ms
 * machine  23% of 4 cores busy, load 0.85, memory 1.2 GiB of 3.7 GiB, root 42% used (12 GiB, 17 GiB free), 52.1 °C, up 12d
 *
 * listener  address       handler  workers     open  accepted/s  reads/s  read/s  written/s  waiting  refused
 * packets   0.0.0.0:9091  sink           1   10,000          0      100k  391 KiB     0 B/s     0 B        0
 * ```
 *
 * @param before an earlier look, for what happened a second; without one totals are shown
 * @param width columns of the screen: what does not fit is left out, the least important first
 */
export function statusText(
  now: Seen,
  before: Seen | undefined,
  paints: Paints,
  width = Number.POSITIVE_INFINITY,
): string {
  const { dim, bold } = paints;
  const { tenk, startedAt, listeners, process, host } = now.status;
  const up = formatDuration(now.atMs - Date.parse(startedAt));
  const isRates = before !== undefined && now.atMs > before.atMs;
  const head = ["listener", "address", "handler", "workers", "open"];
  // A listener whose handler has no framing counts none.
  const hasFrames = listeners.some(({ counts }) => counts.framesRead > 0);
  const counted = ["accepted", "reads", "read", "written", ...(hasFrames ? ["frames"] : [])];
  const columns = isRates ? counted.map((name) => `${name}/s`) : counted;
  const titles = [...head, ...columns, "waiting", "refused"];
  const seconds = isRates ? (now.atMs - before.atMs) / 1000 : 1;
  const rows = listeners.map((listener) => {
    const earlier = isRates ? before.status.listeners.find(({ name }) => name === listener.name) : undefined;
    return listenerRow(listener, earlier, { seconds, hasFrames });
  });
  return [
    `${bold(`tenk ${tenk}`)}, pid ${process.pid}, up ${up}`,
    wrappedFacts(dim("box    "), boxFacts(now, isRates ? before : undefined), width),
    ...(host === undefined ? [] : [wrappedFacts(dim("machine"), machineFacts(host), width)]),
    "",
    fittedTable([titles.map(dim), ...rows], `lll${"r".repeat(titles.length - 3)}`, width, firstToGo(hasFrames)),
    ...targetLines(now, isRates ? before : undefined, paints, width),
  ].join("\n");
}

/** Workers, handler, address, reads, accepted, written, read, frames: what waits and who is refused stays to the last. */
function firstToGo(hasFrames: boolean): number[] {
  return [3, 2, 1, 6, 5, 8, 7, ...(hasFrames ? [9] : [])];
}

function listenerRow(
  listener: ListenerStatus,
  before: ListenerStatus | undefined,
  { seconds, hasFrames }: { readonly seconds: number; readonly hasFrames: boolean },
): string[] {
  const { name, host, port, path, handler, workers, counts } = listener;
  const refused = Object.values(counts.refused).reduce((sum, each) => sum + each, 0);
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
    formatBytes(counts.outboxBytes),
    formatCount(refused),
  ];
}

function boxFacts({ status: { process }, atMs }: Seen, before: Seen | undefined): string {
  const facts = [`${formatDuration(process.cpuSeconds * 1000)} of processor`];
  if (before !== undefined) {
    const share = (process.cpuSeconds - before.status.process.cpuSeconds) / ((atMs - before.atMs) / 1000);
    facts.push(`${(Math.max(0, share) * 100).toFixed(1)}% of a core`);
  }
  if (process.rssBytes !== null) facts.push(`${formatBytes(process.rssBytes)} resident`);
  if (process.openDescriptors !== null) {
    facts.push(`${process.openDescriptors} of ${process.maxDescriptors} descriptors`);
  }
  facts.push(`loop lag p99 ${formatDuration(process.eventLoopLagP99Us / 1000)}`);
  return facts.join(", ");
}

/** What the machine does not tell is left out. */
function machineFacts(host: HostStatus): string {
  const of = (used: number | null, total: number | null, name: string) =>
    used === null || total === null || total === 0 ? [] : [`${name} ${formatBytes(used)} of ${formatBytes(total)}`];
  const { busy, load1, temperatureCelsius, uptimeSeconds, cores } = host;
  return [
    busy === null ? `${cores} cores` : `${Math.round(busy * 100)}% of ${cores} cores busy`,
    ...(load1 === null ? [] : [`load ${load1.toFixed(2)}`]),
    ...of(host.memoryUsedBytes, host.memoryTotalBytes, "memory"),
    ...of(host.swapUsedBytes, host.swapTotalBytes, "swap"),
    ...rootFacts(host),
    ...(temperatureCelsius === null ? [] : [`${temperatureCelsius.toFixed(1)} °C`]),
    ...(uptimeSeconds === null ? [] : [`up ${formatDuration(uptimeSeconds * 1000)}`]),
  ].join(", ");
}

function rootFacts({ rootUsedBytes, rootAvailableBytes, rootUsedPercent }: HostStatus): string[] {
  if (rootUsedBytes === null || rootAvailableBytes === null || rootUsedPercent === null) return [];
  return [`root ${rootUsedPercent}% used (${formatBytes(rootUsedBytes)}, ${formatBytes(rootAvailableBytes)} free)`];
}
