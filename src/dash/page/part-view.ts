import type { FunctionComponent } from "preact";
import type { SeriesName, StatusAnswer } from "../api.ts";
import type { ChartSpec } from "./chart/mod.ts";

/** A part's view on the page, where the charts of its panel (`part/panel.ts`) are not enough. */
export interface PartView {
  /** As in `/api/status` → `parts`. */
  readonly name: string;
  /** The series that its charts draw: the page loads their history. */
  readonly charted: readonly string[];
  /** The large chart at the top of the page: that of the first part that runs. */
  mainChart?(names: readonly SeriesName[], known: StatusAnswer | undefined): ChartSpec;
  /** On the view "Now", below the charts of the machine. */
  readonly Panel: FunctionComponent;
  /** A view of its own beside "Now". `named` is what follows its name in the address. */
  readonly tab?: {
    readonly name: string;
    readonly title: string;
    readonly View: FunctionComponent<{ readonly named: string | undefined }>;
  };
}
