import type { FinishedRun } from "../app/mod.ts";
import { formatBytes, formatCount, formatDuration } from "../base/mod.ts";
import { compareRuns, type Difference, type RunAnswer } from "../dash/mod.ts";
import type { Report } from "../load/mod.ts";
import { rate } from "./live-frame.ts";

/** A number that both runs have. */
export interface PrintedDifference extends Difference {
  readonly a: number;
  readonly b: number;
  readonly verdict: NonNullable<Difference["verdict"]>;
  /** As people read them. */
  readonly text: readonly [a: string, b: string];
}

const FORMATS: Readonly<Record<Difference["unit"], (value: number) => string>> = {
  count: (value) => formatCount(Math.round(value)),
  us: (value) => formatDuration(value / 1000),
  percent: (value) => `${value.toFixed(1)}%`,
  bytes: formatBytes,
};

/** What the page shows of the two, as far as both have it. */
export function printedDifferences(a: FinishedRun, b: FinishedRun): PrintedDifference[] {
  const compared = compareRuns(a as unknown as RunAnswer, b as unknown as RunAnswer);
  return compared.flatMap((each) => {
    const { a: from, b: to, verdict, unit } = each;
    if (from === null || to === null || verdict === null) return [];
    return [{ ...each, a: from, b: to, verdict, text: [FORMATS[unit](from), FORMATS[unit](to)] as const }];
  });
}

/** One thing that two runs were not alike in before they began. */
export interface PlanDifference {
  readonly name: string;
  /** As people read them. */
  readonly text: readonly [a: string, b: string];
}

type Plan = Pick<Report, "target" | "plan">;

const PLAN: Readonly<Record<string, (plan: Plan) => string>> = {
  target: ({ target }) => target,
  connections: ({ plan }) => formatCount(plan.connections),
  "connect rate": ({ plan }) => rate(plan.connectRate),
  "rate of each": ({ plan }) => (plan.ratePerConnection > 0 ? rate(plan.ratePerConnection) : "none"),
  "rate in all": ({ plan }) => (plan.totalRate > 0 ? rate(plan.totalRate) : "none"),
  shape: ({ plan }) => plan.shape,
  duration: ({ plan }) => (plan.durationMs === null ? "until ended" : formatDuration(plan.durationMs)),
  workers: ({ plan }) => `${plan.workers}`,
};

/** In what the plans of two runs differ: then the runs differ by what was asked of them, not by how it went. */
export function planDifferences(a: Plan, b: Plan): PlanDifference[] {
  return Object.entries(PLAN).flatMap(([name, read]) => {
    const text = [read(a), read(b)] as const;
    return text[0] === text[1] ? [] : [{ name, text }];
  });
}

export function changeText({ change, a, b }: PrintedDifference): string {
  if (change === null) return b === a ? "" : "new";
  const percent = change * 100;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(Math.abs(percent) < 10 ? 1 : 0)}%`;
}
