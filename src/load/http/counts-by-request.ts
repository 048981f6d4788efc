import type { RequestReport } from "../report.ts";
import { BUCKETS, bucketOf, quantileUs } from "./latency-buckets.ts";

const STATUSES = 600;

/** Names of these counts, in front of that of the request. */
const PREFIX = "request ";

/** What came of requests of one name. */
interface OfRequest {
  sent: number;
  errors: number;
  readonly statuses: Float64Array;
  readonly latencies: Float64Array;
}

/** What one event loop counts of each kind of request, where there are several: 9 KB a kind. */
export class CountsByRequest {
  readonly #names: readonly string[];
  readonly #kinds: OfRequest[] = [];

  /** @param names of the kinds; more may be appended later */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  sent(kind: number): void {
    this.#of(kind).sent += 1;
  }

  /** @param servedUs from its sending to its whole answer; negative = it was not timed */
  answered(kind: number, status: number, servedUs: number): void {
    const { statuses, latencies } = this.#of(kind);
    statuses[status]! += 1;
    if (servedUs >= 0) latencies[bucketOf(servedUs)]! += 1;
  }

  failed(kind: number): void {
    this.#of(kind).errors += 1;
  }

  /** Adds them to counts by name. @param withLatencies the run is over: before, nobody reads these some hundred numbers */
  read(into: Record<string, number>, withLatencies: boolean): void {
    for (const [kind, { sent, errors, statuses, latencies }] of this.#kinds.entries()) {
      const name = this.#names[kind]!;
      into[`${PREFIX}sent ${name}`] = sent;
      into[`${PREFIX}errors ${name}`] = errors;
      for (const [status, count] of statuses.entries()) if (count > 0) into[`${PREFIX}status${status} ${name}`] = count;
      if (!withLatencies) continue;
      for (const [bucket, count] of latencies.entries()) if (count > 0) into[`${PREFIX}took${bucket} ${name}`] = count;
    }
  }

  #of(kind: number): OfRequest {
    for (let next = this.#kinds.length; next <= kind; next++) {
      this.#kinds.push({
        sent: 0,
        errors: 0,
        statuses: new Float64Array(STATUSES),
        latencies: new Float64Array(BUCKETS),
      });
    }
    return this.#kinds[kind]!;
  }
}

/** Makes the rows of a report from counts that were added up over event loops, in the order of the first event loop's names. */
export function requestRows(sums: Readonly<Record<string, number>>): RequestReport[] {
  const rows = new Map<string, { sent: number; errors: number; status: Record<string, number>; took: Float64Array }>();
  for (const [key, count] of Object.entries(sums)) {
    const [, field = "", place, name] = /^request (sent|errors|status|took)(\d*) (.*)$/s.exec(key) ?? [];
    if (name === undefined) continue;
    const row = rows.get(name) ?? { sent: 0, errors: 0, status: {}, took: new Float64Array(BUCKETS) };
    rows.set(name, row);
    if (field === "status") row.status[place!] = count;
    else if (field === "took") row.took[Number(place)] = count;
    else row[field as "sent" | "errors"] = count;
  }
  return [...rows].map(([name, { took, ...row }]) => {
    const at = (percent: number) => quantileUs(took, percent);
    const count = took.reduce((sum, each) => sum + each, 0);
    return { name, ...row, latencyUs: { p50: at(50), p90: at(90), p99: at(99), count } };
  });
}
