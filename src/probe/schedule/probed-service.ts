import type { Log } from "../../base/mod.ts";
import {
  Health,
  type HealthOptions,
  type LastKnown,
  type Outcome,
  type State,
  type Transition,
} from "../health/mod.ts";

export interface ProbedServiceOptions extends HealthOptions {
  readonly name: string;
  /** Asks the service once. Must not throw, and ends by itself. */
  readonly check: (signal: AbortSignal) => Promise<Outcome>;
  readonly log: Log;
  /** The service that this one stands on. @default {none} */
  readonly parent?: () => ProbedService | undefined;
  /** Returns the services that stand on this one. @default {none} */
  readonly children?: () => readonly ProbedService[];
  /** Returns whether it is under maintenance. @default {it is not} */
  readonly isMaintained?: () => boolean;
  /** Called after each probe, with the change of state that it made. @default {nothing} */
  readonly answered?: (outcome: Outcome, change: Transition | undefined) => void;
  /** Returns when it must be probed at the latest, in milliseconds since 1970. @default {never} */
  readonly dueMs?: () => number;
  /** Share of an interval by which each probe may come earlier or later, so that not all come at once. @default {0.1} */
  readonly jitter?: number;
  readonly nowMs?: () => number;
  readonly random?: () => number;
  /** Calls `work` after a time. @returns what cancels that @default setTimeout */
  readonly later?: (work: () => void, ms: number) => () => void;
}

/** Counts of one service's probes. */
export interface ProbeCounts {
  readonly total: number;
  readonly byResult: Readonly<Record<Outcome["result"], number>>;
}

const JITTER = 0.1;
/** The first probes of all services are spread over this time, and those that are hurried. */
const FIRST_MS = 2000;
/** A probe is not hurried within this time after the last one. */
const HURRY_AFTER_MS = 5000;

/** Probes one service again and again: never two at a time. */
export class ProbedService {
  readonly name: string;
  /** Of its metrics. */
  readonly labels: { readonly service: string };
  readonly health: Health;
  readonly counts = { total: 0, byResult: { up: 0, restricted: 0, degraded: 0, starting: 0, down: 0, unknown: 0 } };
  /** The last outcome; undefined before the first. */
  last: Outcome | undefined;
  readonly #options: ProbedServiceOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  #cancel: () => void = () => undefined;
  #isStarted = false;
  #isProbing = false;
  #isPaused = false;
  #probedMs = 0;

  constructor(options: ProbedServiceOptions) {
    this.name = options.name;
    this.labels = { service: options.name };
    this.#options = options;
    this.#now = options.nowMs ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.health = new Health(options, this.#now());
  }

  /**
   * Its state for people: while what it stands on is down, that it is down too says nothing about it. What stands on nothing, and answers,
   * is as its own probes say.
   */
  get state(): State {
    const { state } = this.health;
    if (this.#options.isMaintained?.()) return "maintenance";
    return state === "down" && this.#options.parent?.()?.health.state === "down" ? "unknown" : state;
  }

  /** Name of the service that it stands on; undefined where it stands on none. */
  get parent(): string | undefined {
    return this.#options.parent?.()?.name;
  }

  /** Why it is not up, in words. */
  get reason(): string | undefined {
    return this.health.reason;
  }

  /** @param known what an earlier run knew of it */
  start(known?: LastKnown): void {
    if (this.#stopping.signal.aborted) return;
    if (known !== undefined) this.health.resume(known);
    this.#isStarted = true;
    this.#plan(FIRST_MS * this.#random());
  }

  /** Plans no further probe until `resume`; what one under way finds out is taken. */
  pause(): void {
    this.#isPaused = true;
    this.#cancel();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#isStarted && !this.#isProbing && !this.#stopping.signal.aborted) this.#plan(FIRST_MS * this.#random());
  }

  /** Probes it soon, since something else says that its state may have changed. */
  hurry(waitMs: number): void {
    const isLate = Math.abs(this.#now() - this.#probedMs) >= HURRY_AFTER_MS;
    if (this.#isProbing || this.health.isUncertain || !isLate || this.#stopping.signal.aborted) return;
    this.#cancel();
    this.#plan(waitMs);
  }

  /** Probes it now, since it has said something by itself. Before its start, that does so. */
  probeNow(): void {
    if (!this.#isStarted || this.#isProbing || this.#stopping.signal.aborted) return;
    this.#cancel();
    this.#plan(0);
  }

  stop(): void {
    this.#stopping.abort();
    this.#cancel();
  }

  #plan(waitMs: number): void {
    if (this.#isPaused) return;
    const { later = afterTime } = this.#options;
    this.#cancel = later(() => void this.#probe(), waitMs);
  }

  async #probe(): Promise<void> {
    this.#isProbing = true;
    const outcome = await this.#options.check(this.#stopping.signal);
    this.#isProbing = false;
    this.#probedMs = this.#now();
    if (this.#stopping.signal.aborted) return;
    this.last = outcome;
    this.counts.total += 1;
    this.counts.byResult[outcome.result] += 1;
    const change = this.health.take(outcome, this.#now());
    if (change !== undefined) this.#logChange(change);
    this.#options.answered?.(outcome, change);
    this.#hurryOthers(outcome, change);
    const { jitter = JITTER, dueMs } = this.#options;
    const waitMs = this.health.nextMs() * (1 + jitter * (2 * this.#random() - 1));
    // A millisecond later, so that it is over then.
    this.#plan(dueMs === undefined ? waitMs : Math.min(waitMs, Math.max(0, dueMs() - this.#now()) + 1));
  }

  /**
   * When it fails, what it stands on is asked at once: so that is known to be down as soon as this is, and one alert is raised instead of one a
   * service. When it is back, what stands on it is asked.
   */
  #hurryOthers({ result }: Outcome, change: Transition | undefined): void {
    const { parent, children } = this.#options;
    if (result === "down" && this.health.state !== "down") parent?.()?.hurry(0);
    if (change?.from === "down") for (const each of children?.() ?? []) each.hurry(FIRST_MS * this.#random());
  }

  #logChange({ from, to, reason }: Transition): void {
    const { log, parent } = this.#options;
    const seen = to === "down" ? this.state : to;
    const after = seen === "unknown" ? { after: parent?.()?.name } : {};
    const fields = { service: this.name, from, ...(reason !== undefined && { reason }), ...after };
    if (seen === "down") log.warn("service down", fields);
    else if (to === "unknown" && isToldAlready(log, reason ?? "")) log.debug("service unknown", fields);
    else log.info(`service ${seen}`, fields);
  }
}

const MAX_TOLD = 100;
const told = new WeakMap<Log, Set<string>>();

/** Why this machine cannot look is the same for many services, such as pings that the kernel does not permit: it is logged once. */
function isToldAlready(log: Log, reason: string): boolean {
  const reasons = told.get(log) ?? new Set();
  told.set(log, reasons);
  if (reasons.has(reason) || reasons.size >= MAX_TOLD) return true;
  reasons.add(reason);
  return false;
}

function afterTime(work: () => void, ms: number): () => void {
  const timer = setTimeout(work, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
