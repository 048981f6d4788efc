import type { StatusCell, StatusLook, StatusTable } from "../../part/mod.ts";
import type { State } from "../health/mod.ts";
import type { ProbeView } from "./view.ts";

const TONES: Partial<Record<State, "good" | "warning" | "bad">> = {
  up: "good",
  degraded: "warning",
  starting: "warning",
  down: "bad",
};

/**
 * ```text
 * probed  state   answer  why
 * git        up    12 ms
 * cache    down        -  nothing listens on 10.0.0.7:6379: is it running?
 * ```
 */
export function probeTables({ view }: StatusLook<ProbeView>): StatusTable[] {
  if (view.services.length === 0) return [];
  return [
    {
      columns: [
        { title: "probed" },
        { title: "state" },
        { title: "answer", align: "right", dropOrder: 2 },
        { title: "version", dropOrder: 1 },
        { title: "why" },
      ],
      rows: view.services.map(({ service, state, latencyMs, version, reason }) => [
        service,
        stateCell(state),
        latencyMs === null || state === "down" ? "-" : `${latencyMs.toFixed(latencyMs < 10 ? 1 : 0)} ms`,
        version ?? "",
        reason ?? "",
      ]),
    },
  ];
}

function stateCell(state: State): StatusCell {
  const tone = TONES[state];
  return tone === undefined ? state : { text: state, tone };
}
