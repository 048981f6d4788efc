import { waterLevel } from "./water-level.ts";

/** What may be saved up while nothing moves: two ticks' worth, so that a tick that comes late loses nothing. */
export const BURST_MS = 100;

/** How often a tick deals out what is left over. */
const ROUNDS = 4;

/** Who is hungry for so many ticks is taken to stay so. Less is a word that came while others spoke. */
const LASTING_TICKS = 4;

/** What a reader is given at least beyond its debt: a single byte lets its next chunk in, and rounding must not make it none. */
const LEAST_BYTES = 2;

/** What one connection may move in one direction. Negative: it moved more than it had, which is paid back first. */
export interface Pace<Owner> {
  owner: Owner | undefined;
  /** Of its own rate, at `ownMs`. */
  own: number;
  ownMs: number;
  /** Of the rate in all; what it leaves unused goes back at the next tick. */
  credit: number;
  /** Bytes it moved in the tick that began at `movedMs`, half of those in the one before, and so on: twice its usual, or more. */
  moved: number;
  movedMs: number;
  waiting: boolean;
  /** At so many ticks, one after the other, it would have moved more than there was for it; the last was at `hungryMs`. */
  hungryTicks: number;
  hungryMs: number;
}

/**
 * One direction of one event loop: a bucket for each connection that moves bytes, and one for all of them.
 *
 * ```text
 *   rate in all ─► pool ─┬─ by demand, max-min fair, each tick ─► credit ┐
 *                        └─ while nobody waits, first come ──────────────┤ room = the smaller ─► used
 *   rate of each ──────────────────────────────────────────────► own ────┘
 * ```
 *
 * Bytes that could not be refused (a read brings what it brings) make debt. So over any time no more moves than
 * rate × time, plus one burst, plus one chunk for each connection. Who has no room waits and is told at a tick.
 *
 * How much a reader would read nobody knows before it does. Credit that it leaves unused is lost to the others for a tick, and a
 * hundred that say a word now and then would take the rate from one that has much to say. So it gets its debt and about
 * twice what it moves in a tick; who exhausts that has half as much again the next time.
 */
export class Lane<Owner> {
  readonly #goOn: (owner: Owner) => void;
  readonly #usesAtOnce: boolean;
  #eachPerSecond = 0;
  #totalPerSecond = 0;
  #pool = 0;
  #tickMs = 0;
  #waiting: Pace<Owner>[] = [];
  /** Those that got credit at the last tick. */
  #granted: Pace<Owner>[] = [];
  #demands = new Float64Array(16);
  #hungry: Pace<Owner>[] = [];
  #hungryBefore: Pace<Owner>[] = [];
  #lasting = 0;
  #modestBytes = 0;
  #spilledBytes = 0;

  /**
   * @param goOn called at the tick at which a waiting owner has room again; it waits no longer
   * @param usesAtOnce what `goOn` did not use when it returns is for others, in the same tick
   */
  constructor(goOn: (owner: Owner) => void, usesAtOnce: boolean) {
    this.#goOn = goOn;
    this.#usesAtOnce = usesAtOnce;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many would move more, and have wanted to for some ticks, if the rate in all were higher. */
  get hungry(): number {
    return this.#lasting;
  }

  /** Bytes that all others moved, since the lane was made. */
  get modestBytes(): number {
    return this.#modestBytes;
  }

  /** Bytes of the rate in all that nobody here moved in time, since the lane was made. */
  get spilledBytes(): number {
    return this.#spilledBytes;
  }

  join(owner: Owner, nowMs: number): Pace<Owner> {
    return {
      owner,
      own: burstOf(this.#eachPerSecond),
      ownMs: nowMs,
      credit: 0,
      moved: 0,
      movedMs: nowMs,
      waiting: false,
      hungryTicks: 0,
      hungryMs: Number.NEGATIVE_INFINITY,
    };
  }

  /** What it owes stays owed by all, and who comes when nothing is left must wait: connecting anew is no way around the rate. */
  leave(pace: Pace<Owner>): void {
    pace.owner = undefined;
    if (this.#totalPerSecond > 0) this.#pool += pace.credit;
    pace.credit = 0;
  }

  /** New rates in bytes per second, from now on; 0 = no bound. Those that nothing bounds any more go on at once. */
  setRates(eachPerSecond: number, totalPerSecond: number, nowMs: number): void {
    const [eachBegins, totalBegins] = [this.#eachPerSecond === 0, this.#totalPerSecond === 0];
    this.#eachPerSecond = eachPerSecond;
    this.#totalPerSecond = totalPerSecond;
    if (totalBegins) [this.#pool, this.#tickMs] = [burstOf(totalPerSecond), nowMs];
    this.#granted.length = 0;
    for (const pace of this.#waiting) {
      // What was owed under a rate that is off is forgiven.
      if (eachBegins || eachPerSecond === 0) [pace.own, pace.ownMs] = [0, nowMs];
      if (totalBegins || totalPerSecond === 0) pace.credit = 0;
    }
    this.#release(nowMs);
  }

  /** This loop's part of the rate in all; changes from tick to tick as connections come and go. */
  setShare(totalPerSecond: number): void {
    this.#totalPerSecond = totalPerSecond;
  }

  /** Whole bytes that may move now; `Infinity` without a bound. */
  room(pace: Pace<Owner>, nowMs: number): number {
    this.#refill(pace, nowMs);
    let room = this.#eachPerSecond > 0 ? pace.own : Number.POSITIVE_INFINITY;
    if (this.#totalPerSecond > 0) room = Math.min(room, pace.credit + Math.max(0, this.#pool));
    return Math.max(0, Math.floor(room));
  }

  /** Counts `bytes` that moved, more than there was room for if it could not be helped. */
  used(pace: Pace<Owner>, bytes: number, nowMs: number): void {
    this.#refill(pace, nowMs);
    if (this.#eachPerSecond > 0) pace.own -= bytes;
    if (this.#totalPerSecond === 0) return;
    if (pace.hungryTicks < LASTING_TICKS) this.#modestBytes += bytes;
    if (pace.movedMs !== this.#tickMs) [pace.moved, pace.movedMs] = [pace.moved / 2, this.#tickMs];
    pace.moved += bytes;
    const beyond = Math.max(0, bytes - Math.max(0, pace.credit));
    const pooled = Math.min(beyond, Math.max(0, this.#pool));
    this.#pool -= pooled;
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

  /**
   * Time came to `nowMs`: deals out what it brought, and tells those that have room.
   *
   * @param giftBytes what other event loops left of the rate in all
   */
  tick(nowMs: number, giftBytes = 0): void {
    const total = this.#totalPerSecond;
    if (total > 0) this.#fill((total * (nowMs - this.#tickMs)) / 1000, burstOf(total), giftBytes);
    this.#tickMs = nowMs;
    for (let round = 0; round < ROUNDS && this.#waiting.length > 0; round++) {
      if (!this.#release(nowMs) || total === 0) break;
      if (this.#usesAtOnce) this.#takeBack();
      if (this.#pool < 1) break;
    }
    if (total === 0) return;
    for (const pace of this.#waiting) if (this.#eachPerSecond === 0 || pace.own >= 1) this.#markHungry(pace);
    this.#countLasting();
  }

  #countLasting(): void {
    this.#lasting = 0;
    for (const pace of this.#hungryBefore) if (pace.hungryMs !== this.#tickMs) pace.hungryTicks = 0;
    for (const pace of this.#hungry) {
      pace.hungryTicks += 1;
      if (pace.hungryTicks >= LASTING_TICKS) this.#lasting += 1;
    }
    [this.#hungry, this.#hungryBefore] = [this.#hungryBefore, this.#hungry];
    this.#hungry.length = 0;
  }

  #fill(bytes: number, mostBytes: number, giftBytes: number): void {
    this.#takeBack();
    const over = this.#pool + bytes - mostBytes;
    // A gift that is not used either is gone: it must not go round.
    if (over > 0) this.#spilledBytes += Math.min(over, bytes);
    this.#pool = Math.min(this.#pool + bytes, mostBytes) + giftBytes;
  }

  #markHungry(pace: Pace<Owner>): void {
    if (pace.hungryMs === this.#tickMs) return;
    pace.hungryMs = this.#tickMs;
    this.#hungry.push(pace);
  }

  /** What was granted and not used. */
  #takeBack(): void {
    for (const pace of this.#granted) {
      if (pace.credit <= 0) continue;
      this.#pool += pace.credit;
      pace.credit = 0;
    }
    this.#granted.length = 0;
  }

  /** @returns whether anybody went on */
  #release(nowMs: number): boolean {
    const waiting = this.#waiting;
    const going: Pace<Owner>[] = [];
    this.#waiting = [];
    const level = this.#totalPerSecond > 0 && this.#pool > 0 ? this.#levelOf(waiting, nowMs) : 0;
    for (const pace of waiting) {
      if (pace.owner === undefined) continue;
      if (level > 0) this.#grant(pace, level);
      if (this.#mayGoOn(pace, nowMs)) going.push(pace);
      else this.#waiting.push(pace);
    }
    if (this.#totalPerSecond > 0) for (const pace of going) this.#granted.push(pace);
    for (const pace of going) {
      pace.waiting = false;
      if (pace.owner !== undefined) this.#goOn(pace.owner);
    }
    return going.length > 0;
  }

  #levelOf(waiting: readonly Pace<Owner>[], nowMs: number): number {
    if (this.#demands.length < waiting.length) this.#demands = new Float64Array(waiting.length * 2);
    let count = 0;
    for (const pace of waiting) {
      if (pace.owner === undefined) continue;
      this.#refill(pace, nowMs);
      this.#demands[count++] = this.#demandOf(pace);
    }
    return waterLevel(this.#demands, count, this.#pool);
  }

  #grant(pace: Pace<Owner>, level: number): void {
    const demand = this.#demandOf(pace);
    // A writer's is without end; whether it has more to say shows when it is told.
    if (!this.#usesAtOnce && demand > level) this.#markHungry(pace);
    const share = Math.min(level, demand, Math.max(0, this.#pool));
    pace.credit += share;
    this.#pool -= share;
  }

  /** Debt is part of it: those bytes are moved already. */
  #demandOf(pace: Pace<Owner>): number {
    const allowed = this.#eachPerSecond > 0 ? Math.max(0, pace.own) : Number.POSITIVE_INFINITY;
    const wanted = this.#usesAtOnce ? allowed : Math.min(allowed, Math.max(LEAST_BYTES, pace.moved));
    return Math.max(0, wanted - pace.credit);
  }

  #mayGoOn(pace: Pace<Owner>, nowMs: number): boolean {
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

/** At least one byte, or a slow rate would never move one. */
function burstOf(perSecond: number): number {
  return Math.max(1, (perSecond * BURST_MS) / 1000);
}
