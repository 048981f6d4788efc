import { formatDuration } from "../base/mod.ts";
import type { Limit, LimitStep } from "../load/mod.ts";
import { bar, rate, whole } from "./live-frame.ts";
import { table } from "./table.ts";
import type { Paints } from "./terminal.ts";

const CURVE_WIDTH = 30;

const LIMITED_BY = {
  target: "by the target",
  generator: "by this generator, not by the target",
  machine: "by this machine: ports, descriptors or memory",
  none: "by nothing that was found",
} as const;

/** Formats the limit that was found, and the runs around it, lowest first; the bar is what was really sent. */
export function limitText(limit: Limit, { bold, dim, green, red }: Paints): string {
  const unit = limit.vary === "rate" ? "/s" : " connections";
  const most = Math.max(...limit.curve.map((step) => step.perSecondSent), 1);
  const rows = limit.curve.map((step) => [
    step.pass ? green("pass") : red("FAIL"),
    numberText(step.value),
    rate(step.perSecondSent),
    step.p99Us > 0 ? formatDuration(step.p50Us / 1000) : dim("-"),
    step.p99Us > 0 ? formatDuration(step.p99Us / 1000) : dim("-"),
    bar(step.perSecondSent / most, CURVE_WIDTH),
    step.pass ? "" : dim(step.reason),
  ]);
  const head = ["", limit.vary, "sent", "p50", "p99", "", ""].map(dim);
  const knee = limit.knee === 0 ? "no run passed" : `limit ${numberText(limit.knee)}${unit}`;
  const broken = limit.brokenAt === null ? "" : `, broken at ${numberText(limit.brokenAt)}${unit}`;
  return `${table([head, ...rows], "lrrrrll")}\n\n${bold(knee)}${broken}, limited ${LIMITED_BY[limit.limitedBy]}`;
}

/** Formats one finished run of a search. */
export function stepLine({ value, pass, perSecondSent, p99Us, reason }: LimitStep): string {
  const latency = p99Us > 0 ? `  p99 ${formatDuration(p99Us / 1000)}` : "";
  return `${pass ? "pass" : "FAIL"}  at ${numberText(value)}  sent ${rate(perSecondSent)}${latency}${pass ? "" : `  ${reason}`}`;
}

/** Shows fractions of small rates only. */
function numberText(value: number): string {
  return value >= 100 ? whole(value) : String(Number(value.toPrecision(3)));
}
