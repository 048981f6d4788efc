import {
  AxisPlacement,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** The Prometheus that the user selects. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is Grafana that fills it in
const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

/** A query with the names of its lines; `{{label}}` stands for a label's value. */
export type Query = readonly [legend: string, expression: string];

/** Content and style of one panel. */
export interface Drawn {
  readonly title: string;
  readonly help: string;
  /** Grafana's unit id: `bytes`, `percentunit`, `cps`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Width, of 24 columns. @default {12} */
  readonly width?: number;
  /** Upper end of the axis. @default the largest value */
  readonly max?: number;
  readonly stacked?: boolean;
  /** Lines whose names match this regular expression use an axis of their own, on the right, in this unit. */
  readonly right?: { readonly lines: string; readonly unit: string };
}

export function dashboard(title: string, uid: string, description: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(["tenk"])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-15m", to: "now" })
    .refresh("5s")
    .timezone("browser")
    .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));
}

/** A selection among a label's values. */
export function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

export function lines({ title, help, unit, queries, width = 12, max, stacked, right }: Drawn): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(help)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .span(width)
    .height(8)
    .lineWidth(1)
    .fillOpacity(stacked ? 40 : 10)
    .showPoints(VisibilityMode.Never)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (max !== undefined) panel.max(max);
  if (stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"));
  if (right) {
    panel.overrideByRegexp(right.lines, [
      { id: "custom.axisPlacement", value: AxisPlacement.Right },
      { id: "unit", value: right.unit },
    ]);
  }
  for (const [index, [legend, expression]] of queries.entries()) {
    const refId = String.fromCharCode("A".charCodeAt(0) + index);
    panel.withTarget(new DataqueryBuilder().refId(refId).expr(expression).legendFormat(legend).range());
  }
  return panel;
}

/** Shows one number. @param warnAt thresholds of orange and red */
export function number(
  title: string,
  help: string,
  unit: string,
  expression: string,
  warnAt?: readonly [number, number],
): StatBuilder {
  const [orange, red] = warnAt ?? [];
  const steps = [{ value: null, color: "green" }];
  const further = orange === undefined ? [] : [{ value: orange, color: "orange" }, { value: red!, color: "red" }]; // biome-ignore format: a scale
  return new StatBuilder()
    .title(title)
    .description(help)
    .datasource(DATASOURCE)
    .unit(unit)
    .decimals(unit === "celsius" || unit === "short" ? 1 : 0)
    .span(4)
    .height(4)
    .noValue("–")
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps, ...further]))
    .withTarget(new DataqueryBuilder().refId("A").expr(expression).range());
}
