import { figure, type Table } from "./table.ts";

/** A budget of the design: `got` must not exceed `most`. */
export interface Bar {
  readonly name: string;
  readonly most: number;
  /** `NaN` when it could not be measured, because a peer was skipped. */
  readonly got: number;
  readonly unit: string;
}

export type Verdict = "met" | "missed" | "not measured";

export function verdictOf(bar: Bar): Verdict {
  if (!Number.isFinite(bar.got)) return "not measured";
  return bar.got <= bar.most ? "met" : "missed";
}

export function barTable(bars: readonly Bar[]): Table {
  return {
    head: ["bar", "at most", "got", "verdict"],
    rows: bars.map((bar) => [
      bar.name,
      `${figure(bar.most)} ${bar.unit}`,
      `${figure(bar.got)} ${bar.unit}`,
      verdictOf(bar),
    ]),
  };
}
