import type { Histogram } from "hdr-histogram-js";
import { usableCores } from "../../limits/mod.ts";
import type { Tally } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { AgentReport, Report } from "../report.ts";
import type { AgentState, LoadState } from "../workers/mod.ts";
import { behindOf, byTargetOf, saturation } from "./saturation.ts";

/** What is known of one process that sent, over the sending phase. */
interface Generated {
  readonly tally: Tally;
  readonly lag: Histogram;
  readonly cpu: { readonly percent: number; readonly seconds: number };
  readonly sendMs: number;
  readonly idleCores: number | undefined;
  readonly rssBytes: number;
  readonly isCpuShared: boolean;
  /** Of its machine. @default {those of this machine} */
  readonly cores?: number;
  /** Messages that its CPU time is divided among. */
  readonly countedSent: number;
}

/** Without a rate it is meant to use a whole core, unless it waits for answers. */
function isCpuJudged({ pace, traffic }: LoadPlan): boolean {
  return pace !== "as-fast-as-possible" || traffic.isQueued === true;
}

/** Returns what sending cost, and whether the sender was the limit. */
export function generatorOf(plan: LoadPlan, generated: Generated): Report["generator"] {
  const { tally, lag, cpu, sendMs, idleCores, rssBytes, isCpuShared, countedSent } = generated;
  const { cores = usableCores() } = generated;
  const loopLagP99Us = lagP99Us(lag);
  const reasons = saturation({
    cpuPercent: isCpuJudged(plan) && !isCpuShared ? cpu.percent : 0,
    cpuOverMs: sendMs,
    idleCores,
    loopLagP99Us,
    // More event loops than cores have no more CPU.
    workers: plan.traffic.isQueued ? Math.min(plan.workers, cores) : plan.workers,
    behind: behindOf(tally),
    byTarget: byTargetOf(tally),
    planned: tally.planned,
    what: { http: "requests", dns: "queries" }[plan.traffic.kind] ?? "messages",
  });
  return {
    cpuPercent: cpu.percent,
    cpuUsPerMessage: perMessageUs(cpu.seconds, countedSent),
    rssBytes,
    loopLagP99Us,
    saturated: reasons.length > 0,
    saturation: reasons,
  };
}

/** Returns the sums of several machines; one that was the limit is named. */
export function generatorOfAgents(
  agents: readonly AgentState[],
  reports: readonly AgentReport[],
  { lag }: LoadState,
  countedSent: number,
): Report["generator"] {
  const sum = (of: (agent: AgentState) => number) => agents.reduce((total, agent) => total + of(agent), 0);
  const reasons = reports.flatMap(({ name, generator }) => generator.saturation.map((reason) => `${name}: ${reason}`));
  return {
    cpuPercent: sum(({ cpu }) => cpu.percent),
    cpuUsPerMessage: perMessageUs(
      sum(({ cpu }) => cpu.seconds),
      countedSent,
    ),
    rssBytes: sum(({ rssBytes }) => rssBytes),
    loopLagP99Us: lagP99Us(lag),
    saturated: reasons.length > 0,
    saturation: reasons,
  };
}

function lagP99Us(lag: Histogram): number {
  return lag.totalCount === 0 ? 0 : lag.getValueAtPercentile(99);
}

function perMessageUs(cpuSeconds: number, messages: number): number {
  return messages > 0 ? (cpuSeconds * 1e6) / messages : 0;
}
