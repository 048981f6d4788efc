import { TenkError } from "../base/mod.ts";
import type { Protocol } from "./loop/mod.ts";
import { isMessageDue, type LoadPlan, namesRate, preflight } from "./plan/mod.ts";
import type { Report, Verdict } from "./report.ts";
import { type RunOptions, runLoad } from "./run.ts";

/** One run of a search. */
export interface LimitStep {
  /** The rate per second, or the number of connections. */
  readonly value: number;
  readonly pass: boolean;
  readonly perSecondSent: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly generatorSaturated: boolean;
  /** What broke. */
  readonly reason: string;
}

/** Where the expectations stop holding. */
export interface Limit {
  readonly vary: "rate" | "connections";
  /** The highest value at which every expectation held; 0 where none did. */
  readonly knee: number;
  /** The lowest value at which one broke; null where none did. */
  readonly brokenAt: number | null;
  /** What was the limit: the target, this generator, or this machine (ports, descriptors, memory). */
  readonly limitedBy: "target" | "generator" | "machine" | "none";
  /** Every run, in order of its value. */
  readonly curve: readonly LimitStep[];
}

export interface FindLimitOptions extends RunOptions {
  /** What to raise. @default {"rate", or "connections" where the plan has no rate} */
  vary?: Limit["vary"];
  /** How much each step is above the one before, until one breaks. @default {2} */
  factor?: number;
  /** How close the knee is searched, as a part of it. @default {0.05} */
  precision?: number;
  /** Runs at most. @default {20} */
  maxSteps?: number;
  /** Rest between two runs, for the target to settle. @default {500} */
  pauseMs?: number;
  onStep?: (step: LimitStep) => void;
}

/** Runs the plan at one value. The search itself does not know how. */
export type Trial = (value: number) => Promise<{ pass: boolean; report: Report } | "machine" | "stopped">;

/**
 * Raises the load until an expectation breaks, then halves the gap until the knee is known to `precision`. Each step is a
 * whole run of the plan. If the plan's own load breaks already, goes down first.
 *
 * @returns the report of the highest run that passed (of the last where none did), and the limit; the verdict is on the search:
 *   where the target's limit was not found, it is no pass
 * @throws {TenkError} `usage` when there is nothing to vary; else what `runLoad` throws
 */
export async function findLimit<Plan extends LoadPlan>(
  protocol: Protocol<Plan>,
  plan: Plan,
  options: FindLimitOptions = {},
): Promise<Report & { limit: Limit }> {
  const hasRate = plan.pace === "per-connection" || plan.pace === "total";
  const { vary = hasRate ? "rate" : "connections", pauseMs = 500, onStep, ...run } = options;
  if (vary === "rate" && !hasRate) refuse("there is no rate to raise", "give -r, the rate to begin with");
  if (vary === "rate" && namesRate(plan.shape)) {
    refuse(`shape "${plan.shape}" sets the rate`, "leave out the shape's rates and give -r or --total-rate");
  }
  const start = vary === "connections" ? plan.connections : (plan.totalRate ?? plan.ratePerConnection)!;
  const reports = new Map<number, Report>();
  const steps: LimitStep[] = [];
  const trial: Trial = async (value) => {
    const changed = planAt(plan, vary, value);
    if (run.agents === undefined && preflight(changed).refusals.length > 0) return "machine";
    if (steps.length > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const report = await fitting(runLoad(protocol, changed, run), steps.length > 0);
    if (report === undefined) return "machine";
    reports.set(value, report);
    const step = stepOf(value, report);
    steps.push(step);
    onStep?.(step);
    if (report.endedBy === "stopped" && Number.isFinite(plan.durationMs)) return "stopped";
    return { pass: report.verdict.pass, report };
  };
  // A run that sends nothing proves nothing, so there is no knee that low.
  const mayTry = (value: number) => isMessageDue(planAt(plan, vary, value));
  const found = await search(trial, start, { ...options, whole: vary === "connections", mayTry });
  const broken = found.brokenAt === null ? undefined : reports.get(found.brokenAt);
  const report = reports.get(found.knee) ?? [...reports.values()].at(-1);
  if (report === undefined) return refuse("this machine cannot even begin", "see the preflight's refusals");
  const limitedBy = found.byMachine ? "machine" : broken === undefined ? "none" : limitOf(broken);
  const curve = steps.toSorted((a, b) => a.value - b.value);
  const limit: Limit = { vary, knee: found.knee, brokenAt: found.brokenAt, limitedBy, curve };
  if (found.isStopped || options.signal?.aborted) {
    const verdict = { ...report.verdict, pass: false, reason: "the search was stopped before its end" };
    return { ...report, endedBy: "stopped", verdict, limit };
  }
  return { ...report, verdict: verdictOn(limit, report, broken), limit };
}

/** If the target never reached its limit, the search proves only that it carries this much. */
export function verdictOn(
  { knee, brokenAt, limitedBy }: Limit,
  { verdict }: Report,
  broken: Report | undefined,
): Verdict {
  if (knee === 0 || limitedBy === "target") return verdict;
  const why = {
    generator: `at ${brokenAt} this generator was the limit (${broken?.generator.saturation.join(", ")})`,
    machine: `this machine cannot carry ${brokenAt}`,
    none: "every run passed",
  }[limitedBy];
  return { ...verdict, pass: false, reason: `the limit of the target was not found: it carries ${knee}, and ${why}` };
}

/**
 * The search without its subject: doubles (by `factor`) until `trial` fails, then bisects. Pure but for the trial.
 *
 * @returns the highest value that passed (0 = none) and the lowest that did not (null = none)
 */
export async function search(
  trial: Trial,
  start: number,
  options: {
    factor?: number;
    precision?: number;
    maxSteps?: number;
    whole?: boolean;
    signal?: AbortSignal;
    /** Ends the search at a value for which it returns false. @default {everything may be tried} */
    mayTry?: (value: number) => boolean;
  },
): Promise<{ knee: number; brokenAt: number | null; byMachine: boolean; isStopped: boolean }> {
  const { factor = 2, precision = 0.05, maxSteps = 20, whole = false, signal, mayTry = () => true } = options;
  let knee = 0;
  let brokenAt: number | null = null;
  let byMachine = false;
  let isStopped = false;
  let value = start;
  for (let step = 0; step < maxSteps && !signal?.aborted; step++) {
    const outcome = await trial(value);
    // A run that was stopped by hand proves nothing about its value.
    isStopped = outcome === "stopped" || (signal?.aborted ?? false);
    if (isStopped) break;
    if (typeof outcome !== "string" && outcome.pass) {
      knee = value;
    } else {
      brokenAt = value;
      byMachine = outcome === "machine";
    }
    if (brokenAt === null) value = knee * factor;
    else value = knee === 0 ? brokenAt / factor : knee + (brokenAt - knee) / 2;
    if (whole) value = Math.round(value);
    if (
      brokenAt !== null &&
      knee > 0 &&
      (brokenAt - knee <= knee * precision || value === knee || value === brokenAt)
    ) {
      break;
    }
    if (value < (whole ? 1 : 0.001) || !mayTry(value)) break;
  }
  return { knee, brokenAt, byMachine, isStopped };
}

/** Returns undefined where an agent's machine cannot carry the run; that the first does not fit is an error. */
async function fitting(run: Promise<Report>, mayFail: boolean): Promise<Report | undefined> {
  try {
    return await run;
  } catch (error) {
    if (mayFail && error instanceof TenkError && error.code === "unsupported") return undefined;
    throw error;
  }
}

function planAt<Plan extends LoadPlan>(plan: Plan, vary: Limit["vary"], value: number): Plan {
  if (vary === "connections") return { ...plan, connections: value };
  return plan.totalRate === undefined ? { ...plan, ratePerConnection: value } : { ...plan, totalRate: value };
}

function stepOf(value: number, report: Report): LimitStep {
  const { p50, p99 } = report.latencyUs.message;
  return {
    value,
    pass: report.verdict.pass,
    perSecondSent: report.messages.perSecondSent,
    p50Us: p50,
    p99Us: p99,
    generatorSaturated: report.generator.saturated,
    reason: report.verdict.reason,
  };
}

function limitOf(broken: Report): Limit["limitedBy"] {
  return broken.generator.saturated ? "generator" : "target";
}

function refuse(what: string, hint: string): never {
  throw new TenkError("usage", `Cannot search for the limit: ${what}`, { hint });
}
