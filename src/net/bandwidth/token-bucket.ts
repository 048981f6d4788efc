import { waterLevel } from "./water-level.ts";
import { burstOf, type WorkerShare } from "./worker-share.ts";

/** Rounds in which a tick redistributes what writers left unused. */
const ROUNDS = 4;

/** The least a reader is granted beyond its debt: one byte lets its next chunk in, and rounding must not make it none. */
const LEAST_BYTES = 2;

/** Bytes that one connection may move in one direction. Negative is debt: it moved more than it had, and pays that back first. */
export interface Pace<Owner> {
  owner: Owner | undefined;
  /** Of its own rate, at `ownMs`. */
  own: number;
  ownMs: number;
  /** Of the total rate; what it leaves unused goes back at the next tick. */
  credit: number;
  /** Bytes moved in the tick that began at `movedMs`, half of those in the one before, and so on: about twice the usual. */
  moved: number;
  movedMs: number;
  /** Bytes that it took from the pool in that tick. */
  pooled: number;
  waiting: boolean;
}

/**
 * The token buckets of one direction on one worker: one for each connection that moves bytes, and this worker's share of the
 * bucket of the total rate.
 *
 * ```text
 *   total rate ─► share ─┬─ waiting: by demand, max-min fair, each tick ─► credit ┐
 *                        └─ others: first come, until the next tick ──────► pool ─┤ room = the smaller ─► used
 *   rate of each ──────────────────────────────────────────────────────► own ─────┘
 * ```
 *
 * A read brings what it brings: bytes that could not be refused become debt. So in any period at most rate × time moves, plus one
 * burst, plus one chunk for each connection. A connection without room waits, and resumes at a tick.
 *
 * Nobody knows how much a reader will read. If each got the same, a hundred that read a few bytes now and then would leave most of
 * the rate unused. So a reader's demand is its debt and about twice what it moves in a tick; one that uses all of that demands
 * half as much again the next time.
 */
export class TokenBucket<Owner> {
  readonly #resume: (owner: Owner) => void;
  readonly #usesAtOnce: boolean;
  readonly #share: WorkerShare;
  #eachPerSecond = 0;
  #totalPerSecond = 0;
  /** Connections that do not wait may move so much until the next tick, first come. Negative: debt of connections that left. */
  #pool = 0;
  /** Within a tick: bytes that waiting connections may still be granted. */
  #claimed = 0;
  #tickMs = 0;
  #tickBeforeMs = 0;
  #waiting: Pace<Owner>[] = [];
  /** Resumed with credit at the last tick. */
  #granted: Pace<Owner>[] = [];
  #demands = new Float64Array(16);
  /** Within a tick: bytes that each waiting connection may still be granted, and that each backlogged one was. */
  #levelLeft = Number.POSITIVE_INFINITY;
  #levelGranted = 0;
  #backlogged = 0;

  /**
   * @param resume called at the tick at which a waiting owner has room again; it waits no longer
   * @param usesAtOnce what `resume` left unused when it returns is redistributed in the same tick
   */
  constructor(resume: (owner: Owner) => void, usesAtOnce: boolean, share: WorkerShare) {
    this.#resume = resume;
    this.#usesAtOnce = usesAtOnce;
    this.#share = share;
  }

  /** Connections that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  join(owner: Owner, nowMs: number): Pace<Owner> {
    return {
      owner,
      own: burstOf(this.#eachPerSecond),
      ownMs: nowMs,
      credit: 0,
      moved: 0,
      movedMs: nowMs,
      pooled: 0,
      waiting: false,
    };
  }

  /** Its debt becomes everybody's, so that reconnecting is no way around the rate. */
  leave(pace: Pace<Owner>): void {
    pace.owner = undefined;
    if (this.#totalPerSecond > 0) this.#pool += pace.credit;
    pace.credit = 0;
  }

  /** Sets the rates in bytes per second; 0 = no bound. Connections that nothing bounds any more resume at once. */
  setRates(eachPerSecond: number, totalPerSecond: number, nowMs: number): void {
    const [eachBegins, totalBegins] = [this.#eachPerSecond === 0, this.#totalPerSecond === 0];
    this.#eachPerSecond = eachPerSecond;
    this.#totalPerSecond = totalPerSecond;
    if (totalBegins) [this.#pool, this.#tickMs] = [this.#share.begin(totalPerSecond, nowMs), nowMs];
    else this.#share.setRate(totalPerSecond);
    this.#granted.length = 0;
    for (const pace of this.#waiting) {
      // Debt under a rate that is off is forgiven.
      if (eachBegins || eachPerSecond === 0) [pace.own, pace.ownMs] = [0, nowMs];
      if (totalBegins || totalPerSecond === 0) pace.credit = 0;
    }
    [this.#claimed, this.#pool] = [this.#pool, 0];
    this.#release(nowMs);
    [this.#claimed, this.#pool] = [0, this.#pool + this.#claimed];
  }

  /** Returns the whole bytes that may move now; `Infinity` without a bound. */
  room(pace: Pace<Owner>, nowMs: number): number {
    this.#refill(pace, nowMs);
    let room = this.#eachPerSecond > 0 ? pace.own : Number.POSITIVE_INFINITY;
    if (this.#totalPerSecond > 0) room = Math.min(room, pace.credit + Math.max(0, this.#pool));
    return Math.max(0, Math.floor(room));
  }

  /** Counts bytes that moved, beyond the room too where they could not be refused. */
  used(pace: Pace<Owner>, bytes: number, nowMs: number): void {
    this.#refill(pace, nowMs);
    if (this.#eachPerSecond > 0) pace.own -= bytes;
    if (this.#totalPerSecond === 0) return;
    if (pace.movedMs !== this.#tickMs) [pace.moved, pace.movedMs, pace.pooled] = [pace.moved / 2, this.#tickMs, 0];
    pace.moved += bytes;
    const beyond = Math.max(0, bytes - Math.max(0, pace.credit));
    const pooled = Math.min(beyond, Math.max(0, this.#pool));
    this.#pool -= pooled;
    pace.pooled += pooled;
    pace.credit -= bytes - pooled;
  }

  /** Counts `bytes` that moved already. @returns whether there is room for more; if not, it waits */
  spend(pace: Pace<Owner>, bytes: number, nowMs: number): boolean {
    this.used(pace, bytes, nowMs);
    if (this.room(pace, nowMs) > 0) return true;
    this.wait(pace);
    return false;
  }

  wait(pace: Pace<Owner>): void {
    if (pace.waiting) return;
    pace.waiting = true;
    this.#waiting.push(pace);
  }

  /** Grants what time brought, and resumes the connections that have room. */
  tick(nowMs: number): void {
    this.#tickBeforeMs = this.#tickMs;
    this.#tickMs = nowMs;
    if (this.#totalPerSecond === 0) this.#release(nowMs);
    else this.#tickShared(nowMs);
  }

  #tickShared(nowMs: number): void {
    this.#reclaimUnused();
    this.#claimed = this.#share.open(this.#claimed + this.#pool, nowMs);
    this.#levelLeft = this.#share.level();
    [this.#pool, this.#levelGranted, this.#backlogged] = [0, 0, 0];
    for (let round = 0; round < ROUNDS && this.#waiting.length > 0; round++) {
      if (!this.#release(nowMs) || !this.#usesAtOnce) break;
      this.#reclaimUnused();
      if (this.#claimed < 1 || this.#levelLeft < 1) break;
    }
    // How much more a writer has shows when it is resumed: it waits again.
    if (this.#usesAtOnce) {
      this.#backlogged = 0;
      for (const pace of this.#waiting) if (this.#eachPerSecond === 0 || pace.own >= 1) this.#backlogged += 1;
    }
    this.#pool = this.#share.close(this.#claimed + this.#pool, this.#backlogged, this.#levelGranted);
    this.#claimed = 0;
    this.#levelLeft = Number.POSITIVE_INFINITY;
  }

  #reclaimUnused(): void {
    for (const pace of this.#granted) {
      if (pace.credit <= 0) continue;
      this.#claimed += pace.credit;
      pace.credit = 0;
    }
    this.#granted.length = 0;
  }

  /** @returns whether any connection resumed */
  #release(nowMs: number): boolean {
    const waiting = this.#waiting;
    const resumed: Pace<Owner>[] = [];
    this.#waiting = [];
    const level = this.#totalPerSecond > 0 && this.#claimed > 0 ? this.#levelOf(waiting, nowMs) : 0;
    this.#levelLeft -= level;
    this.#levelGranted += level;
    for (const pace of waiting) {
      if (pace.owner === undefined) continue;
      if (level > 0) this.#grant(pace, level);
      else if (this.#demandOf(pace) > 0) this.#backlogged += 1;
      if (this.#mayResume(pace, nowMs)) resumed.push(pace);
      else this.#waiting.push(pace);
    }
    if (this.#totalPerSecond > 0) for (const pace of resumed) this.#granted.push(pace);
    for (const pace of resumed) {
      pace.waiting = false;
      if (pace.owner !== undefined) this.#resume(pace.owner);
    }
    return resumed.length > 0;
  }

  #levelOf(waiting: readonly Pace<Owner>[], nowMs: number): number {
    if (this.#demands.length < waiting.length) this.#demands = new Float64Array(waiting.length * 2);
    let count = 0;
    for (const pace of waiting) {
      if (pace.owner === undefined) continue;
      this.#refill(pace, nowMs);
      this.#demands[count++] = this.#demandOf(pace);
    }
    return Math.min(this.#levelLeft, this.#claimed, waterLevel(this.#demands, count, this.#claimed));
  }

  #grant(pace: Pace<Owner>, level: number): void {
    const demand = this.#demandOf(pace);
    // What it took from the pool since the last tick is part of what it is granted in this one.
    const taken = this.#levelLeft < Number.POSITIVE_INFINITY && pace.movedMs === this.#tickBeforeMs ? pace.pooled : 0;
    pace.pooled -= Math.min(taken, level);
    const most = Math.max(0, level - taken);
    if (demand > most) this.#backlogged += 1;
    const share = Math.min(most, demand, this.#claimed);
    pace.credit += share;
    this.#claimed -= share;
  }

  /** Includes the debt: those bytes have moved already. */
  #demandOf(pace: Pace<Owner>): number {
    const allowed = this.#eachPerSecond > 0 ? Math.max(0, pace.own) : Number.POSITIVE_INFINITY;
    const wanted = this.#usesAtOnce ? allowed : Math.min(allowed, Math.max(LEAST_BYTES, pace.moved));
    return Math.max(0, wanted - pace.credit);
  }

  #mayResume(pace: Pace<Owner>, nowMs: number): boolean {
    this.#refill(pace, nowMs);
    const ownRoom = this.#eachPerSecond === 0 || pace.own >= 1;
    return ownRoom && (this.#totalPerSecond === 0 || pace.credit >= 1);
  }

  #refill(pace: Pace<Owner>, nowMs: number): void {
    const rate = this.#eachPerSecond;
    if (rate > 0 && nowMs > pace.ownMs)
      pace.own = Math.min(pace.own + (rate * (nowMs - pace.ownMs)) / 1000, burstOf(rate));
    pace.ownMs = nowMs;
  }
}
