/** A part's charts on the page, as data, so that the page needs no code for the part. Drawn below the machine's charts. */
export interface Panel {
  readonly title: string;
  readonly charts: readonly PanelChart[];
}

export interface PanelChart {
  readonly title: string;
  /** How values are formatted. */
  readonly unit: "count" | "perSecond" | "bytesPerSecond" | "bytes" | "seconds" | "share";
  /** The lines, by their names in the history; a series with labels is summed over them. */
  readonly series: readonly { readonly name: string; readonly label: string }[];
}
