import type { Unit } from "../format.ts";

/** Colours of the style sheet (`--tone-accent` …) that are told apart in light and dark, also by those who see few colours. */
export type Tone = "accent" | "ink" | "deep" | "amber" | "violet" | "red" | "green";
export const TONES: readonly Tone[] = ["accent", "ink", "amber", "violet", "green", "red"];

/** One line of a chart: the sum of one or more series. */
export interface Line {
  readonly label: string;
  readonly keys: readonly string[];
  /** Taken away from that sum. @default {[]} */
  readonly minus?: readonly string[];
  readonly tone: Tone;
  /** @default {"left"} */
  readonly axis?: "left" | "right";
  /** Dashed: the second sign beside colour. @default {false} */
  readonly isDashed?: boolean;
  /** A shade down to zero. @default {false} */
  readonly isFilled?: boolean;
}

export interface ChartSpec {
  readonly title: string;
  /** In a sentence, where the title does not say it. */
  readonly help?: string;
  readonly unit: Unit;
  /** Of the right axis, where a line stands on it. */
  readonly rightUnit?: Unit;
  readonly lines: readonly Line[];
  /** Said in the drawing while no line has a value. @default {"no values in this stretch"} */
  readonly empty?: string;
  /** Each line on top of those before it. @default {false} */
  readonly isStacked?: boolean;
  /** The left axis ends here, rather than above the highest value. */
  readonly top?: number;
}

export type Which = "min" | "mean" | "max";
export type Values = readonly (number | null)[];

/** What a chart draws at the moment. */
export interface ChartData {
  /** In seconds: since 1970, or since a run began. */
  readonly moments: readonly number[];
  /** What the time axis shows, in seconds. */
  readonly from: number;
  readonly to: number;
  /** It ends before now: its last values are not how things are. */
  readonly isOver: boolean;
  /** The lowest and highest of each step are known and worth showing. */
  readonly hasBand: boolean;
  values(line: Line, which: Which): Values;
}

/** Where charts that belong together have their data from, and what they do to each other. */
export interface ChartSource {
  readonly id: string;
  /** Time since a beginning rather than of day. */
  readonly isElapsed: boolean;
  read(): ChartData | undefined;
  subscribe(listener: () => void): () => void;
  zoom(from: number, to: number): void;
  reset(): void;
  /** The moment under the pointer, in seconds. */
  hover(moment: number | undefined): void;
}
