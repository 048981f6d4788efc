import { outcomeOf, type RunAnswer } from "../../run.ts";
import { compareRuns, type Difference } from "../../run-comparison.ts";
import { COMPARISON_NOTE, planDifferences, planText, planWarning } from "../../run-plan.ts";
import { Foreign, Moment, Outcome, Scrolled, sentence } from "../elements.tsx";
import { bytes, grouped, seconds, written } from "../format.ts";
import { RunCharts } from "./charts.tsx";
import { WRITER } from "./plan.ts";
import { compareSpecs } from "./source.ts";

const WRITTEN: Readonly<Record<Difference["unit"], (value: number) => string>> = {
  count: (value) => (Number.isInteger(value) ? grouped(value) : written(value, "count")),
  us: (value) => seconds(value / 1e6),
  percent: (value) => written(value, "percent"),
  bytes,
};

/** Two runs: their numbers side by side, their charts over each other. */
export function CompareView({ a, b }: { readonly a: RunAnswer; readonly b: RunAnswer }) {
  const isHttp = [a, b].every(({ report }) => report.protocol?.kind === "http");
  const warning = planWarning(planDifferences(a.report, b.report, WRITER));
  return (
    <>
      <section class="panel">
        <h2>Two runs</h2>
        <ul class="compared">
          <Compared letter="A" run={a} />
          <Compared letter="B" run={b} />
        </ul>
        {warning !== undefined && (
          <p class="differing">
            <Foreign text={sentence(warning)} />
          </p>
        )}
        <Scrolled name="Numbers of the two runs">
          <table class="data compare">
            <colgroup>
              <col />
              <col span={3} />
            </colgroup>
            <thead>
              <tr>
                <th scope="col" class="left">
                  <span class="unseen">What</span>
                </th>
                <th scope="col">A</th>
                <th scope="col">B</th>
                <th scope="col">B compared to A</th>
              </tr>
            </thead>
            <tbody>
              {compareRuns(a, b).map((each) => (
                <tr key={each.name} class={each.verdict === "planned" ? "planned" : ""}>
                  <th scope="row" class="left">
                    {each.name[0]?.toUpperCase() + each.name.slice(1)}
                  </th>
                  <td>{each.a === null ? "–" : WRITTEN[each.unit](each.a)}</td>
                  <td>{each.b === null ? "–" : WRITTEN[each.unit](each.b)}</td>
                  <td>
                    <Change {...each} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolled>
        <p class="note">{COMPARISON_NOTE}</p>
      </section>
      <RunCharts
        id={`compare-${a.id}-${b.id}`}
        runs={[a.series, b.series]}
        specs={compareSpecs([a.series, b.series], isHttp)}
      />
    </>
  );
}

/** A run's line in the charts, its id and its outcome. */
function Compared({ letter, run }: { readonly letter: string; readonly run: RunAnswer }) {
  return (
    <li>
      <span class={`swatch ${letter === "A" ? "tone-accent" : "tone-ink dashed"}`} aria-hidden="true" />
      <strong>{letter}</strong>
      <a href={`#/runs/${encodeURIComponent(run.id)}`}>
        run <Foreign text={run.id} />
      </a>
      <Outcome outcome={outcomeOf(run.report)} />
      <span class="note">
        <Foreign text={run.report.target} />, <Moment ms={run.startedAt} />
      </span>
      <span class="note plan">
        <Foreign text={planText(run.report, WRITER)} />
      </span>
    </li>
  );
}

/** The difference, and in words whether it is significant and better: a colour alone would not say it. */
function Change({ change, verdict, words }: Difference) {
  if (verdict === null) return <>–</>;
  if (verdict === "same") return <span class="note">{words}</span>;
  if (verdict === "planned") return <span class="note">{words}</span>;
  const tone = verdict === "within scatter" ? "note" : words.includes("better") ? "better" : "worse";
  return (
    <span class={tone}>
      {change === null ? "new" : percentOf(change)}, {words}
    </span>
  );
}

function percentOf(share: number): string {
  const size = Math.abs(share * 100);
  return `${share > 0 ? "+" : "−"}${size.toFixed(size < 10 ? 1 : 0)} %`;
}
