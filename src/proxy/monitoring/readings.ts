import type { Server } from "../../net/mod.ts";
import {
  BROKEN_RULES,
  brokenRuleAt,
  inProgressAt,
  Place,
  PROXY_COUNTS,
  recentLatencyAt,
  type Slots,
  STATUSES,
  slotStart,
} from "../counts.ts";

/** The counters of one service, over all event loops and listeners. `other` is whatever belongs to no service. */
export interface ServiceReading {
  readonly service: string;
  readonly inProgress: number;
  /** Time to the head of recent answers, the mean over event loops that had requests; 0 before the first. */
  readonly recentLatencySeconds: number;
  /** Laid out as `Place` says. */
  readonly row: Float64Array;
}

const ROW_LENGTH = slotStart(1);

/** Adds the rows of all event loops up, service by service. Costs about 190 additions for each service and event loop. */
export function readServices(servers: readonly Server[], slots: Slots): ServiceReading[] {
  const rows = servers.flatMap((server) => [...server.handlerRows()]);
  return [["other", 0] as const, ...slots.entries()].map(([service, slot]) => {
    const row = new Float64Array(ROW_LENGTH);
    let inProgress = 0;
    const latencies: number[] = [];
    for (const each of rows) {
      if (each.length < PROXY_COUNTS.counters) continue;
      const start = slotStart(slot);
      for (let i = 0; i < ROW_LENGTH; i++) row[i]! += each[start + i]!;
      inProgress += each[inProgressAt(slot)]!;
      if (each[recentLatencyAt(slot)]! > 0) latencies.push(each[recentLatencyAt(slot)]!);
    }
    const sum = latencies.reduce((total, each) => total + each, 0);
    return { service, inProgress, recentLatencySeconds: latencies.length === 0 ? 0 : sum / latencies.length, row };
  });
}

/** Returns the sum over methods and status classes. */
export function requestsOf(row: Float64Array): number {
  let sum = 0;
  for (let at = Place.requests; at < Place.outcomes; at++) sum += row[at]!;
  return sum;
}

/** Returns how many requests ended with each status: `{"200": 1200, "503": 3}`. */
export function statusesOf(row: Float64Array): Record<string, number> {
  const counts = STATUSES.map((status, index) => [status, row[Place.statuses + index]!] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

export interface BrokenRule {
  readonly protocol: keyof typeof BROKEN_RULES;
  readonly reason: string;
  readonly count: number;
}

/** Returns how often clients' bytes were no request, or broke a limit of their protocol. */
export function readBrokenRules(servers: readonly Server[]): BrokenRule[] {
  const rows = servers.flatMap((server) => [...server.handlerRows()]);
  return (Object.keys(BROKEN_RULES) as (keyof typeof BROKEN_RULES)[]).flatMap((protocol) =>
    BROKEN_RULES[protocol].map((reason) => {
      const at = brokenRuleAt(protocol, reason);
      return { protocol, reason, count: rows.reduce((sum, row) => sum + (row[at] ?? 0), 0) };
    }),
  );
}
