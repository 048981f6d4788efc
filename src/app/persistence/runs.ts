import { z } from "zod";
import { outcomeOf, type RunReport } from "../../dash/mod.ts";
import type { Json, Run, Store } from "../../store/mod.ts";

/** A load test in a list. */
export interface RunLine {
  readonly id: string;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly target: string;
  /** `pass`, `fail`, `stopped` or `not found`. */
  readonly verdict: string;
  readonly reason: string;
  /** As in the report; runs of older versions have none. */
  readonly plan?: RunReport["plan"];
  readonly connections: number;
  readonly perSecondSent: number;
  readonly p99Us: number;
  readonly durationMs: number;
}

/** The course of a run: times since its begin, and a value of every column for each. */
export interface RunSeries {
  readonly elapsedMs: readonly number[];
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

/** A load test that has ended, as `tenk load` posts it. */
export interface FinishedRun {
  readonly startedAt: number;
  readonly report: Json;
  readonly series: RunSeries;
}

/** The fields of a report that a list needs; others are kept unchecked. */
const REPORT = z.looseObject({
  target: z.string().max(1000),
  plan: z.looseObject({ connections: z.number() }),
  connections: z.looseObject({ peak: z.number() }),
  messages: z.looseObject({ perSecondSent: z.number() }),
  latencyUs: z.looseObject({ message: z.looseObject({ p99: z.number() }) }),
  timing: z.looseObject({ connectMs: z.number(), sendMs: z.number(), drainMs: z.number() }),
  verdict: z.looseObject({
    pass: z.boolean(),
    reason: z.string().max(10_000),
    checks: z.array(z.looseObject({ pass: z.boolean() })).default([]),
  }),
  endedBy: z.string().nullable().default(null),
  limit: z.looseObject({ knee: z.number() }).optional(),
});

/** The fields of a plan that a list shows. */
const PLAN = z.object({
  connections: z.number(),
  ratePerConnection: z.number(),
  connectRate: z.number().nullable(),
  durationMs: z.number().nullable(),
  totalRate: z.number(),
  shape: z.string().max(200),
  workers: z.number(),
  message: z.string().max(200).nullable().optional(),
  messageBytes: z.number().optional(),
});

/** A report of another version may lack some fields; then the list has no plan. */
function planOf(plan: unknown): Pick<RunLine, "plan"> {
  const { data } = PLAN.safeParse(plan);
  return data === undefined ? {} : { plan: data as NonNullable<RunLine["plan"]> };
}

const FINISHED = z.strictObject({
  startedAt: z.number().min(0).max(8.64e15),
  report: REPORT,
  series: z.strictObject({
    elapsedMs: z.array(z.number()).max(4000),
    columns: z.record(z.string().max(100), z.array(z.number().nullable()).max(4000)),
  }),
});

/** @returns undefined when the value is no finished run */
export function readFinishedRun(value: unknown): FinishedRun | undefined {
  // The value as it came, since parsing would change the order of the report's keys.
  return FINISHED.safeParse(value).success ? (value as FinishedRun) : undefined;
}

/** The kept load tests: in a store, or in memory when the store cannot write. */
export class Runs {
  readonly #store: Pick<Store, "runs"> | undefined;
  /** Runs that could not be written, the newest first. */
  #unwritten: (FinishedRun & { id: string })[] = [];
  #next = 1;

  constructor(store: Pick<Store, "runs"> | undefined) {
    this.#store = store;
  }

  /** @returns its id: a number, or `m1` when it is in memory only */
  async add(run: FinishedRun): Promise<string> {
    const id = await this.#store?.runs.add(storedRun(run));
    if (id !== undefined) return String(id);
    const own = `m${this.#next++}`;
    this.#unwritten = [{ ...run, id: own }, ...this.#unwritten].slice(0, 20);
    return own;
  }

  /** Newest first. */
  async list(limit = 100): Promise<RunLine[]> {
    const stored = (await this.#store?.runs.list(limit)) ?? [];
    const lines = stored.map(({ id, startedMs, summary }) => ({
      id: String(id),
      startedAt: startedMs,
      ...(summary as unknown as Omit<RunLine, "id" | "startedAt">),
    }));
    const own = this.#unwritten.map(({ id, ...run }) => ({ id, startedAt: run.startedAt, ...summaryOf(run) }));
    return [...own, ...lines].sort((a, b) => b.startedAt - a.startedAt).slice(0, limit);
  }

  async get(id: string): Promise<(FinishedRun & { readonly id: string }) | undefined> {
    const own = this.#unwritten.find((run) => run.id === id);
    if (own !== undefined || !/^\d{1,15}$/.test(id)) return own;
    const stored = await this.#store?.runs.get(Number(id));
    if (stored === undefined) return undefined;
    const { startedMs, report, series } = stored;
    return { id, startedAt: startedMs, report, series: { elapsedMs: series.t, columns: series.lines } };
  }
}

function storedRun(run: FinishedRun): Run {
  const { startedAt, report, series } = run;
  return {
    startedMs: startedAt,
    summary: summaryOf(run) as unknown as Json,
    report,
    series: { t: series.elapsedMs, lines: series.columns },
  };
}

function summaryOf({ report }: Pick<FinishedRun, "report">): Omit<RunLine, "id" | "startedAt"> {
  const { target, plan, connections, messages, latencyUs, timing, verdict, endedBy, limit } = REPORT.parse(report);
  const outcome = outcomeOf({ verdict, endedBy, limit });
  return {
    target,
    verdict: outcome === "failed" ? "fail" : outcome,
    reason: verdict.reason,
    connections: connections.peak,
    perSecondSent: messages.perSecondSent,
    p99Us: latencyUs.message.p99,
    durationMs: timing.connectMs + timing.sendMs + timing.drainMs,
    ...planOf(plan),
  };
}
