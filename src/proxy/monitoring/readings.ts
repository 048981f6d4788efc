import type { Server } from "../../net/mod.ts";
import { inProgressAt, Place, PROXY_COUNTS, type Slots, slotStart } from "../counts.ts";

/** The counters of one service, over all event loops and listeners. `other` is whatever belongs to no service. */
export interface ServiceReading {
  readonly service: string;
  readonly inProgress: number;
  /** Laid out as `Place` says. */
  readonly row: Float64Array;
}

const ROW_LENGTH = slotStart(1);

/** Adds the rows of all event loops up, service by service. Costs a hundred additions for each service and event loop. */
export function readServices(servers: readonly Server[], slots: Slots): ServiceReading[] {
  const rows = servers.flatMap((server) => [...server.handlerRows()]);
  return [["other", 0] as const, ...slots.entries()].map(([service, slot]) => {
    const row = new Float64Array(ROW_LENGTH);
    let inProgress = 0;
    for (const each of rows) {
      if (each.length < PROXY_COUNTS.counters) continue;
      const start = slotStart(slot);
      for (let i = 0; i < ROW_LENGTH; i++) row[i]! += each[start + i]!;
      inProgress += each[inProgressAt(slot)]!;
    }
    return { service, inProgress, row };
  });
}

/** Returns the sum over methods and status classes. */
export function requestsOf(row: Float64Array): number {
  let sum = 0;
  for (let at = Place.requests; at < Place.outcomes; at++) sum += row[at]!;
  return sum;
}
