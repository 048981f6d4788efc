/** A table of `tenk status`, as data: the command line colours it and fits it into the terminal. */
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
  /** On a narrow screen the column with the lowest goes first. @default {it stays} */
  readonly dropOrder?: number;
}

export type StatusCell = string | { readonly text: string; readonly tone: "good" | "warning" | "bad" };

/** Two looks at a part: without an earlier one, totals are shown in place of rates. */
export interface StatusLook<View> {
  readonly view: View;
  readonly atMs: number;
  readonly before?: { readonly view: View; readonly atMs: number };
}
