import { Wheel } from "../../base/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { ConnectionTable } from "./connection-table.ts";

/** Where a slot's connection is in its life. */
// 0: opening, its connect is under way or due
const SILENT = 1; // open, its delay not over
const SENDING = 2;
const LEAVING = 3; // its lifetime is over, and answers are awaited
const AWAY = 4; // closed by us, to be opened again
const GONE = 5; // lost, or never opened

export interface LifetimeHooks {
  /** It sends from now on. */
  begin(slot: number): void;
  /** It sends no more. */
  leave(slot: number): void;
  /** Returns true when none of its requests awaits an answer. */
  isAnswered(slot: number): boolean;
  /** Closes it, to be opened again. */
  retire(slot: number): void;
}

/**
 * The lifetimes of connections (`--delay-send`, `--channel-lifetime`). A connection that awaits answers is closed when the last has
 * come, or `drainMs` later: closing in the middle of a request would count against the server.
 *
 * ```text
 *   OPENING ─► SILENT ─► SENDING ─► LEAVING ─► AWAY ─► OPENING …       GONE: from any of them
 *       └─ no delay ───────┘  └─ nothing awaited ┘
 * ```
 */
export class Lifetimes {
  readonly #plan: LoadPlan;
  readonly #table: ConnectionTable;
  readonly #hooks: LifetimeHooks;
  readonly #stages: Uint8Array;
  /** A slot's next event: the end of its delay, of its lifetime, or of the wait for its answers. */
  readonly #moments = new Wheel(512, 1);
  #now = 0;
  readonly #moment = (slot: number) => this.#onMoment(slot);

  constructor(plan: LoadPlan, table: ConnectionTable, hooks: LifetimeHooks) {
    this.#plan = plan;
    this.#table = table;
    this.#hooks = hooks;
    this.#stages = new Uint8Array(table.count);
  }

  tick(now: number): void {
    this.#now = now;
    if (this.#moments.armed > 0) this.#moments.advance(Math.floor(now), this.#moment);
  }

  opened(slot: number, now: number): void {
    const { delaySendMs } = this.#plan;
    if (delaySendMs === 0) this.#begin(slot);
    else this.#enter(slot, SILENT, now + delaySendMs);
  }

  /** An answer came on this slot: retires a connection that waited for its last one. */
  answered(slot: number): void {
    if (this.#stages[slot] === LEAVING && this.#hooks.isAnswered(slot)) this.#hooks.retire(slot);
  }

  closed(slot: number): void {
    this.#enter(slot, AWAY, Number.POSITIVE_INFINITY);
  }

  gone(slot: number): void {
    this.#enter(slot, GONE, Number.POSITIVE_INFINITY);
  }

  isGone(slot: number): boolean {
    return this.#stages[slot] === GONE;
  }

  #onMoment(slot: number): void {
    const stage = this.#stages[slot];
    if (stage === SILENT) this.#begin(slot);
    else if (stage === LEAVING || this.#hooks.isAnswered(slot)) this.#hooks.retire(slot);
    else {
      this.#hooks.leave(slot);
      this.#enter(slot, LEAVING, this.#now + this.#plan.drainMs);
    }
  }

  #begin(slot: number): void {
    const { channelLifetimeMs } = this.#plan;
    const endMs = channelLifetimeMs > 0 ? this.#table.sinceMs[slot]! + channelLifetimeMs : Number.POSITIVE_INFINITY;
    this.#enter(slot, SENDING, endMs);
    this.#hooks.begin(slot);
  }

  #enter(slot: number, stage: number, untilMs: number): void {
    this.#stages[slot] = stage;
    this.#moments.disarm(slot);
    if (Number.isFinite(untilMs)) this.#moments.arm(slot, Math.ceil(untilMs));
  }
}
