import type { Facts, Outcome } from "./outcome.ts";

/** The states of a service. A closed set: a metric label. */
export const STATES = ["pending", "up", "degraded", "starting", "down", "unknown", "maintenance"] as const;
/** `pending` before the first probe has decided; `unknown` while what it stands on is down, or this machine cannot look. */
export type State = (typeof STATES)[number];

export interface HealthOptions {
  /** From one probe to the next. @default {30_000} */
  readonly intervalMs?: number;
  /** When a first failure is asked again, and again, before the service is down. @default {[5000, 10_000]} */
  readonly retriesMs?: readonly number[];
  /** Successes in a row before a service that was down is up. @default {2} */
  readonly successes?: number;
  /** A service that says it is starting is down after this time. @default {300_000} */
  readonly maxStartingMs?: number;
}

/** A change of state. */
export interface Transition {
  readonly from: State;
  readonly to: State;
  readonly atMs: number;
  /** Why, in words; undefined for `up`. */
  readonly reason: string | undefined;
}

/** What the probes of an earlier run had found when they ended. */
export interface LastKnown {
  readonly state: State;
  readonly sinceMs: number;
  readonly reason: string | undefined;
}

const DEFAULTS = { intervalMs: 30_000, retriesMs: [5000, 10_000], successes: 2, maxStartingMs: 300_000 };

/** States in which a service is well enough to be used. */
const WELL: readonly State[] = ["up", "degraded"];

/**
 * Decides the state of one service from what its probes find out. Pure: times are arguments.
 *
 * ```text
 *             failure, again after 5 s, again after 10 s
 *   up ─────────────────────────────────────────────────► down
 *      ◄───────────────────────────────────────────────── success, again after 5 s
 * ```
 *
 * A state that lasts for one probe is none: neither is a service down for one lost packet, nor up for one lucky answer, nor degraded for one
 * slow one. `starting` is what the service says itself, and holds at once, as `unknown` does: this machine is why, not chance.
 */
export class Health {
  /** What its own probes say. */
  state: State = "pending";
  /** Since when, in milliseconds since 1970. */
  sinceMs: number;
  /** Why it is not up, in words. */
  reason: string | undefined;
  facts: Facts = {};
  readonly #options: Required<HealthOptions>;
  /** The result that comes next, if it is found often enough in a row. */
  #candidate: State | undefined;
  #inARow = 0;
  /** Since when it says that it is starting; undefined while it does not. */
  #startingSinceMs: number | undefined;

  constructor(options: HealthOptions, nowMs: number) {
    this.#options = { ...DEFAULTS, ...options };
    this.sinceMs = nowMs;
  }

  /** Goes on from what an earlier run knew, unless it has decided itself: a restart ends no outage and begins none. */
  resume({ state, sinceMs, reason }: LastKnown): void {
    if (this.state !== "pending") return;
    this.state = state;
    this.sinceMs = sinceMs;
    this.reason = reason;
  }

  /** A change has been seen, but not often enough yet. */
  get isUncertain(): boolean {
    return this.#candidate !== undefined;
  }

  /**
   * Takes the outcome of a probe.
   *
   * @returns the change of state; undefined where there is none
   */
  take(outcome: Outcome, nowMs: number): Transition | undefined {
    this.facts = { ...this.facts, ...outcome.facts };
    const to = this.#stateOf(outcome, nowMs);
    const reason = "reason" in outcome ? outcome.reason : undefined;
    if (to === this.state) {
      this.#candidate = undefined;
      this.#inARow = 0;
      this.reason = reason;
      return undefined;
    }
    // Of different failures in a row the last names the reason; the count goes on.
    this.#inARow = to === this.#candidate ? this.#inARow + 1 : 1;
    this.#candidate = to;
    if (this.#inARow < this.#needed(to)) return undefined;
    const from = this.state;
    this.state = to;
    this.reason = reason;
    this.sinceMs = nowMs;
    this.#candidate = undefined;
    this.#inARow = 0;
    return { from, to, atMs: nowMs, reason };
  }

  /** Returns after which time it is probed again. */
  nextMs(): number {
    const { intervalMs, retriesMs } = this.#options;
    if (this.#candidate === undefined)
      return this.state === "starting" ? Math.min(intervalMs, retriesMs[0] ?? intervalMs) : intervalMs;
    return Math.min(intervalMs, retriesMs[this.#inARow - 1] ?? intervalMs);
  }

  #stateOf(outcome: Outcome, nowMs: number): State {
    if (outcome.result !== "starting") {
      this.#startingSinceMs = undefined;
      return outcome.result === "restricted" ? "up" : outcome.result;
    }
    this.#startingSinceMs ??= nowMs;
    return nowMs - this.#startingSinceMs < this.#options.maxStartingMs ? "starting" : "down";
  }

  /** Returns how often in a row a state must be found before it holds. */
  #needed(to: State): number {
    const { retriesMs, successes } = this.#options;
    if (to === "starting" || to === "unknown") return 1;
    if (to === "down" || (to === "degraded" && this.state === "up")) return 1 + retriesMs.length;
    // Who starts for the first time finds most services well: that needs no second look.
    return this.state === "pending" || WELL.includes(this.state) ? 1 : successes;
  }
}
