import { Wheel } from "../../base/mod.ts";
import type { TcpPlan } from "../plan/mod.ts";
import type { Lanes } from "./connection-table.ts";

/** Where a lane's connection is in its life. */
// 0: opening, its connect is under way or due
const SILENT = 1; // open, its delay not over
const SENDING = 2;
const LEAVING = 3; // its lifetime is over, and answers are awaited
const AWAY = 4; // closed by us, to be opened again
const GONE = 5; // lost, or never opened

export interface LifetimeHooks {
  /** It sends from now on. */
  begin(lane: number): void;
  /** It sends no more. */
  leave(lane: number): void;
  /** No request of it awaits an answer. */
  isAnswered(lane: number): boolean;
  /** Closes it, to be opened again. */
  retire(lane: number): void;
}

/**
 * The lives of connections, as `--delay-send` and `--channel-lifetime` have them. Who sends requests is closed when the last
 * of them is answered, or `drainMs` later: to close in the middle of one would count against the server.
 *
 * ```text
 *   OPENING ─► SILENT ─► SENDING ─► LEAVING ─► AWAY ─► OPENING …       GONE: from any of them
 *       └─ no delay ───────┘  └─ nothing awaited ┘
 * ```
 */
export class Lifetimes {
  readonly #plan: TcpPlan;
  readonly #lanes: Lanes;
  readonly #hooks: LifetimeHooks;
  readonly #stages: Uint8Array;
  /** A lane's next event: the end of its delay, of its lifetime, or of the wait for its answers. */
  readonly #moments = new Wheel(512, 1);
  #now = 0;
  readonly #moment = (lane: number) => this.#onMoment(lane);

  constructor(plan: TcpPlan, lanes: Lanes, hooks: LifetimeHooks) {
    this.#plan = plan;
    this.#lanes = lanes;
    this.#hooks = hooks;
    this.#stages = new Uint8Array(lanes.count);
  }

  tick(now: number): void {
    this.#now = now;
    if (this.#moments.armed > 0) this.#moments.advance(Math.floor(now), this.#moment);
  }

  opened(lane: number, now: number): void {
    const { delaySendMs } = this.#plan;
    if (delaySendMs === 0) this.#begin(lane);
    else this.#enter(lane, SILENT, now + delaySendMs);
  }

  /** What it waited for has come, perhaps. */
  answered(lane: number): void {
    if (this.#stages[lane] === LEAVING && this.#hooks.isAnswered(lane)) this.#hooks.retire(lane);
  }

  closed(lane: number): void {
    this.#enter(lane, AWAY, Number.POSITIVE_INFINITY);
  }

  gone(lane: number): void {
    this.#enter(lane, GONE, Number.POSITIVE_INFINITY);
  }

  isGone(lane: number): boolean {
    return this.#stages[lane] === GONE;
  }

  #onMoment(lane: number): void {
    const stage = this.#stages[lane];
    if (stage === SILENT) this.#begin(lane);
    else if (stage === LEAVING || this.#hooks.isAnswered(lane)) this.#hooks.retire(lane);
    else {
      this.#hooks.leave(lane);
      this.#enter(lane, LEAVING, this.#now + this.#plan.drainMs);
    }
  }

  #begin(lane: number): void {
    const { channelLifetimeMs } = this.#plan;
    const endMs = channelLifetimeMs > 0 ? this.#lanes.sinceMs[lane]! + channelLifetimeMs : Number.POSITIVE_INFINITY;
    this.#enter(lane, SENDING, endMs);
    this.#hooks.begin(lane);
  }

  #enter(lane: number, stage: number, untilMs: number): void {
    this.#stages[lane] = stage;
    this.#moments.disarm(lane);
    if (Number.isFinite(untilMs)) this.#moments.arm(lane, Math.ceil(untilMs));
  }
}
