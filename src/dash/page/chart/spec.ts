import type { Unit } from "../format.ts";

/** Colours of the style sheet (`--tone-accent` …) that differ in light and dark, also for colour-blind readers. */
export type Tone = "accent" | "ink" | "deep" | "amber" | "violet" | "red" | "green";
export const TONES: readonly Tone[] = ["accent", "ink", "amber", "violet", "green", "red"];

/** One line of a chart: the sum of one or more series. */
export interface Line {
  readonly label: string;
  readonly keys: readonly string[];
  /** Subtracted from that sum. @default {[]} */
  readonly minus?: readonly string[];
  readonly tone: Tone;
  /** @default {"left"} */
  readonly axis?: "left" | "right";
  /** Differs by more than its colour. @default {false} */
  readonly isDashed?: boolean;
  /** Shaded down to zero. @default {false} */
  readonly isFilled?: boolean;
}

export interface ChartSpec {
  readonly title: string;
  /** A sentence below the title. */
  readonly help?: string;
  readonly unit: Unit;
  /** Of the right axis, where a line stands on it. */
  readonly rightUnit?: Unit;
  readonly lines: readonly Line[];
  /** Shown in the drawing while no line has a value. @default {"no values in this stretch"} */
  readonly empty?: string;
  /** Each line on top of those before it. @default {false} */
  readonly isStacked?: boolean;
  /** The top of the left axis. @default {above the highest value} */
  readonly top?: number;
}

export type Which = "min" | "mean" | "max";
export type Values = readonly (number | null)[];

/** The data of a chart. */
export interface ChartData {
  /** In seconds: since 1970, or since a run began. */
  readonly moments: readonly number[];
  /** The ends of the time axis, in seconds. */
  readonly from: number;
  readonly to: number;
  /** It ends before now: its last values are not the present ones. */
  readonly isOver: boolean;
  /** The lowest and highest of each step are known and worth showing. */
  readonly hasBand: boolean;
  values(line: Line, which: Which): Values;
}

/** Something that happened, on the time axis. */
export interface SourceMark {
  /** In seconds, as the moments are. */
  readonly from: number;
  /** The end of what lasted, else `from`. */
  readonly to: number;
  readonly kind: "start" | "stop" | "reload" | "upgrade" | "run" | "state";
  readonly text: string;
}

/** The data that several charts share, and their common zoom and pointer. */
export interface ChartSource {
  readonly id: string;
  /** Time is counted from a start, not a time of day. */
  readonly isElapsed: boolean;
  read(): ChartData | undefined;
  /** What happened meanwhile. @default {nothing} */
  marks?(): readonly SourceMark[];
  subscribe(listener: () => void): () => void;
  zoom(from: number, to: number): void;
  reset(): void;
  /** The moment under the pointer, in seconds. */
  hover(moment: number | undefined): void;
}
