import { formatAge } from "../../base/mod.ts";
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
 * service  state  for  answer  uptime   why
 * git         up   3d   12 ms  99.98 %
 * cache     down  46m       -  97.1 %   nothing listens on 10.0.0.7:6379: is it running?
 * ```
 */
export function probeTables({ view, atMs, recent }: StatusLook<ProbeView>): StatusTable[] {
  if (view.services.length === 0) return [];
  const curves = view.services.map(({ service }) => recent?.("probe_duration_seconds", { service }) ?? []);
  const hasCurves = curves.some(({ length }) => length > 1);
  return [
    {
      columns: [
        { title: "service" },
        { title: "state" },
        { title: "for", align: "right", dropOrder: 4 },
        { title: "answer", align: "right", dropOrder: 5 },
        ...(hasCurves ? [{ title: "30 minutes", dropOrder: 2 }] : []),
        { title: "90 days", align: "right", dropOrder: 3 },
        { title: "version", dropOrder: 1 },
        { title: "why" },
      ],
      rows: view.services.map(({ service, state, sinceMs, latencyMs, version, reason, uptime }, at) => [
        service,
        stateCell(state),
        formatAge(atMs - sinceMs),
        latencyMs === null || state === "down" ? "-" : `${latencyMs.toFixed(latencyMs < 10 ? 1 : 0)} ms`,
        ...(hasCurves ? [{ curve: curves[at]! }] : []),
        shareText(uptime?.quarter ?? null),
        version ?? "",
        reason ?? "",
      ]),
    },
  ];
}

/** Never rounded up to a whole: 99.99 % is not 100 %. */
function shareText(share: number | null): string {
  if (share === null) return "-";
  const percent = Math.floor(share * 10_000) / 100;
  return `${share < 1 && percent >= 99 ? percent.toFixed(2) : Number(percent.toFixed(1))}%`;
}

function stateCell(state: State): StatusCell {
  const tone = TONES[state];
  return tone === undefined ? state : { text: state, tone };
}
