import { cpus } from "node:os";
import type { Tally } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";

/** This generator, and not the target, was the limit when one of these is exceeded. */
export const SATURATION = {
  /** Of one core, for each worker. */
  cpuPercent: 90,
  /** Cores' worth of CPU time that was idle: less than this of the whole machine. */
  idleCores: 0.2,
  /** Ticks later than this: 1 in 100. */
  loopLagP99Us: 20_000,
  /** Messages that left late, or never, because the generator itself was behind: of all planned. */
  behindShare: 0.001,
  /** Unless the target is to blame for so many times as many; where that is a tenth of all, nothing else was the limit. */
  targetOutweighs: 10,
  targetShare: 0.1,
} as const;

/** CPU is not judged over a shorter time: any program uses all of one scheduler tick. */
const MIN_CPU_MS = 100;

/**
 * Returns the reasons why the generator was the limit; empty where it was not. Messages that waited for an answer, or for a
 * peer that does not read, do not count: the target caused that.
 *
 * @example
 * saturation({ cpuPercent: 97, cpuOverMs: 9000, loopLagP99Us: 300, workers: 1, behind: 0, byTarget: 0, planned: 10 }); // ["CPU 97% of a core"]
 */
export function saturation(measured: {
  cpuPercent: number;
  /** How long that was measured. */
  cpuOverMs: number;
  /** Cores' worth of CPU time that nobody used. Undefined where it is not judged. */
  idleCores?: number | undefined;
  loopLagP99Us: number;
  workers: number;
  behind: number;
  /** Messages that were not sent or not answered because of the target. */
  byTarget: number;
  planned: number;
  /** What is planned, in the plural. @default {"messages"} */
  what?: string;
}): string[] {
  const { what = "messages" } = measured;
  const { cpuPercent, cpuOverMs, idleCores = 1, loopLagP99Us, workers, behind, byTarget, planned } = measured;
  // Neither lag nor a few late messages explain that hundreds had no answer.
  const isTargets = byTarget > behind * SATURATION.targetOutweighs;
  if (isTargets && byTarget > planned * SATURATION.targetShare) return [];
  const reasons: string[] = [];
  const isBusy = cpuOverMs >= MIN_CPU_MS && cpuPercent > SATURATION.cpuPercent * workers;
  if (isBusy) reasons.push(`CPU ${Math.round(cpuPercent)}% of a core`);
  else if (cpuOverMs >= MIN_CPU_MS && idleCores < SATURATION.idleCores) reasons.push("every core of this machine busy");
  if (loopLagP99Us > SATURATION.loopLagP99Us) reasons.push(`loop lag p99 ${Math.round(loopLagP99Us / 1000)} ms`);
  if (planned > 0 && !isTargets && behind / planned > SATURATION.behindShare) {
    reasons.push(`${Number(((100 * behind) / planned).toPrecision(2))}% of the ${what} behind plan`);
  }
  return reasons;
}

/** Messages that were late or dropped because the generator was behind. */
export function behindOf(tally: Tally): number {
  return tally.late - tally.lateForReply + tally.dropped.old;
}

/** Messages that were not sent or not answered because of the target. */
export function byTargetOf({ dropped, unanswered }: Tally): number {
  return dropped.full + dropped.outstanding + dropped.noReply + dropped.closed + dropped.cut + unanswered;
}

/** CPU of this process, all threads, between two readings. */
export class CpuMeter {
  #usage = process.cpuUsage();
  #atMs = performance.now();

  /** Returns the CPU used since the previous call. */
  read(): { percent: number; seconds: number } {
    const { user, system } = process.cpuUsage(this.#usage);
    const nowMs = performance.now();
    const passedMs = nowMs - this.#atMs;
    this.#usage = process.cpuUsage();
    this.#atMs = nowMs;
    return { percent: passedMs > 0 ? (user + system) / 10 / passedMs : 0, seconds: (user + system) / 1e6 };
  }
}

/** In the closed model a target on the same machine gets the CPU that the generator leaves. */
export function isIdleJudged({ pace, traffic }: LoadPlan): boolean {
  return pace === "as-fast-as-possible" && traffic.isQueued === true;
}

/** CPU of the machine that nobody used, from its making on. The runtime reads a file for each core, which may take a millisecond. */
export class IdleMeter {
  readonly #before = machineTimes();

  /** Returns how many cores were idle, on average: 0.5 is half of the time of one. */
  read(): number {
    const now = machineTimes();
    const allMs = now.allMs - this.#before.allMs;
    return allMs > 0 ? (cpus().length * (now.idleMs - this.#before.idleMs)) / allMs : 1;
  }
}

/** Returns the CPU time of all cores since the machine started. */
function machineTimes(): { idleMs: number; allMs: number } {
  const times = { idleMs: 0, allMs: 0 };
  for (const { times: core } of cpus()) {
    times.idleMs += core.idle;
    times.allMs += core.idle + core.user + core.nice + core.sys + core.irq;
  }
  return times;
}
