/** A part's place on the page, as data: the page draws it without knowing the part. Drawn below the machine's charts. */
export interface Panel {
  readonly title: string;
  readonly charts: readonly PanelChart[];
}

export interface PanelChart {
  readonly title: string;
  /** How its numbers are written. */
  readonly unit: "count" | "perSecond" | "bytesPerSecond" | "bytes" | "seconds" | "share";
  /** Lines of the chart by the names of the history; a name with labels is added up over them. */
  readonly series: readonly { readonly name: string; readonly label: string }[];
}
