import type { RunAnswer, RunReport } from "../../run.ts";
import { bytes, grouped, seconds, type Unit, written } from "../format.ts";
import { Foreign, Moment, Scrolled, Verdict } from "../parts.tsx";
import { RunCharts } from "./charts.tsx";
import { COMPARE_SPECS } from "./source.ts";

type Row = readonly [
  what: string,
  pick: (report: RunReport) => number | null,
  text: (value: number) => string,
  better: "less" | "more" | "",
];

const us = (value: number) => seconds(value / 1e6);
const as = (unit: Unit) => (value: number) => written(value, unit);
const ROWS: readonly Row[] = [
  ["Connections at most", ({ connections }) => connections.peak, grouped, "more"],
  ["Failed or lost", ({ connections }) => connections.failed + connections.lost, grouped, "less"],
  ["Messages a second", ({ messages }) => messages.perSecondSent, as("perSecond"), "more"],
  ["Dropped", ({ messages }) => messages.dropped, grouped, "less"],
  ["Answer p50", ({ latencyUs }) => latencyUs.message.p50, us, "less"],
  ["Answer p99", ({ latencyUs }) => latencyUs.message.p99, us, "less"],
  ["Answer max", ({ latencyUs }) => latencyUs.message.max, us, "less"],
  ["Connect p99", ({ latencyUs }) => latencyUs.connect.p99, us, "less"],
  ["Processor of the target", ({ server }) => server?.cpuPercent ?? null, as("percent"), "less"],
  ["Memory of the target", ({ server }) => server?.rssBytes ?? null, bytes, "less"],
  ["A message costs the generator", ({ generator }) => generator.cpuUsPerMessage, us, "less"],
];

/** Two runs: their numbers side by side, their courses laid over each other. */
export function CompareView({ a, b }: { readonly a: RunAnswer; readonly b: RunAnswer }) {
  return (
    <>
      <section class="panel">
        <h2>Two runs</h2>
        <ul class="compared">
          <Compared letter="A" run={a} />
          <Compared letter="B" run={b} />
        </ul>
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
                <th scope="col">B against A</th>
              </tr>
            </thead>
            <tbody>
              {ROWS.map(([what, pick, text, better]) => {
                const [first, second] = [pick(a.report), pick(b.report)];
                return (
                  <tr key={what}>
                    <th scope="row" class="left">
                      {what}
                    </th>
                    <td>{first === null ? "–" : text(first)}</td>
                    <td>{second === null ? "–" : text(second)}</td>
                    <td>
                      <Change first={first} second={second} better={better} />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Scrolled>
      </section>
      <RunCharts id={`compare-${a.id}-${b.id}`} runs={[a.series, b.series]} specs={COMPARE_SPECS} />
    </>
  );
}

/** Which of the two lines a run is, and how it is called elsewhere. */
function Compared({ letter, run }: { readonly letter: string; readonly run: RunAnswer }) {
  return (
    <li>
      <span class={`swatch ${letter === "A" ? "tone-accent" : "tone-ink dashed"}`} aria-hidden="true" />
      <strong>{letter}</strong>
      <a href={`#/runs/${encodeURIComponent(run.id)}`}>
        run <Foreign text={run.id} />
      </a>
      <Verdict isPass={run.report.verdict.pass} />
      <span class="note">
        <Foreign text={run.report.target} />, <Moment ms={run.startedAt} />
      </span>
    </li>
  );
}

/** How much more or less, and in words whether that is good: a colour alone would not say it. */
function Change({ first, second, better }: { first: number | null; second: number | null; better: Row[3] }) {
  if (first === null || second === null || (first === 0 && second === 0)) return <>–</>;
  if (first === 0) return <span class="raised">new</span>;
  const share = (second - first) / first;
  if (Math.abs(share) < 0.005) return <span class="note">the same</span>;
  const isBetter = better === "less" ? share < 0 : share > 0;
  const text = `${share > 0 ? "+" : "−"}${Math.abs(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
  return (
    <span class={isBetter ? "better" : "worse"}>
      {text} {isBetter ? "better" : "worse"}
    </span>
  );
}
