import type { DropCause } from "../measure/mod.ts";
import { SeededRandom } from "../message/mod.ts";
import { type LoadPlan, shapeOf } from "../plan/mod.ts";
import type { ConnectionTable } from "./connection-table.ts";
import { Pacer } from "./pacer.ts";
import type { Sender } from "./sender.ts";
import type { Slice } from "./slice.ts";

/** A tick sends (and dials) for at most this long, then lets answers be read: 5 ms of lag are the price of catching up. */
export const TICK_BUDGET_MS = 5;

/**
 * Distributes due messages over the connections in turn: planned messages at their pace or, without a rate, as many as connections take.
 * Where the traffic `isQueued`, those that find no free connection stay in the pacer, and `freed` sends them.
 *
 * Before `begin` the plan counts connections as they open; after `finish` nothing new is planned, but what is due is still
 * sent.
 */
export class Dispatcher {
  readonly #plan: LoadPlan;
  readonly #slice: Slice;
  readonly #table: ConnectionTable;
  readonly #sender: Sender;
  readonly #now: () => number;
  readonly #pacer: Pacer | undefined;
  readonly #random = new SeededRandom();
  readonly #randomTurns: boolean;
  /** The clock is read for each message, because its service time is measured. */
  readonly #exact: boolean;
  readonly #isQueued: boolean;
  /** When messages last waited for a free connection. */
  #blockedMs = Number.NEGATIVE_INFINITY;
  #stage: "ramp" | "send" | "over" = "ramp";
  #endMs = Number.POSITIVE_INFINITY;

  constructor(plan: LoadPlan, slice: Slice, table: ConnectionTable, sender: Sender, now: () => number) {
    this.#plan = plan;
    this.#slice = slice;
    this.#table = table;
    this.#sender = sender;
    this.#now = now;
    this.#exact = sender.timesAnswers;
    this.#isQueued = plan.traffic.isQueued ?? false;
    this.#random.reseed(plan.seed, slice.worker, 99);
    const shape = shapeOf(plan);
    this.#randomTurns = shape.randomGaps;
    if (plan.pace === "per-connection" || plan.pace === "total") {
      this.#pacer = new Pacer({ shape, dropAfterMs: plan.dropAfterMs, random: this.#random.next }, 0);
    }
  }

  /** The sending phase begins, and ends at `endMs` unless it is ended before. */
  begin(nowMs: number, endMs: number): void {
    this.advance(nowMs);
    this.#stage = "send";
    this.#endMs = endMs;
    this.#pacer?.startShape(nowMs);
  }

  /** Nothing more is planned. */
  finish(nowMs: number): void {
    this.advance(nowMs);
    this.#stage = "over";
    this.#endMs = Math.min(this.#endMs, nowMs);
  }

  scaleRate(nowMs: number, factor: number): void {
    this.advance(nowMs);
    this.#pacer?.scale(factor);
  }

  /** Brings the plan up to now. Call it before a connection joins or leaves the rotation. */
  advance(nowMs: number): void {
    this.#pacer?.advance(Math.min(nowMs, this.#endMs), this.#weight());
  }

  /** Messages planned so far; undefined where they are not planned but sent as they are taken. */
  get planned(): number | undefined {
    return this.#pacer?.planned;
  }

  get debt(): number {
    return this.#pacer?.debt ?? 0;
  }

  /** Sends what is due. @returns true when the tick's time ran out before all was sent */
  sendDue(startMs: number): boolean {
    if (this.#stage === "ramp" && this.#isQueued) return false;
    if (this.#sender.returned > 0) this.#sendAgain(startMs);
    if (this.#pacer === undefined) return this.#stage !== "over" && this.#sendFreely(startMs);
    this.advance(startMs);
    return this.#isQueued ? this.#sendQueued(this.#pacer, startMs) : this.#sendPlanned(this.#pacer, startMs);
  }

  /** The slot can take another message, which is sent at once if there is one. Only where the traffic `isQueued`. */
  freed(slot: number, nowMs: number): void {
    if (this.#sender.returned > 0) this.#sendAgain(nowMs);
    if (this.#pacer !== undefined) this.sendDue(nowMs);
    else if (this.#stage === "send" && this.#table.rotation.has(slot)) {
      while (this.#sender.sendFreely(slot, nowMs) > 0);
    }
  }

  /** Drops what is still due. */
  dropRest(): void {
    if (this.#pacer) this.#drop(this.#causeOfAge(this.#endMs), this.#endMs, this.#pacer.dropAll());
  }

  /** Milliseconds until something is due. */
  waitMs(nowMs: number): number {
    // What is queued leaves when a connection comes free, and needs no tick.
    if (this.#isQueued && (this.#pacer === undefined || !this.#sender.hasFree(this.#table.rotation.size))) {
      return Number.POSITIVE_INFINITY;
    }
    if (this.#pacer === undefined) return this.#plan.pace === "as-fast-as-possible" ? 0 : Number.POSITIVE_INFINITY;
    return Math.min(this.#pacer.waitMs(nowMs, this.#weight()), this.#endMs - nowMs);
  }

  /** Returns how many connections the plan counts now, or this loop's share of a total rate. */
  #weight(): number {
    const { rotation } = this.#table;
    if (this.#stage === "over" || (this.#stage === "ramp" && this.#isQueued)) return 0;
    if (this.#plan.pace === "per-connection") return rotation.size;
    // While connections open, each brings its share: a total rate for ten thousand must not fall upon the first ten.
    return (this.#stage === "ramp" ? rotation.size : this.#slice.connections) / this.#plan.connections;
  }

  #sendPlanned(pacer: Pacer, startMs: number): boolean {
    const { rotation } = this.#table;
    // The latest moment that they can have been planned for; the exact ones are not kept.
    this.#drop("old", startMs - pacer.dropAfterMs, pacer.dropOld(startMs));
    const untilMs = startMs + TICK_BUDGET_MS;
    let now = startMs;
    for (let count = 1; ; count++) {
      const plannedMs = pacer.take();
      if (Number.isNaN(plannedMs)) return false;
      if (rotation.size === 0) {
        this.#sender.drop("closed", plannedMs);
        this.#drop("closed", Math.min(startMs, this.#endMs), pacer.dropAll());
        return false;
      }
      const slot = this.#randomTurns ? rotation.at(Math.floor(this.#random.next() * rotation.size)) : rotation.next();
      this.#sender.send(slot, plannedMs, now);
      // Reading the clock costs 40 ns: read it every time only where times must be exact.
      if (!this.#exact && (count & 31) !== 0) continue;
      now = this.#now();
      if (now > untilMs) return true;
    }
  }

  #sendQueued(pacer: Pacer, startMs: number): boolean {
    const { rotation } = this.#table;
    const oldestMs = startMs - pacer.dropAfterMs;
    this.#drop(this.#causeOfAge(oldestMs), oldestMs, pacer.dropOld(startMs));
    const untilMs = startMs + TICK_BUDGET_MS;
    for (let now = startMs; now <= untilMs; now = this.#now()) {
      if (!this.#sender.hasFree(rotation.size)) {
        if (pacer.debt > 0) this.#blockedMs = now;
        return false;
      }
      const plannedMs = pacer.take();
      if (Number.isNaN(plannedMs)) return false;
      let slot = rotation.next();
      while (!this.#sender.isFree(slot)) slot = rotation.next();
      this.#sender.send(slot, plannedMs, now, plannedMs <= this.#blockedMs);
    }
    return true;
  }

  /** What was returned goes before what is due. */
  #sendAgain(nowMs: number): void {
    const { rotation } = this.#table;
    while (this.#sender.returned > 0 && this.#sender.hasFree(rotation.size)) {
      let slot = rotation.next();
      while (!this.#sender.isFree(slot)) slot = rotation.next();
      if (!this.#sender.sendAgain(slot, nowMs)) return;
    }
  }

  /** Why a message that was planned then has not left: all connections were busy, there was none, or this generator was behind. */
  #causeOfAge(plannedMs: number): DropCause {
    if (this.#blockedMs < plannedMs) return "old";
    return this.#table.rotation.size === 0 ? "closed" : "noReply";
  }

  #sendFreely(startMs: number): boolean {
    if (this.#plan.pace !== "as-fast-as-possible") return false;
    const { rotation } = this.#table;
    const untilMs = startMs + TICK_BUDGET_MS;
    let now = startMs;
    for (let idle = 0; idle < rotation.size; ) {
      idle = this.#sender.sendFreely(rotation.next(), now) > 0 ? 0 : idle + 1;
      now = this.#now();
      if (now > untilMs) return true;
    }
    return false;
  }

  #drop(cause: DropCause, plannedMs: number, count: number): void {
    if (count === 0) return;
    this.#sender.drop(cause, plannedMs, count);
    if (!this.#isQueued) this.#table.rotation.skip(count);
  }
}
