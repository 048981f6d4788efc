import { type Log, occasionally } from "../../base/mod.ts";
import { messageOfBody, type PushCall, type Signal } from "./call.ts";
import { type Clocks, ClockWatch, systemClocks } from "./clock.ts";
import { judge, type PushPlan, type PushState, type PushVerdict } from "./judge.ts";
import { PushKeys } from "./keys.ts";
import { PushMemory } from "./memory.ts";
import { type OffTime, withOffTime } from "./off-times.ts";

export interface PushJobsOptions {
  /** It begins as after `freeze`, and `thaw` reads the file. @default {false} */
  readonly startsFrozen?: boolean;
  /** Where keys and last calls are kept; undefined = nowhere. */
  readonly folder: string | undefined;
  readonly log: Log;
  readonly limits?: PushLimits;
  /** Called when a job has called: its state may be another. */
  readonly onCalled: (name: string) => void;
  readonly clocks?: Clocks;
}

export interface PushLimits {
  /** Characters that are kept of what a job sends; 0 = none. @default {1024} */
  readonly maxMessage?: number;
  /** Calls of one job at once; further ones come to one a second. @default {10} */
  readonly burst?: number;
}

/** How a call ends. */
export type CallResult = "ok" | "unknown" | "too-often";

/** How often clocks are looked at. */
const TICK_MS = 30_000;
/** How often is written that tenk runs. */
const ALIVE_MS = 5 * 60_000;
/** Until then a clock that is behind has been set by the network. */
const CLOCK_SETTLED_MS = 10 * 60_000;
/** A call that changes nothing is written with others, to spare a memory card. */
const CALM_WRITE_MS = { least: 60_000, most: ALIVE_MS } as const;
const WRITE_MS = 1000;

const LIMITS = { maxMessage: 1024, burst: 10 };

const MOMENTS = ["lastMs", "startedMs", "failedMs"] as const;
type Moments = { [Name in (typeof MOMENTS)[number]]?: number };

interface Job {
  plan: PushPlan;
  state: PushState;
  /** Moments of this run by a clock that nobody sets. */
  boot: Moments;
  tokens: number;
  tokensAtMs: number;
}

/** Jobs that call by themselves: what they said, and what follows from it. */
export class PushJobs {
  readonly keys: PushKeys;
  readonly counts = {
    calls: { success: 0, start: 0, log: 0, fail: 0 } satisfies Record<Signal["kind"], number>,
    rejected: { unknown: 0, "too-often": 0 },
  };
  readonly #options: PushJobsOptions;
  readonly #clocks: Clocks;
  readonly #watch: ClockWatch;
  readonly #memory: PushMemory;
  readonly #beganBootMs: number;
  readonly #logRejected: () => void;
  readonly #jobs = new Map<string, Job>();
  #limits: Required<PushLimits>;
  /** Of an earlier run, until its services are declared. */
  #remembered: ReadonlyMap<string, PushState> = new Map();
  #offTimes: readonly OffTime[] = [];
  #ticker: ReturnType<typeof setInterval> | undefined;
  #writer: ReturnType<typeof setTimeout> | undefined;
  #writeAtMs = Number.POSITIVE_INFINITY;
  #writtenBootMs = 0;
  #isFrozen: boolean;
  /** The process before still writes the file. */
  #isToRead: boolean;

  constructor(options: PushJobsOptions) {
    const { folder, log, clocks = systemClocks } = options;
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#clocks = clocks;
    this.#watch = new ClockWatch(clocks);
    this.#beganBootMs = clocks.boot();
    const logRejected = occasionally<undefined>((count) =>
      log.info("push call rejected", { why: "no such URL", count }),
    );
    this.#logRejected = () => logRejected(undefined);
    this.keys = new PushKeys(folder, log);
    this.#memory = new PushMemory(folder, log);
    this.#isFrozen = this.#isToRead = options.startsFrozen ?? false;
    if (this.#isToRead) return;
    const { aliveMs, offTimes, states } = this.#memory.read();
    this.#remembered = states;
    this.#offTimes = aliveMs === undefined ? offTimes : withOffTime(offTimes, [aliveMs, clocks.wall()]);
  }

  get maxMessage(): number {
    return this.#limits.maxMessage;
  }

  /** Takes over which jobs there are. Those that are no longer are forgotten, but for their keys. */
  declare(plans: ReadonlyMap<string, PushPlan>, limits: PushLimits = {}): void {
    this.#limits = { ...this.#limits, ...limits };
    this.keys.ensure([...plans.keys()]);
    const sinceMs = this.#clocks.wall();
    for (const name of this.#jobs.keys()) if (!plans.has(name)) this.#jobs.delete(name);
    for (const [name, plan] of plans) {
      const known = this.#jobs.get(name);
      if (known !== undefined) known.plan = plan;
      else {
        const state = this.#remembered.get(name) ?? { sinceMs };
        this.#jobs.set(name, { plan, state, boot: {}, tokens: this.#limits.burst, tokensAtMs: this.#clocks.boot() });
      }
    }
    this.#remembered = new Map();
    if (plans.size > 0) this.#planWrite(WRITE_MS);
    this.#setTicker();
  }

  /** @throws where there is no such job */
  judge(name: string): PushVerdict {
    this.#look();
    const { state, plan } = this.#jobs.get(name)!;
    const nowMs = this.#clocks.wall();
    return judge(name, notAfter(state, nowMs), plan, this.#offTimes, nowMs);
  }

  /** Takes what a job says. @param body what it sent, or the end of it */
  call({ name, key, signal }: PushCall, body: string): CallResult {
    const job = this.keys.fits(name, key) ? this.#jobs.get(name) : undefined;
    const result = job !== undefined && this.#take(job) ? "ok" : "too-often";
    if (job === undefined) return this.reject();
    if (result !== "ok") {
      this.counts.rejected["too-often"] += 1;
      return result;
    }
    this.#look();
    this.counts.calls[signal.kind] += 1;
    const isCalm = signal.kind === "success" && job.state.failedMs === undefined && job.state.lastMs !== undefined;
    this.#apply(job, signal, messageOfBody(body, this.#limits.maxMessage));
    const { least, most } = CALM_WRITE_MS;
    const isFrequent = job.plan.schedule.periodMs < 12 * most;
    this.#planWrite(isCalm ? (isFrequent ? most : least) : WRITE_MS);
    this.#options.onCalled(name);
    return "ok";
  }

  /** Counts a call that is none. */
  reject(): CallResult {
    this.counts.rejected.unknown += 1;
    this.#logRejected();
    return "unknown";
  }

  /** Returns what is known of a job; undefined where there is none. */
  state(name: string): PushState | undefined {
    return this.#jobs.get(name)?.state;
  }

  /** Writes the last calls, and nothing more before `thaw`. */
  freeze(): void {
    this.#isFrozen = true;
    this.#setTicker();
    if (this.#jobs.size > 0) this.#write();
  }

  /** Goes on; after a frozen start with what the process before has written. Jobs could call all the time: no time was off. */
  thaw(): void {
    this.#isFrozen = false;
    if (this.#isToRead) {
      const { offTimes, states } = this.#memory.read();
      this.#offTimes = offTimes;
      for (const [name, job] of this.#jobs) job.state = states.get(name) ?? job.state;
    }
    this.#isToRead = false;
    this.#setTicker();
  }

  stop(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#writer);
    if (this.#jobs.size > 0 && !this.#isFrozen) this.#write();
  }

  #setTicker(): void {
    clearInterval(this.#ticker);
    const isIdle = this.#jobs.size === 0 || this.#isFrozen;
    this.#ticker = isIdle ? undefined : setInterval(() => this.#tick(), TICK_MS);
    this.#ticker?.unref();
  }

  /** @returns whether the job may call now */
  #take(job: Job): boolean {
    const nowMs = this.#clocks.boot();
    job.tokens = Math.min(this.#limits.burst, job.tokens + (nowMs - job.tokensAtMs) / 1000);
    job.tokensAtMs = nowMs;
    if (job.tokens < 1) return false;
    job.tokens -= 1;
    return true;
  }

  #apply(job: Job, signal: Signal, message: string | undefined): void {
    const { kind } = signal;
    const [nowMs, bootMs] = [this.#clocks.wall(), this.#clocks.boot()];
    const { sinceMs, lastMs, startedMs, failedMs, exitCode, durationMs } = job.state;
    const { startedMs: startedBoot, lastMs: lastBoot } = job.boot;
    if (kind === "log") {
      job.state = { ...job.state, message: message ?? job.state.message };
      return;
    }
    if (kind === "start") {
      job.state = { ...job.state, startedMs: nowMs };
      job.boot = { ...job.boot, startedMs: bootMs };
      return;
    }
    const took =
      startedBoot !== undefined ? bootMs - startedBoot : startedMs === undefined ? undefined : nowMs - startedMs;
    const ended = { sinceMs, durationMs: took === undefined ? durationMs : Math.max(0, took), message };
    if (kind === "success") {
      job.state = { ...ended, lastMs: nowMs };
      job.boot = { lastMs: bootMs };
      return;
    }
    job.state = { ...ended, lastMs, failedMs: failedMs ?? nowMs, exitCode: signal.exitCode ?? (failedMs === undefined ? undefined : exitCode) }; // biome-ignore format: one object
    job.boot = { ...(lastBoot !== undefined && { lastMs: lastBoot }), failedMs: job.boot.failedMs ?? bootMs };
  }

  #tick(): void {
    this.#look();
    const bootMs = this.#clocks.boot();
    if (bootMs - this.#beganBootMs > CLOCK_SETTLED_MS) {
      // What is still in the future was recorded by a clock that was wrong.
      const nowMs = this.#clocks.wall();
      for (const job of this.#jobs.values()) job.state = notAfter(job.state, nowMs);
    }
    if (bootMs - this.#writtenBootMs >= ALIVE_MS) this.#write();
  }

  /** Looks at the clocks before anything is judged by them. */
  #look(): void {
    const { stepMs, off } = this.#watch.look(TICK_MS);
    if (off !== undefined) this.#offTimes = withOffTime(this.#offTimes, off);
    if (stepMs === 0) return;
    const lagMs = this.#clocks.wall() - this.#clocks.boot();
    for (const job of this.#jobs.values())
      for (const name of MOMENTS) {
        const bootMs = job.boot[name];
        if (bootMs !== undefined) job.state = { ...job.state, [name]: bootMs + lagMs };
      }
  }

  #planWrite(afterMs: number): void {
    const atMs = this.#clocks.boot() + afterMs;
    if (atMs >= this.#writeAtMs || this.#isFrozen) return;
    this.#writeAtMs = atMs;
    clearTimeout(this.#writer);
    this.#writer = setTimeout(() => this.#write(), afterMs);
    this.#writer.unref();
  }

  #write(): void {
    clearTimeout(this.#writer);
    this.#writeAtMs = Number.POSITIVE_INFINITY;
    this.#writtenBootMs = this.#clocks.boot();
    const states = new Map([...this.#jobs].map(([name, { state }]) => [name, state]));
    this.#memory.write({ aliveMs: this.#clocks.wall(), offTimes: this.#offTimes, states });
  }
}

/** Returns a state without moments that have not come yet: the clock was set back. */
function notAfter(state: PushState, nowMs: number): PushState {
  if (state.sinceMs <= nowMs && MOMENTS.every((name) => (state[name] ?? 0) <= nowMs)) return state;
  const earlier = (ms: number | undefined) => (ms === undefined ? undefined : Math.min(ms, nowMs));
  const { sinceMs, lastMs, startedMs, failedMs } = state;
  return { ...state, sinceMs: Math.min(sinceMs, nowMs), lastMs: earlier(lastMs), startedMs: earlier(startedMs), failedMs: earlier(failedMs) }; // biome-ignore format: one object
}
