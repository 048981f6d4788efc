import { useEffect, useState } from "preact/hooks";
import { Foreign, Scrolled } from "../elements.tsx";
import { type Unit, visible, written } from "../format.ts";
import { csvOf } from "./csv.ts";
import { fileName } from "./file-name.ts";
import { save } from "./save.ts";
import type { ChartSource, ChartSpec } from "./spec.ts";
import { type Statistics, statisticsOf, totalUnit } from "./statistics.ts";
import { unitOf } from "./values.ts";

interface DetailsProps {
  readonly id: string;
  readonly spec: ChartSpec;
  readonly source: ChartSource;
  /** Returns the picture; undefined where nothing is drawn. */
  picture(): Promise<Blob> | undefined;
}

const COLUMNS: readonly (readonly [name: string, of: keyof Statistics])[] = [
  ["Min", "min"],
  ["Mean", "mean"],
  ["p95", "p95"],
  ["Max", "max"],
  ["Last", "last"],
];

/** Statistics of each line over the time that is drawn, and the chart as a file. */
export function Details({ id, spec, source, picture }: DetailsProps) {
  const [, setTurn] = useState(0);
  useEffect(() => source.subscribe(() => setTurn((turn) => turn + 1)), [source]);
  const data = source.read();
  const hasTotal = spec.lines.some((line) => totalUnit(unitOf(spec, line)) !== undefined);
  const saveCsv = () => {
    if (data === undefined) return;
    const text = csvOf(spec, data, source.isElapsed);
    save(fileName(spec.title, "csv"), new Blob([text], { type: "text/csv;charset=utf-8" }));
  };
  const savePicture = async () => {
    const blob = await picture();
    if (blob !== undefined) save(fileName(spec.title, "png"), blob);
  };
  return (
    <div class="details" id={id}>
      <Scrolled name={`Statistics of ${visible(spec.title)}`}>
        <table class="data statistics">
          <thead>
            <tr>
              <th scope="col" class="left">
                Line
              </th>
              {[...COLUMNS.map(([name]) => name), ...(hasTotal ? ["Total"] : [])].map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data !== undefined &&
              spec.lines.map((line) => {
                const unit = unitOf(spec, line);
                return (
                  <Row
                    key={line.label}
                    label={line.label}
                    unit={unit}
                    hasTotal={hasTotal}
                    of={statisticsOf(spec, line, data)}
                  />
                );
              })}
          </tbody>
        </table>
      </Scrolled>
      <p class="choices">
        <button type="button" class="button small" onClick={saveCsv}>
          Save as CSV
        </button>
        <button type="button" class="button small" onClick={() => void savePicture()}>
          Save as PNG
        </button>
      </p>
    </div>
  );
}

interface RowProps {
  readonly label: string;
  readonly unit: Unit;
  readonly hasTotal: boolean;
  readonly of: Statistics;
}

function Row({ label, unit, hasTotal, of }: RowProps) {
  const ofTotal = totalUnit(unit);
  return (
    <tr>
      <th scope="row" class="left">
        <Foreign text={label} />
      </th>
      {COLUMNS.map(([name, field]) => (
        <td key={name}>{written(of[field], unit)}</td>
      ))}
      {hasTotal && <td>{ofTotal === undefined ? "" : written(of.total, ofTotal)}</td>}
    </tr>
  );
}
