import { openProcessReader } from "../metrics/mod.ts";
import type { Protocol, Tap } from "./loop/mod.ts";
import { type LoadPlan, rampUpMs } from "./plan/mod.ts";
import type { Report } from "./report.ts";
import {
  CpuMeter,
  IdleMeter,
  isIdleJudged,
  makeReport,
  type Result,
  SnapshotMaker,
  sentCounts,
  TargetStats,
} from "./result/mod.ts";
import type { LoadSnapshot, Phase } from "./snapshot.ts";
import { addressesOf } from "./target-addresses.ts";
import { type LoadWorkers, prepareLoadWorkers } from "./workers/mod.ts";

/** Steers a run from outside. Does nothing before the run began and after it ended; the next run begins at factor 1. */
export class LoadControl {
  #workers: LoadWorkers | undefined;
  #factor = 1;

  /** Ends the run before its time, with a full report. */
  stop(): void {
    this.#workers?.stop("stopped");
  }

  /** Multiplies the rate that is being planned, from now on; factors multiply: 2 twice is 4. */
  scaleRate(factor: number): void {
    if (this.#workers === undefined) return;
    this.#factor *= factor;
    this.#workers.scaleRate(this.#factor);
  }

  /** By how much the planned rate is multiplied now, or was when the run ended. */
  get rateFactor(): number {
    return this.#factor;
  }

  /** For the run. */
  attach(workers: LoadWorkers | undefined): void {
    this.#workers = workers;
    if (workers !== undefined) this.#factor = 1;
  }
}

export interface RunOptions {
  /** Called four times a second. */
  onSnapshot?: (snapshot: LoadSnapshot) => void;
  /** Ends the run as `control.stop()` does. */
  signal?: AbortSignal;
  control?: LoadControl;
  /** Sees what goes over the wire; costs a call for each message and chunk. One worker only. */
  tap?: Tap;
  /**
   * Runs on threads of its own even where one event loop is enough: this one is then free for others, such as the server that is
   * tested. Whose CPU time the process uses is then not known, so that it is not judged. @default {false}
   */
  isOnOwnThreads?: boolean;
  /** Of this tenk, for the report. */
  version?: string;
  /** Sent where the target's counters are read, if that is not this machine. */
  statsToken?: string;
  /** Other machines that run it instead of this one. */
  agents?: Agents;
}

/** Machines that share a run, each a part of its connections. */
export interface Agents {
  /** @throws {TenkError} where one of them cannot do its part */
  prepare(plan: LoadPlan): Promise<LoadWorkers>;
}

const SNAPSHOT_MS = 250;
const STATS_MS = 1000;

/**
 * Runs a load test to its end and reports. What happens to single connections is counted, never thrown.
 *
 * @throws {TenkError} `name-not-found`, `usage` for a tap with several workers, `unsupported` when a worker fails
 */
export async function runLoad<Plan extends LoadPlan>(
  protocol: Protocol<Plan>,
  plan: Plan,
  options: RunOptions = {},
): Promise<Report> {
  const { onSnapshot, signal, control = new LoadControl(), tap, statsToken, isOnOwnThreads = false, agents } = options;
  const lookupStartMs = performance.now();
  // Each agent has name servers of its own.
  const addresses = agents === undefined ? await addressesOf(plan) : undefined;
  const lookupMs = addresses === undefined ? undefined : performance.now() - lookupStartMs;
  const targetStats = new TargetStats(
    plan.statsUrl || "",
    plan.port ?? 0,
    plan.statsUrl === false ? undefined : protocol.target,
    statsToken,
  );
  await targetStats.start();
  const workers = await (agents?.prepare(plan) ??
    prepareLoadWorkers(protocol, plan, addresses, { tap, isOnOwnThreads }));
  const facts = {
    version: options.version,
    protocol: sectionOf(protocol, plan, lookupMs),
    isCpuShared: isOnOwnThreads,
  };
  const run = new Run(plan, workers, targetStats, facts, protocol.progress?.bind(protocol, plan));
  control.attach(workers);
  const stop = () => control.stop();
  signal?.addEventListener("abort", stop);
  const timers = [
    setInterval(() => run.hasBegun && onSnapshot?.(run.snapshot()), SNAPSHOT_MS),
    setInterval(() => void targetStats.sample(), STATS_MS),
  ];
  try {
    const ended = run.toItsEnd();
    if (signal?.aborted) stop();
    const report = await ended;
    await protocol.finished?.(plan, report);
    onSnapshot?.(run.snapshot());
    return report;
  } finally {
    for (const timer of timers) clearInterval(timer);
    signal?.removeEventListener("abort", stop);
    control.attach(undefined);
    workers.close();
    run.close();
  }
}

/** @param lookupMs how long the target's name was looked up, if it is one */
function sectionOf<Plan extends LoadPlan>(
  { report }: Protocol<Plan>,
  plan: Plan,
  lookupMs: number | undefined,
): Result["protocol"] {
  if (report === undefined) return undefined;
  return (result) => {
    if (lookupMs !== undefined) result.latencies.record("lookup", lookupMs * 1000);
    return report(plan, result);
  };
}

/** What a run passes on to its report as it is. */
type Facts = Pick<Result, "version" | "protocol" | "isCpuShared">;

/** One run, from the first connect to the report. */
class Run {
  readonly #plan: LoadPlan;
  readonly #workers: LoadWorkers;
  readonly #targetStats: TargetStats;
  readonly #process = openProcessReader();
  readonly #facts: Facts;
  hasBegun = false;
  #startedAt = Date.now();
  #startMs = performance.now();
  readonly #snapshots: SnapshotMaker;
  readonly #cpu = new CpuMeter();
  #sendStartMs = Number.POSITIVE_INFINITY;
  #sendEndMs = Number.POSITIVE_INFINITY;
  #phase: Phase = "connect";
  #rssBytes = 0;

  constructor(
    plan: LoadPlan,
    workers: LoadWorkers,
    targetStats: TargetStats,
    facts: Facts,
    progress: ConstructorParameters<typeof SnapshotMaker>[1],
  ) {
    this.#facts = facts;
    this.#plan = plan;
    this.#workers = workers;
    this.#targetStats = targetStats;
    this.#snapshots = new SnapshotMaker(plan, progress);
  }

  async toItsEnd(): Promise<Report> {
    const workers = this.#workers;
    await Promise.race([workers.start(), workers.done]);
    this.#startedAt = Date.now();
    this.#startMs = performance.now();
    this.hasBegun = true;
    const isSending = await Promise.race([workers.rampedUp.then(() => true), workers.sendingOver, workers.done]);
    this.#sendStartMs = performance.now();
    // Stopped while it connected: all that was sent was sent by then.
    if (isSending === true) {
      // Sending starts before the counters are read: a target that answers slowly must not hold up the plan.
      await Promise.race([workers.startSending(), workers.done]);
      this.#sendStartMs = performance.now();
      this.#phase = "send";
      this.#cpu.read();
    }
    const idle = isIdleJudged(this.#plan) && workers.agents === undefined ? new IdleMeter() : undefined;
    const begun = this.#targetStats.sendingBegins();
    await Promise.race([workers.sendingOver, workers.done]);
    const cpu = this.#cpu.read();
    const idleCores = idle?.read();
    const sendMs = isSending === true ? performance.now() - this.#sendStartMs : 0;
    this.#sendEndMs = performance.now();
    this.#phase = "drain";
    this.#readMemory();
    await begun;
    await this.#targetStats.sendingEnds();
    const endedBy = await workers.done;
    const state = workers.state();
    await this.#targetStats.settle(sentCounts(state.tally, this.#plan.traffic));
    this.#phase = "done";
    return makeReport({
      plan: this.#plan,
      state,
      endedBy,
      startedAt: this.#startedAt,
      ...this.#facts,
      targetStats: this.#targetStats,
      cpu,
      idleCores,
      rssBytes: this.#rssBytes,
      agents: workers.agents?.(),
      connectMs: this.#sendStartMs - this.#startMs,
      sendMs,
      drainMs: performance.now() - this.#sendEndMs,
    });
  }

  snapshot(): LoadSnapshot {
    this.#readMemory();
    const nowMs = performance.now();
    const elapsedMs = nowMs - this.#startMs;
    // Once all are open it is known how long that took; until then at least as planned, and as long as it has taken.
    const rampMs =
      this.#phase === "connect" ? Math.max(elapsedMs, rampUpMs(this.#plan)) : this.#sendStartMs - this.#startMs;
    const timing = { phase: this.#phase, elapsedMs, durationMs: rampMs + this.#plan.durationMs };
    const agents = this.#workers.agents?.().each;
    const rssBytes = agents?.reduce((sum, agent) => sum + agent.rssBytes, 0) ?? this.#rssBytes;
    const cpuPercent = agents?.reduce((sum, agent) => sum + agent.cpuPercentNow, 0);
    return this.#snapshots.make(this.#workers.state(), { ...timing, nowMs, rssBytes, cpuPercent });
  }

  close(): void {
    this.#process.close();
  }

  #readMemory(): void {
    this.#rssBytes = Math.max(this.#rssBytes, this.#process.read().residentBytes ?? 0);
  }
}
