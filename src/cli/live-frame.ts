import { formatBytes, formatCount, formatDuration } from "../base/mod.ts";
import type { LoadSnapshot } from "../load/mod.ts";
import { shortened, shownWidth } from "./table.ts";
import type { Paints } from "./terminal.ts";

/** What the live view remembers of the last half minute, newest last. */
export interface LiveHistory {
  readonly sentPerSecond: readonly number[];
  readonly receivedPerSecond: readonly number[];
  readonly p99Us: readonly number[];
}

export interface LiveFrame {
  readonly title: string;
  readonly snapshot: LoadSnapshot;
  readonly history: LiveHistory;
  /** Columns of the terminal; no line is longer. */
  readonly width: number;
  readonly paints: Paints;
  /** The keys that work, at the right of the first line; empty where there is no keyboard. */
  readonly keys: string;
}

const LABEL_WIDTH = 12;
const STEPS = "▁▂▃▄▅▆▇█";

/**
 * The live view as lines:
 *
 * ```text
 * tenk load tcp 127.0.0.1:9091                     q ends, + and - change the rate
 * connections 10,000 of 10,000  ███████████████████████████████  failed 0  lost 0
 * sent        100k/s  97.7 KiB/s  ▁▃▆████████  1,203,000  late 0  dropped 0
 * received    0/s  0 B/s          ▁▁▁▁▁▁▁▁▁▁▁  0
 * latency     p50 0.2ms  p90 0.4ms  p99 1.2ms  max 8ms  64us▁▃█▇▂▁8ms
 * generator   46% of a core  loop lag p99 1.1ms  31 MiB  debt 0
 * sending     ━━━━━━━━━━━━━━━━━━━━━━━━────────────────────  41%  17.6s left
 * ```
 */
export function liveFrame({ title, snapshot, history, width, paints, keys }: LiveFrame): string[] {
  const { dim, bold, red, green, yellow } = paints;
  const { connections, messages, bytes, latencyUs, generator, protocol } = snapshot;
  const label = (text: string) => dim(text.padEnd(LABEL_WIDTH));
  const alarm = (name: string, count: number, paint = red) => (count > 0 ? paint : dim)(`${name} ${whole(count)}`);
  const isPlanned = protocol?.model !== "closed";
  // What stands beside it must fit.
  const graph = Math.max(0, Math.min(30, width - (protocol?.model === "open" ? 80 : 66)));

  const open = `${whole(connections.open)} of ${whole(connections.wanted)}`;
  const ends = `${alarm("failed", connections.failed)}  ${alarm("lost", connections.lost)}`;
  const room = width - LABEL_WIDTH - shownWidth(open) - shownWidth(ends) - 4;
  const share = connections.wanted === 0 ? 0 : connections.open / connections.wanted;
  const rates = [
    [rate(messages.perSecondSent), `${formatBytes(bytes.perSecondSent)}/s`],
    [rate(messages.perSecondReceived), `${formatBytes(bytes.perSecondReceived)}/s`],
  ] as const;
  const [sent, received] = rates.map(([count, size]) => `${bold(count.padStart(8))}  ${size.padStart(12)}`);
  const quantiles = (["p50", "p90", "p99", "max"] as const).map((name) => `${dim(name)} ${duration(latencyUs[name])}`);
  const latency = [...quantiles, histogram(latencyUs.buckets, dim), `${dim("p99")} ${sparkline(history.p99Us, graph)}`];
  const words = wordsOf(snapshot);
  const sending = [
    ...(protocol === undefined ? [] : [alarm("errors", protocol.errors)]),
    ...(isPlanned ? [alarm("late", messages.late, yellow), alarm("dropped", messages.dropped)] : []),
  ];
  const back = [
    ...(messages.unexpected > 0 ? [alarm("unexpected", messages.unexpected)] : []),
    ...(protocol === undefined ? [] : [alarm("wrong", protocol.wrong)]),
  ];

  const lines = [
    spread(bold(title), dim(keys), width),
    `${label("connections")}${open}  ${green(bar(share, Math.max(0, room)))}  ${ends}`,
    [`${label(words.sent)}${sent}`, sparkline(history.sentPerSecond, graph), whole(messages.sent), ...sending].join(
      "  ",
    ),
    [
      `${label(words.received)}${received}`,
      sparkline(history.receivedPerSecond, graph),
      whole(messages.received),
      ...back,
    ].join("  "),
    `${label("latency")}${latencyUs.max > 0 ? fitting(latency, width - LABEL_WIDTH) : dim(withoutLatency(snapshot))}`,
    `${label("generator")}${cores(generator.cpuPercent)}  ${dim("loop lag p99")} ${duration(generator.loopLagP99Us)}  ${formatBytes(generator.rssBytes)}${isPlanned ? `  ${alarm("debt", generator.debtMessages, yellow)}` : ""}`,
    progress(snapshot, width, label, paints),
  ];
  return lines.map((line) => fit(line, width));
}

function wordsOf({ protocol }: LoadSnapshot): { readonly sent: string; readonly received: string } {
  return protocol === undefined ? { sent: "sent", received: "received" } : { sent: "requests", received: "answers" };
}

/** As many of the parts as there is room for. */
function fitting(parts: readonly string[], width: number): string {
  let line = parts[0] ?? "";
  for (const part of parts.slice(1)) {
    const longer = `${line}  ${part}`;
    if (shownWidth(longer) <= width) line = longer;
  }
  return line;
}

/** Why there is no latency to show. */
function withoutLatency({ bytes, messages }: LoadSnapshot): string {
  if (bytes.received === 0) return "nothing came back";
  return messages.answersTold ? "no answer was found in what came back" : NOT_TOLD_APART;
}

/** Shown where bytes came back that cannot be assigned to messages. */
export const NOT_TOLD_APART = "answers are not told apart: add --wait-reply";

const PHASES = { connect: "connecting", send: "sending", drain: "draining", done: "done" } as const;

function progress(
  { phase, elapsedMs, durationMs }: LoadSnapshot,
  width: number,
  label: (text: string) => string,
  { cyan, dim }: Paints,
): string {
  if (!Number.isFinite(durationMs)) return `${label(PHASES[phase])}${formatDuration(elapsedMs)} so far, until ended`;
  const share = durationMs === 0 ? 0 : Math.min(1, elapsedMs / durationMs);
  const left = `  ${Math.floor(share * 100)}%  ${formatDuration(Math.max(0, Math.round((durationMs - elapsedMs) / 100) * 100))} left`;
  const room = Math.max(0, width - LABEL_WIDTH - left.length);
  const done = Math.round(share * room);
  return `${label(PHASES[phase])}${cyan("━".repeat(done))}${dim("─".repeat(room - done))}${left}`;
}

/** The same for a log or a pipe: one line, a second apart. */
export function plainLine(snapshot: LoadSnapshot): string {
  const { phase, elapsedMs, connections, messages, bytes, latencyUs, generator, protocol } = snapshot;
  const words = wordsOf(snapshot);
  const isCounted = messages.answersTold || bytes.received === 0;
  return [
    `${formatDuration(Math.round(elapsedMs / 100) * 100)} ${PHASES[phase]}`,
    `connections ${connections.open}/${connections.wanted}`,
    `${words.sent} ${rate(messages.perSecondSent)}`,
    `${words.received} ${isCounted ? rate(messages.perSecondReceived) : `${formatBytes(bytes.perSecondReceived)}/s`}`,
    ...(protocol?.model === "closed" ? [] : [`late ${messages.late}`, `dropped ${messages.dropped}`]),
    ...(protocol === undefined ? [] : [`errors ${protocol.errors}`, `wrong ${protocol.wrong}`]),
    `failed ${connections.failed}`,
    `lost ${connections.lost}`,
    ...(messages.unexpected > 0 ? [`unexpected ${messages.unexpected}`] : []),
    ...(latencyUs.max > 0 ? [`p50 ${duration(latencyUs.p50)}`, `p99 ${duration(latencyUs.p99)}`] : []),
    ...(isCounted ? [] : [NOT_TOLD_APART]),
    `cpu ${Math.round(generator.cpuPercent)}%`,
  ].join("  ");
}

/** `1234567` → `1,234,567`. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `5628.2` → `5628/s`; a fraction matters only to small rates. */
export function rate(perSecond: number): string {
  return `${formatCount(perSecond < 100 ? perSecond : Math.round(perSecond))}/s`;
}

function duration(us: number): string {
  return formatDuration(us / 1000);
}

function cores(cpuPercent: number): string {
  return `${Math.round(cpuPercent)}% of a core`;
}

/**
 * Powers of two of a microsecond as bars, from the first that holds something to the last: `64us▁▃█▇▂▁8ms`.
 *
 * @param buckets how many lay from 2^(i-1) to 2^i µs
 */
export function histogram(buckets: readonly number[], dim: (text: string) => string): string {
  const first = buckets.findIndex((count) => count > 0);
  if (first === -1) return "";
  const last = buckets.findLastIndex((count) => count > 0);
  const bars = sparkline(buckets.slice(first, last + 1), last + 1 - first);
  return dim(duration(first === 0 ? 0 : 2 ** (first - 1))) + bars + dim(duration(2 ** last));
}

/**
 * The last `width` values as bars between 0 and the largest of them.
 *
 * @example
 * sparkline([0, 1, 2], 8); // "▁▅█"
 */
export function sparkline(values: readonly number[], width: number): string {
  const shown = width <= 0 ? [] : values.slice(-width);
  const most = Math.max(...shown, Number.MIN_VALUE);
  return shown.map((value) => STEPS[Math.round((Math.max(0, value) / most) * (STEPS.length - 1))]).join("");
}

/**
 * A bar of `width` columns, filled to a share of 0 to 1, in eighths of a column.
 *
 * @example
 * bar(0.5, 4); // "██  "
 */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * width * 8);
  const rest = " ▏▎▍▌▋▊▉"[eighths % 8]!;
  return ("█".repeat(Math.floor(eighths / 8)) + rest).slice(0, width).padEnd(width);
}

function spread(left: string, right: string, width: number): string {
  const space = width - shownWidth(left) - shownWidth(right);
  return space < 1 ? left : left + " ".repeat(space) + right;
}

/** Cuts a line to the width: one that wraps could not be drawn over. */
export function fit(line: string, width: number): string {
  return shortened(line, width, "");
}
