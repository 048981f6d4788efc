import type { Mark } from "../../part/mod.ts";
import type { ServiceRecord, StateChange } from "./service-record.ts";

/** In one answer. */
const MAX_MARKS = 200;
const MAX_REASON_CHARS = 160;

/** Returns the changes of state of all services in a stretch of time, for charts to mark; of too many the newest. */
export function stateMarks(records: Iterable<ServiceRecord>, fromMs: number, toMs: number): Mark[] {
  const marks: Mark[] = [];
  for (const { name, changes } of records) {
    for (const change of changes) {
      if (change.atMs >= fromMs && change.atMs <= toMs && isNews(change)) marks.push(markOf(name, change));
    }
  }
  return marks.sort((one, other) => one.atMs - other.atMs).slice(-MAX_MARKS);
}

/** A service that is found well after a start is none, nor what only follows from another service. */
function isNews({ from, to }: StateChange): boolean {
  if (to === "unknown" || to === "pending" || to === "starting") return false;
  return to !== "up" || (from !== "pending" && from !== "unknown" && from !== "starting");
}

function markOf(name: string, { atMs, to, reason }: StateChange): Mark {
  const words = to === "maintenance" ? "in maintenance" : to;
  const why = reason === null || to === "up" ? "" : `: ${reason.slice(0, MAX_REASON_CHARS)}`;
  return { atMs, kind: "state", text: `${name} is ${words}${why}` };
}
