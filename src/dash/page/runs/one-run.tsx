import { useState } from "preact/hooks";
import type { RunAnswer } from "../../run.ts";
import { RunCharts } from "./charts.tsx";
import { ReportView } from "./report.tsx";
import { runSpecs } from "./source.ts";

/** A finished run: its report, then its course. */
export function OneRun({ answer }: { readonly answer: RunAnswer }) {
  const [runs] = useState(() => [answer.series]);
  return (
    <>
      <ReportView
        id={answer.id === "file" ? undefined : answer.id}
        report={answer.report}
        startedAt={answer.startedAt}
      />
      <RunCharts
        id={`run-${answer.id}`}
        runs={runs}
        specs={runSpecs(answer.series, answer.report.protocol?.kind === "http")}
      />
    </>
  );
}
