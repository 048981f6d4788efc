import { formatDuration } from "../../base/mod.ts";
import type { Outcome } from "../health/mod.ts";
import { type OffTime, offTimeIn } from "./off-times.ts";
import type { PushSchedule } from "./schedule.ts";

export interface PushPlan {
  readonly schedule: PushSchedule;
  /** How long a call may be late. */
  readonly graceMs: number;
  /** How long a run may take that said it has begun. */
  readonly maxRunMs: number;
}

/** What is known of a job's calls. Moments are milliseconds since 1970. */
export interface PushState {
  /** Since when calls are expected: when its service was first declared. */
  readonly sinceMs: number;
  /** Its last success. */
  readonly lastMs?: number | undefined;
  /** A run that has begun and not ended. */
  readonly startedMs?: number | undefined;
  /** Its last failure, if no success came after. */
  readonly failedMs?: number | undefined;
  /** Of that failure. */
  readonly exitCode?: number | undefined;
  /** How long its last run took, where it said when it began. */
  readonly durationMs?: number | undefined;
  /** What it sent last, in one line. */
  readonly message?: string | undefined;
}

export interface PushVerdict {
  readonly outcome: Outcome;
  /** When it is to be judged again if nothing is called. */
  readonly nextMs: number;
}

/**
 * Judges a job by its calls. Pure.
 *
 * ```text
 *   last call        expected        + grace
 *   ──┬──────────────────┬──────────────┬────────►
 *     │        up        │  up: late    │  down
 * ```
 *
 * A call that may have come while tenk did not run is not missed: the next one is.
 */
export function judge(
  name: string,
  state: PushState,
  plan: PushPlan,
  offTimes: readonly OffTime[],
  nowMs: number,
): PushVerdict {
  const { lastMs, failedMs, exitCode, message } = state;
  const { schedule } = plan;
  if (failedMs !== undefined) {
    const code = exitCode === undefined ? "" : ` with exit code ${exitCode}`;
    return down(
      `failed${code}${isNow(failedMs, nowMs) ? "" : ` ${ago(failedMs, nowMs)}`}: ${message ?? "see its log"}`,
    );
  }
  const { expectedMs, deadlineMs } = nextDeadline(state, plan, offTimes);
  const runUntilMs = runEnd(state, plan, offTimes);
  // A run that began in time may take its time. One that began too late ends nothing until it has succeeded.
  const isInTime = runUntilMs !== undefined && state.startedMs! <= deadlineMs;
  if (isInTime) {
    const runs = `runs since ${span(nowMs - state.startedMs!)}`;
    if (nowMs <= runUntilMs) return well(runs, state, runUntilMs);
    return down(`${runs}, longer than ${span(plan.maxRunMs)}: does it hang?`);
  }
  if (nowMs > deadlineMs) {
    // A schedule in another time zone than the job's is the usual mistake.
    const when = schedule.shown === undefined ? "" : `${schedule.shown(expectedMs)}, `;
    const missed = `was to call ${when}${ago(expectedMs, nowMs)}, and has not`;
    const never = `has never called: is its URL in the job? \`tenk push-url ${name}\` prints it`;
    return down(lastMs === undefined ? never : `${missed}: did its job run?`);
  }
  if (lastMs === undefined) {
    const reason = `waits for its first call: \`tenk push-url ${name}\` prints the URL for the job`;
    return { outcome: { result: "unknown", facts: {}, reason }, nextMs: deadlineMs };
  }
  if (nowMs <= expectedMs) return well(lastWords(state, nowMs), state, expectedMs);
  return well(`late since ${span(nowMs - expectedMs)}: down in ${span(deadlineMs - nowMs)}`, state, deadlineMs);
}

/** Returns the first expected call that cannot have come unheard, and until when it may come. */
function nextDeadline(
  { sinceMs, lastMs }: PushState,
  { schedule, graceMs }: PushPlan,
  offTimes: readonly OffTime[],
): { readonly expectedMs: number; readonly deadlineMs: number } {
  let expectedMs = schedule.after(lastMs ?? sinceMs);
  // Each of the few times is passed once: what is expected after it is looked for from its end on.
  for (let passes = 0; passes <= offTimes.length; passes++) {
    const off = offTimeIn(offTimes, expectedMs - schedule.earlyMs, expectedMs + graceMs);
    if (off === undefined) break;
    while (expectedMs - schedule.earlyMs <= off[1])
      expectedMs = schedule.after(latestBefore(schedule, expectedMs, off[1]));
  }
  return { expectedMs, deadlineMs: expectedMs + graceMs };
}

/** Where to look on from: schedules by the clock go to the end at once, others go by whole periods. */
function latestBefore(schedule: PushSchedule, expectedMs: number, endMs: number): number {
  if (schedule.earlyMs === 0) return Math.max(expectedMs, endMs);
  const periods = Math.floor((endMs + schedule.earlyMs - expectedMs) / schedule.periodMs);
  return expectedMs + Math.max(0, periods) * schedule.periodMs;
}

/** Returns until when a run that has begun may take; undefined where none has, or where its end may have come unheard. */
function runEnd({ startedMs }: PushState, { maxRunMs }: PushPlan, offTimes: readonly OffTime[]): number | undefined {
  if (startedMs === undefined) return undefined;
  const endMs = startedMs + maxRunMs;
  return offTimeIn(offTimes, startedMs, endMs) === undefined ? endMs : undefined;
}

function lastWords({ lastMs, durationMs }: PushState, nowMs: number): string {
  const took = durationMs === undefined ? "" : `, took ${span(durationMs)}`;
  return `called ${ago(lastMs!, nowMs)}${took}`;
}

function well(reason: string, { durationMs }: PushState, nextMs: number): PushVerdict {
  const facts = durationMs === undefined ? {} : { latencyMs: durationMs };
  return { outcome: { result: "up", facts, reason }, nextMs };
}

/** Until it calls. */
function down(reason: string): PushVerdict {
  return { outcome: { result: "down", facts: {}, reason }, nextMs: Number.POSITIVE_INFINITY };
}

function ago(ms: number, nowMs: number): string {
  return isNow(ms, nowMs) ? "just now" : `${span(nowMs - ms)} ago`;
}

/** What is said of seconds would be wrong until the next look. */
function isNow(ms: number, nowMs: number): boolean {
  return nowMs - ms < 60_000;
}

/** Whole seconds. */
function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds === 0 ? "0s" : formatDuration(seconds * 1000);
}
