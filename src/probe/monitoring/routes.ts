import { TenkError } from "../../base/mod.ts";
import type { JsonRoutes, WebPorts } from "../../part/mod.ts";
import { type Answer, dayText, type ProbeHistory, SHOWN_DAYS, type StateChange } from "../history/mod.ts";
import { type ProbedServiceView, type ShownService, serviceView } from "./view.ts";

/** `GET /api/probe/service?name=git` */
export interface ServiceAnswer {
  readonly view: ProbedServiceView;
  /** Newest first, at most 500. */
  readonly changes: readonly StateChange[];
  /** 90, oldest first. */
  readonly days: readonly ServiceDay[];
  /** The last 50, newest first. */
  readonly answers: readonly Answer[];
}

/** A day, and the time in each state. */
export interface ServiceDay {
  /** `2026-11-30` */
  readonly day: string;
  readonly upMs: number;
  readonly degradedMs: number;
  readonly downMs: number;
  readonly unknownMs: number;
  readonly maintenanceMs: number;
}

const MAX_CHANGES = 500;

/** `/api/probe/service`: one service with its changes, its days and its last answers. */
export function probeRoutes(
  shown: () => readonly ShownService[],
  history: ProbeHistory,
  ports: () => WebPorts,
): JsonRoutes {
  return {
    service: {
      get(query): ServiceAnswer {
        const name = query.get("name") ?? "";
        const found = shown().find(({ probed }) => probed.name === name);
        if (found === undefined) throw new TenkError("not-found", `No service ${JSON.stringify(name)} is probed`);
        const { changes, answers } = history.record(name);
        return {
          view: serviceView(found, history, ports()),
          changes: changes.slice(-MAX_CHANGES).reverse(),
          days: daysOf(name, history),
          answers: answers.newestFirst(),
        };
      },
    },
  };
}

function daysOf(name: string, history: ProbeHistory): ServiceDay[] {
  const { days } = history.record(name);
  const first = history.today.day - SHOWN_DAYS + 1;
  return Array.from({ length: SHOWN_DAYS }, (_, at) => {
    const [upMs, degradedMs, downMs, unknownMs, maintenanceMs] = days.times(first + at);
    return { day: dayText(first + at), upMs, degradedMs, downMs, unknownMs, maintenanceMs };
  });
}
