import { useEffect, useState } from "preact/hooks";
import type { RunAnswer, RunLine, RunsAnswer } from "../../run.ts";
import { planText } from "../../run-plan.ts";
import { useCell } from "../cell.ts";
import { ask, ClientError } from "../client.ts";
import { type Column, DataTable } from "../data-table.tsx";
import { Copied, Empty, Foreign, Moment, Outcome, RunId, sentence } from "../elements.tsx";
import { grouped, moment, seconds, written } from "../format.ts";
import { reconnects, run } from "../instance.ts";
import { OwnProblem } from "../own-problem.tsx";
import { CompareView } from "./compare.tsx";
import { LiveRunView } from "./live-run.tsx";
import { OneRun } from "./one-run.tsx";
import { WRITER } from "./plan.ts";

/** `#/runs`, `#/runs/ID` or `#/runs/ID/ID`. */
export function RunsView({ ids }: { readonly ids: readonly string[] }) {
  if (ids.length === 0) return <RunList />;
  return (
    <>
      <p class="toolbar">
        <a href="#/runs">← all runs</a>
      </p>
      <Chosen key={ids.join("/")} ids={ids} />
    </>
  );
}

function Chosen({ ids }: { readonly ids: readonly string[] }) {
  const [answers, setAnswers] = useState<readonly RunAnswer[]>();
  const [error, setError] = useState<ClientError>();
  const reconnected = useCell(reconnects);
  useEffect(() => {
    if (answers !== undefined) return;
    setError(undefined);
    const all = ids.slice(0, 2).map((id) => ask<RunAnswer>(`/api/runs/${encodeURIComponent(id)}`));
    Promise.all(all).then(setAnswers, (thrown) => {
      if (thrown instanceof ClientError) setError(thrown);
    });
  }, [ids, reconnected]);
  if (error !== undefined) return <OwnProblem error={error} />;
  const [a, b] = answers ?? [];
  if (a === undefined) return <p class="note">Loading …</p>;
  if (b !== undefined) return <CompareView a={a} b={b} />;
  return <OneRun answer={a} />;
}

function RunList() {
  const running = useCell(run);
  const [runs, setRuns] = useState<readonly RunLine[]>();
  const [error, setError] = useState<ClientError>();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  // Loaded again when a run ends, which adds one.
  const liveId = running?.now.id;
  const reconnected = useCell(reconnects);
  useEffect(() => {
    ask<RunsAnswer>("/api/runs").then(
      (answer) => {
        setRuns(answer.runs);
        setError(undefined);
      },
      (thrown) => {
        if (thrown instanceof ClientError) setError(thrown);
      },
    );
  }, [liveId, reconnected]);
  const choose = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id].slice(-2));
  return (
    <>
      <LiveRunView />
      <div class="toolbar">
        <h2>Past runs</h2>
        {chosen.length === 2 ? (
          <>
            <a class="button" href={`#/runs/${chosen.map(encodeURIComponent).join("/")}`}>
              Compare both
            </a>
            <span class="note">
              or <Copied text={`tenk runs compare ${chosen.join(" ")}`} name="the command" />
            </span>
          </>
        ) : (
          <p class="note">{hintOf(runs?.length, running !== undefined)}</p>
        )}
      </div>
      <OwnProblem error={error} />
      {runs?.length === 0 && running === undefined && (
        <Empty title="No run yet">
          Start one: <code>tenk load tcp HOST:PORT -c 10000{boxWords()}</code>. It appears here while it runs.
        </Empty>
      )}
      {runs !== undefined && runs.length > 0 && <RunTable runs={runs} chosen={chosen} choose={choose} />}
    </>
  );
}

function hintOf(count: number | undefined, isRunning: boolean): string {
  if (count === 0 && isRunning) return "None yet.";
  return count === undefined || count < 2 ? "" : "Select two runs to compare them.";
}

interface TableProps {
  readonly runs: readonly RunLine[];
  readonly chosen: readonly string[];
  choose(id: string): void;
}

const COLUMNS: readonly Column[] = [
  { title: "Compare", isText: true, isUnseen: true },
  { title: "Run", isText: true },
  { title: "Started", isText: true },
  { title: "Target", isText: true },
  { title: "Verdict", isText: true },
  { title: "Connections" },
  { title: "Sent" },
  { title: "p99" },
  { title: "Duration" },
];

function RunTable({ runs, chosen, choose }: TableProps) {
  return (
    <DataTable class="stacked picked" name="Past runs" columns={COLUMNS}>
      {runs.map((each) => (
        <tr key={each.id} class={chosen.includes(each.id) ? "chosen" : ""}>
          <td class="left pick">
            <input
              type="checkbox"
              checked={chosen.includes(each.id)}
              aria-label={`compare run ${each.id} of ${moment(each.startedAt)}`}
              onChange={() => choose(each.id)}
            />
          </td>
          <td class="left id">
            <RunId id={each.id} />
          </td>
          <th scope="row" class="left name">
            <a href={`#/runs/${encodeURIComponent(each.id)}`}>
              <Moment ms={each.startedAt} />
            </a>
          </th>
          <td class="left target">
            <Foreign text={each.target} />
            {each.plan !== undefined && (
              <p class="note plan">
                <Foreign text={planText({ plan: each.plan }, WRITER)} />
              </p>
            )}
          </td>
          <td class="left verdict-cell">
            <Outcome outcome={each.verdict} />
            {each.verdict !== "pass" && each.reason !== undefined && (
              <p class="note reason">
                <Foreign text={sentence(each.reason)} />
              </p>
            )}
          </td>
          <td data-name="Connections">{grouped(each.connections)}</td>
          <td data-name="Sent">{written(each.perSecondSent, "perSecond")}</td>
          <td data-name="p99">{each.p99Us > 0 ? seconds(each.p99Us / 1e6) : "–"}</td>
          <td data-name="Duration">{seconds(each.durationMs / 1000)}</td>
        </tr>
      ))}
    </DataTable>
  );
}

/** The option that makes a load test report here, where its default would not. */
function boxWords(): string {
  const here = new URL(".", location.href).href.replace(/#.*/, "");
  return /^http:\/\/(127\.0\.0\.1|localhost):9190\/$/.test(here) ? "" : ` --stats-url ${here}`;
}
