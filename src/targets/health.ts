/** When a target that fails is left alone, and how it comes back. */
export interface HealthOptions {
  /**
   * Connects that must fail one after the other for a target to be taken out; more for one that is known to fail now and then,
   * as many as it hardly ever does by chance. 0 = never taken out. @default {3}
   */
  failures?: number;
  /** Count that many failures within so long, in milliseconds, successes between them or not; 0 = in a row. @default {0} */
  withinMs?: number;
  /** How long it is then left alone, in milliseconds; doubled each time that its trial fails. @default {10000} */
  backOffMs?: number;
  /** The longest that it is left alone. @default {300000} */
  maxBackOffMs?: number;
  /** Check each target so often to see whether it is well, in milliseconds; 0 = only clients tell. @default {0} */
  checkMs?: number;
  /** A check fails when it takes longer. @default {2000} */
  checkTimeoutMs?: number;
}

export type HealthSettings = Readonly<Required<HealthOptions>>;

export const HEALTH_DEFAULTS: HealthSettings = {
  failures: 3,
  withinMs: 0,
  backOffMs: 10_000,
  maxBackOffMs: 300_000,
  checkMs: 0,
  checkTimeoutMs: 2_000,
};

/** Connects needed before the failure rate of a target counts. */
const ENOUGH_CONNECTS = 100;
/** At this many connects both counts are halved, so that old ones fade. */
const MANY_CONNECTS = 2000;
/** The probability below which failures in a row are no chance: at a thousand connects a second, once in three hours. */
const CHANCE = 1e-7;
/** A target that fails this often in a row is out, whatever its failure rate. */
const MOST_IN_ROW = 30;

/** With `withinMs`, the times of at most so many failures are kept. */
export const MAX_COUNTED = 1000;

/**
 * The health of one target. Pure: the time is an argument.
 *
 * ```text
 *     enough failures                back-off over: one connect may try, or the next check does
 *   up ──────────────────────► out ──────────────────────────────────────────────► trial
 *   ▲                           ▲                                                 │    │
 *   │                           └───────────── failed: twice the back-off ────────┘    │
 *   └────────────────────────────────────────── succeeded ─────────────────────────────┘
 * ```
 */
export class Health {
  #settings: HealthSettings;
  #failures = 0;
  #isOut = false;
  #isTrying = false;
  #backOffMs = 0;
  #untilMs = 0;
  #outSinceMs = 0;
  /** Connects to it while it was in, and those of them that failed before one that did not. */
  #connects = 0;
  #failed = 0;
  /** With `withinMs`: a ring of the times of the last failures. */
  #times: Float64Array | undefined;
  #nextTime = 0;

  constructor(settings: HealthSettings) {
    this.#settings = settings;
  }

  get settings(): HealthSettings {
    return this.#settings;
  }

  /** Takes other settings; what is known stays, but for failures that were counted by another rule. */
  configure(settings: HealthSettings): void {
    const { failures, withinMs } = this.#settings;
    if (settings.failures !== failures || settings.withinMs !== withinMs) this.#times = undefined;
    this.#settings = settings;
  }

  get isOut(): boolean {
    return this.#isOut;
  }

  /** How long it is left alone for, when it is out. */
  get backOffMs(): number {
    return this.#backOffMs;
  }

  /** Since when it is out, when it is. */
  get outSinceMs(): number {
    return this.#outSinceMs;
  }

  /** When a client's connect may try it, when it is out; `undefined` where checks do. */
  get nextTryMs(): number | undefined {
    return this.#settings.checkMs > 0 ? undefined : this.#untilMs;
  }

  /** Whether clients may be sent there: it is up, or its trial is due. With checks, only checks make the trial. */
  isUsable(nowMs: number): boolean {
    return !this.#isOut || (this.#settings.checkMs === 0 && !this.#isTrying && nowMs >= this.#untilMs);
  }

  /** A connect begins. @returns whether it is the trial of a target that is out: pass that on to how it ends */
  began(nowMs: number): boolean {
    if (!this.#isOut || this.#isTrying || nowMs < this.#untilMs) return false;
    this.#isTrying = true;
    return true;
  }

  /** The connect was given up before it was known how it ends: a trial is still due. */
  cancelled(isTrial: boolean): void {
    if (isTrial) this.#isTrying = false;
  }

  /** @returns true when the target was out, and is up from now on */
  succeeded(): boolean {
    const wasOut = this.#isOut;
    if (!wasOut) this.#learn(this.#failures);
    this.#failures = 0;
    this.#backOffMs = 0;
    this.#isOut = false;
    this.#isTrying = false;
    return wasOut;
  }

  /** @returns true when the target was up, and is out from now on */
  failed(nowMs: number, isTrial: boolean): boolean {
    const { failures, backOffMs, maxBackOffMs } = this.#settings;
    this.#failures += 1;
    if (this.#isOut) {
      // Connects that began before it was taken out, or had no better target, fail too. They do not double the back-off.
      if (isTrial) this.#leaveAlone(nowMs, Math.min(this.#backOffMs * 2, maxBackOffMs));
      return false;
    }
    if (failures === 0 || !this.#isEnough(nowMs)) return false;
    this.#isOut = true;
    this.#times = undefined;
    this.#outSinceMs = nowMs;
    this.#leaveAlone(nowMs, Math.min(backOffMs, maxBackOffMs));
    return true;
  }

  #isEnough(nowMs: number): boolean {
    const { failures, withinMs } = this.#settings;
    if (withinMs === 0) return this.#failures >= Math.max(failures, this.#leastInRow);
    this.#times ??= new Float64Array(failures).fill(Number.NEGATIVE_INFINITY);
    this.#times[this.#nextTime % failures] = nowMs;
    this.#nextTime = (this.#nextTime + 1) % failures;
    // The oldest of the last `failures`.
    return nowMs - this.#times[this.#nextTime]! <= withinMs;
  }

  /** Returns how many failures in a row are hardly chance at this target's failure rate. */
  get #leastInRow(): number {
    if (this.#connects < ENOUGH_CONNECTS) return 0;
    return Math.min(MOST_IN_ROW, Math.ceil(Math.log(CHANCE) / Math.log(this.#failed / this.#connects)));
  }

  /** One connect worked after so many that failed. */
  #learn(failures: number): void {
    this.#connects += failures + 1;
    this.#failed += failures;
    if (this.#connects <= MANY_CONNECTS) return;
    this.#connects /= 2;
    this.#failed /= 2;
  }

  #leaveAlone(nowMs: number, forMs: number): void {
    this.#isTrying = false;
    this.#backOffMs = forMs;
    this.#untilMs = nowMs + forMs;
  }
}
