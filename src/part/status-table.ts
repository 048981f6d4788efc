/** A table of `tenk status`, as data; the command line colours it and fits it into the terminal. */
export interface StatusTable {
  readonly columns: readonly StatusColumn[];
  readonly rows: readonly (readonly StatusCell[])[];
  /** Lines below it. @default {none} */
  readonly notes?: readonly string[];
}

export interface StatusColumn {
  readonly title: string;
  /** @default {"left"} */
  readonly align?: "left" | "right";
  /** On a narrow terminal the column with the lowest number is left out first. @default {it stays} */
  readonly dropOrder?: number;
}

export type StatusCell =
  | string
  | { readonly text: string; readonly tone: "good" | "warning" | "bad" }
  /** Drawn as a small curve from zero up. */
  | { readonly curve: readonly number[] };

/** A part's status, and an earlier one for rates; without it totals are shown. */
export interface StatusLook<View> {
  readonly view: View;
  readonly atMs: number;
  readonly before?: { readonly view: View; readonly atMs: number };
  /** Returns values of a series in the last half hour, oldest first. @default {not known} */
  recent?(name: string, labels: Readonly<Record<string, string>>): readonly number[];
}
