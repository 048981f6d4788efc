import type { LastKnown, Outcome, State } from "../health/mod.ts";
import { Answers } from "./answers.ts";
import { TimeTotals, timeOf } from "./time-totals.ts";

/** A change of a service's state. */
export interface StateChange {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly from: State;
  readonly to: State;
  /** Why, in words; null for `up`. */
  readonly reason: string | null;
}

const MAX_ANSWERS = 50;
const MAX_REASON_CHARS = 500;
/** A week and an hour, and room for a clock that is set. */
const HOURS = 180;
const DAYS = 92;

/** What is known of one service over time. Bounded: 7 KB, its changes, and its last answers. */
export class ServiceRecord {
  name: string;
  readonly hours = new TimeTotals(HOURS);
  readonly days = new TimeTotals(DAYS);
  readonly answers = new Answers(MAX_ANSWERS);
  /** Counts up when its past has changed. */
  revision = 0;
  readonly #maxChanges: number;
  #spentHour = -1;
  /** Oldest first. */
  #changes: StateChange[] = [];

  constructor(name: string, maxChanges: number) {
    this.name = name;
    this.#maxChanges = maxChanges;
  }

  /** The last state that was recorded. */
  get state(): State {
    return this.#changes.at(-1)?.to ?? "pending";
  }

  /** Since when it is in it; undefined where none was recorded. */
  get sinceMs(): number | undefined {
    return this.#changes.at(-1)?.atMs;
  }

  get changes(): readonly StateChange[] {
    return this.#changes.slice(-this.#maxChanges);
  }

  answered(outcome: Outcome, atMs: number): void {
    this.answers.add(outcome, atMs);
  }

  /** Records a change. Two never have one time, and none is before the one before it. */
  change(to: State, atMs: number, reason: string | undefined): StateChange {
    const last = this.#changes.at(-1);
    const change = {
      atMs: last === undefined ? atMs : Math.max(atMs, last.atMs + 1),
      from: this.state,
      to,
      reason: reason?.slice(0, MAX_REASON_CHARS) ?? null,
    };
    this.#changes.push(change);
    // Not at each change, since it copies.
    if (this.#changes.length > 2 * this.#maxChanges) this.#changes = this.#changes.slice(-this.#maxChanges);
    return change;
  }

  /** Adds time in its state, within one hour and one day. */
  spend(ms: number, hour: number, day: number): void {
    const time = timeOf(this.state);
    if (time < 0) return;
    // Some of it may be of the hour before.
    if (hour !== this.#spentHour) this.revision += 1;
    this.#spentHour = hour;
    this.hours.add(hour, time, ms);
    this.days.add(day, time, ms);
  }

  /** Puts changes of an earlier run before its own. */
  restore(earlier: readonly Omit<StateChange, "from">[]): void {
    this.revision += 1;
    const changes: StateChange[] = [];
    for (const each of earlier) changes.push({ ...each, from: changes.at(-1)?.to ?? "pending" });
    const [first, ...rest] = this.#changes;
    const known = changes.at(-1)?.to;
    if (first !== undefined && first.to !== known) changes.push({ ...first, from: known ?? first.from });
    this.#changes = [...changes, ...rest];
  }

  /** Drops the changes before a time but the last, which tells its state; and those after another, which a wrong clock made. */
  forget(beforeMs: number, afterMs: number): void {
    this.revision += 1;
    const last = this.#changes.filter(({ atMs }) => atMs <= afterMs).at(-1);
    this.#changes = this.#changes.filter(
      (change) => change === last || (change.atMs >= beforeMs && change.atMs <= afterMs),
    );
  }

  /**
   * Returns what its own probes found last: neither maintenance nor what it stands on is of their knowledge; undefined where they found
   * nothing.
   */
  lastKnown(): LastKnown | undefined {
    const last = this.#changes.findLast(({ to }) => to !== "maintenance" && to !== "pending");
    if (last === undefined) return undefined;
    const state = last.to === "unknown" ? "down" : last.to;
    return { state, sinceMs: last.atMs, reason: last.reason ?? undefined };
  }
}
