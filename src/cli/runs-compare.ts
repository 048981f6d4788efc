import type { FinishedRun } from "../app/mod.ts";
import { formatBytes, formatCount, formatDuration } from "../base/mod.ts";
import { compareRuns, type Difference, type RunAnswer } from "../dash/mod.ts";

/** A number that both runs have. */
export interface PrintedDifference extends Difference {
  readonly a: number;
  readonly b: number;
  readonly verdict: NonNullable<Difference["verdict"]>;
  /** Formatted values. */
  readonly text: readonly [a: string, b: string];
}

const FORMATS: Readonly<Record<Difference["unit"], (value: number) => string>> = {
  count: (value) => formatCount(Math.round(value)),
  us: (value) => formatDuration(value / 1000),
  percent: (value) => `${value.toFixed(1)}%`,
  bytes: formatBytes,
};

/** Compares two runs as the page does, by the values that both have. */
export function printedDifferences(a: FinishedRun, b: FinishedRun): PrintedDifference[] {
  const compared = compareRuns(a as unknown as RunAnswer, b as unknown as RunAnswer);
  return compared.flatMap((each) => {
    const { a: from, b: to, verdict, unit } = each;
    if (from === null || to === null || verdict === null) return [];
    return [{ ...each, a: from, b: to, verdict, text: [FORMATS[unit](from), FORMATS[unit](to)] as const }];
  });
}

export function changeText({ change, a, b }: PrintedDifference): string {
  if (change === null) return b === a ? "" : "new";
  const percent = change * 100;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(Math.abs(percent) < 10 ? 1 : 0)}%`;
}
