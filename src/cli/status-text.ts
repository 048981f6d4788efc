import { type HostStatus, type LimitsStatus, PARTS, type Status, type StatusTable } from "../app/mod.ts";
import { formatBytes, formatDuration } from "../base/mod.ts";
import { activityFacts } from "./activity.ts";
import { certificateTable } from "./certificate-table.ts";
import { sparkline } from "./live-frame.ts";
import { problemTable, summary } from "./problem-table.ts";
import type { RecentSeries } from "./recent-series.ts";
import { fittedTable, printable, shownWidth, wrapped, wrappedFacts } from "./table.ts";
import type { Paints } from "./terminal.ts";

/** A status, and the time of its request. */
export interface StatusSample {
  readonly status: Status;
  readonly atMs: number;
}

/**
 * Formats the status of an instance for one screen:
 *
 * ```text
 * tenk 0.1.0, pid 4711, up 2h, 1 problem
 *
 * problem  state  for  why
 * cache    down   46m  nothing listens on 10.0.0.7:6379: is it running?
 *
 * process  12m of CPU time, 46.1% of a core, 60 MiB resident, 10,021 of 524,288 descriptors, loop lag p99 1.1ms
 * machine  23% of 4 cores busy, load 0.85, memory 1.2 GiB of 3.7 GiB, root 42% used (12 GiB, 17 GiB free), 52.1 °C (cpu_thermal), up 12d
 *
 * listener  address       handler  workers     open  accepted/s  reads/s  read/s  written/s  waiting  rejected
 * packets   0.0.0.0:9091  sink           1   10,000          0      100k  391 KiB     0 B/s     0 B        0
 * ```
 *
 * The tables are those of the parts, the services first.
 *
 * @param before an earlier sample, for rates; without one totals are shown
 * @param width columns of the screen: the least important columns are left out when they do not fit
 * @param recent values of the last minutes, for curves
 */
export function statusText(
  now: StatusSample,
  before: StatusSample | undefined,
  paints: Paints,
  width = Number.POSITIVE_INFINITY,
  recent?: Pick<RecentSeries, "of">,
): string {
  const { dim, bold } = paints;
  const { tenk, startedAt, process, host, limits, problems = [] } = now.status;
  const up = formatDuration(now.atMs - Date.parse(startedAt));
  const earlier = before !== undefined && now.atMs > before.atMs ? before : undefined;
  const activity = recent === undefined ? "" : activityFacts(recent);
  const first = problemTable(problems, now.atMs).map((table) => wholeText(table, paints, width));
  return [
    `${bold(`tenk ${tenk}`)}, pid ${process.pid}, up ${up}${summaryText(now.status, paints)}`,
    ...first.flatMap((table) => ["", table, ""]),
    wrappedFacts(dim("process"), processFacts(now, earlier), width),
    ...(limits === null || limits === undefined ? [] : [wrappedFacts(dim("limits "), limitFacts(limits), width)]),
    ...(host === undefined ? [] : [wrappedFacts(dim("machine"), machineFacts(host), width)]),
    ...(activity === "" ? [] : [wrappedFacts(dim("now    "), activity, width)]),
    ...warningLines(host?.throttling ?? null, paints, width),
    ...[...tablesOf(now, earlier, recent), ...certificateTable(now.status.certificates ?? [], now.atMs)].flatMap(
      (table) => ["", tableText(table, paints, width), ...(table.notes ?? [])],
    ),
  ].join("\n");
}

/** Formats a table whose last column is never cut: where it does not fit, each row is a line with the text below. */
function wholeText(table: StatusTable, paints: Paints, width: number): string {
  const text = tableText(table, paints, Number.POSITIVE_INFINITY);
  if (text.split("\n").every((line) => shownWidth(line) <= width)) return text;
  const short = { columns: table.columns.slice(0, -1), rows: table.rows.map((row) => row.slice(0, -1)) };
  const [head, ...lines] = tableText(short, paints, width).split("\n");
  const reasons = table.rows.map((row) => wrapped(printable(String(row.at(-1))), width, "  "));
  return [head, ...lines.flatMap((line, at) => [line, ...reasons[at]!])].join("\n");
}

function summaryText(status: Status, { green, red }: Paints): string {
  const { text, tone } = summary(status) ?? {};
  return text === undefined ? "" : `, ${(tone === "good" ? green : red)(text)}`;
}

/** Returns the tables of the parts that run there, the services first. A part that this version does not know is left out. */
function tablesOf(
  { status, atMs }: StatusSample,
  before: StatusSample | undefined,
  recent: Pick<RecentSeries, "of"> | undefined,
): StatusTable[] {
  const parts = PARTS.toSorted((one, other) => Number(other.name === "probe") - Number(one.name === "probe"));
  return parts.flatMap((part) => {
    const view = status.parts[part.name];
    if (view === undefined || part.statusTables === undefined) return [];
    const earlier = before?.status.parts[part.name];
    const look = {
      view,
      atMs,
      ...(before && earlier !== undefined && { before: { view: earlier, atMs: before.atMs } }),
      ...(recent && { recent: (name: string, labels: Readonly<Record<string, string>>) => recent.of(name, labels) }),
    };
    return part.statusTables(look);
  });
}

const CURVE_WIDTH = 15;

/** Formats a part's table. */
export function tableText({ columns, rows }: StatusTable, { dim, ...tones }: Paints, width: number): string {
  const paint = { good: tones.green, warning: tones.yellow, bad: tones.red };
  const cells = rows.map((row) =>
    row.map((cell) => {
      if (typeof cell === "string") return printable(cell);
      return "curve" in cell ? sparkline(cell.curve, CURVE_WIDTH) : paint[cell.tone](printable(cell.text));
    }),
  );
  const firstToGo = [...columns.entries()]
    .filter(([, { dropOrder }]) => dropOrder !== undefined)
    .sort(([, one], [, other]) => one.dropOrder! - other.dropOrder!)
    .map(([index]) => index);
  const align = columns.map((column) => (column.align === "right" ? "r" : "l")).join("");
  return fittedTable([columns.map(({ title }) => dim(title)), ...cells], align, width, firstToGo);
}

function processFacts({ status: { process, limits }, atMs }: StatusSample, before: StatusSample | undefined): string {
  const facts = [`${formatDuration(process.cpuSeconds * 1000)} of CPU time`];
  if (before !== undefined) {
    const share = (process.cpuSeconds - before.status.process.cpuSeconds) / ((atMs - before.atMs) / 1000);
    facts.push(
      `${(Math.max(0, share) * 100).toFixed(1)}% of a core${limits?.cores ? ` (${cores(limits.cores)} allowed)` : ""}`,
    );
  }
  if (process.rssBytes !== null) {
    const allowed = limits?.memoryBytes ? ` of ${formatBytes(limits.memoryBytes)} allowed` : "";
    facts.push(`${formatBytes(process.rssBytes)} resident${allowed}`);
  }
  if (process.openDescriptors !== null) {
    facts.push(`${process.openDescriptors} of ${process.maxDescriptors} descriptors`);
  }
  facts.push(`loop lag p99 ${formatDuration(process.eventLoopLagP99Us / 1000)}`);
  return facts.join(", ");
}

/** Leaves out what the machine does not tell. */
function machineFacts(host: HostStatus): string {
  const of = (used: number | null, total: number | null, name: string) =>
    used === null || total === null || total === 0 ? [] : [`${name} ${formatBytes(used)} of ${formatBytes(total)}`];
  const { busy, load1, temperatureCelsius, temperatureSensor, uptimeSeconds, cores } = host;
  return [
    busy === null ? `${cores} cores` : `${Math.round(busy * 100)}% of ${cores} cores busy`,
    ...(load1 === null ? [] : [`load ${load1.toFixed(2)}`]),
    ...of(host.memoryUsedBytes, host.memoryTotalBytes, "memory"),
    ...of(host.swapUsedBytes, host.swapTotalBytes, "swap"),
    ...rootFacts(host),
    ...(temperatureCelsius === null ? [] : [`${temperatureCelsius.toFixed(1)} °C (${temperatureSensor})`]),
    ...(uptimeSeconds === null ? [] : [`up ${formatDuration(uptimeSeconds * 1000)}`]),
  ].join(", ");
}

function rootFacts({ rootUsedBytes, rootAvailableBytes, rootUsedPercent }: HostStatus): string[] {
  if (rootUsedBytes === null || rootAvailableBytes === null || rootUsedPercent === null) return [];
  return [`root ${rootUsedPercent}% used (${formatBytes(rootUsedBytes)}, ${formatBytes(rootAvailableBytes)} free)`];
}

/** Formats what slows the machine down, and the fix. */
function warningLines(throttling: HostStatus["throttling"], { yellow }: Paints, width: number): string[] {
  if (throttling === null || throttling.text === "") return [];
  return [
    wrappedFacts(yellow("warning"), throttling.text, width),
    wrappedFacts(yellow("fix    "), throttling.fix, width),
  ];
}

/** Formats the limits of the process's cgroup. */
function limitFacts({ cores: most, busy, memoryBytes, memoryUsedBytes }: LimitsStatus): string {
  const memory = memoryUsedBytes === null ? "" : `${formatBytes(memoryUsedBytes)} of `;
  return [
    ...(most === null ? [] : [busy === null ? cores(most) : `${Math.round(busy * 100)}% of ${cores(most)} busy`]),
    ...(memoryBytes === null ? [] : [`memory ${memory}${formatBytes(memoryBytes)}`]),
  ].join(", ");
}

function cores(count: number): string {
  return `${Number(count.toFixed(2))} ${count === 1 ? "core" : "cores"}`;
}
