/** Somebody who waits until a target may carry more. Exactly one of the two is called, once, unless it leaves. */
export interface Waiter {
  /** A target has room: choose again, now. */
  room(): void;
  /** Waited for `waitMs`, or the list was stopped. */
  gaveUp(): void;
}

export interface QueueSettings {
  /** Who may wait at once; 0 = nobody. */
  readonly maxWaiting: number;
  /** How long one waits at most. */
  readonly waitMs: number;
}

export const QUEUE_DEFAULTS: QueueSettings = { maxWaiting: 100, waitMs: 10_000 };

/** A place in the queue: pass it to `leave`. */
export interface QueuePlace {
  readonly waiter: Waiter;
  readonly untilMs: number;
  previous: QueuePlace | undefined;
  next: QueuePlace | undefined;
  isQueued: boolean;
}

/**
 * First come, first served, with a time limit. Leaving costs the same anywhere in the queue, since clients that wait are
 * often those who hang up. One timer, for who waits longest; none while nobody waits.
 */
export class WaitingQueue {
  settings: QueueSettings;
  #first: QueuePlace | undefined;
  #last: QueuePlace | undefined;
  #length = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(settings: QueueSettings) {
    this.settings = settings;
  }

  get length(): number {
    return this.#length;
  }

  /** @returns the place, or undefined when too many wait */
  join(waiter: Waiter, nowMs: number): QueuePlace | undefined {
    if (this.#length >= this.settings.maxWaiting) return undefined;
    const place: QueuePlace = {
      waiter,
      untilMs: nowMs + this.settings.waitMs,
      previous: this.#last,
      next: undefined,
      isQueued: true,
    };
    if (this.#last === undefined) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#length += 1;
    this.#watch(nowMs);
    return place;
  }

  /** Called by who no longer waits, such as a client that closed. Safe to call when its turn has come already. */
  leave(place: QueuePlace): void {
    if (!place.isQueued) return;
    place.isQueued = false;
    if (place.previous === undefined) this.#first = place.next;
    else place.previous.next = place.next;
    if (place.next === undefined) this.#last = place.previous;
    else place.next.previous = place.previous;
    this.#length -= 1;
    if (this.#length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Lets the first in the queue choose. @returns false when nobody waits */
  serve(): boolean {
    const place = this.#first;
    if (place === undefined) return false;
    this.leave(place);
    place.waiter.room();
    return true;
  }

  /** Turns everybody away. */
  stop(): void {
    for (let left = this.#length; left > 0; left--) this.#giveUp();
  }

  /** Turns away those whose time is over. Settings may have changed meanwhile, so each place has its own time. */
  expire(nowMs: number): void {
    for (let left = this.#length; left > 0; left--) {
      if (this.#first === undefined || this.#first.untilMs > nowMs) break;
      this.#giveUp();
    }
  }

  #giveUp(): void {
    const place = this.#first;
    if (place === undefined) return;
    this.leave(place);
    place.waiter.gaveUp();
  }

  #watch(nowMs: number): void {
    if (this.#timer !== undefined || this.#first === undefined) return;
    const check = () => {
      this.#timer = undefined;
      const now = performance.now();
      this.expire(now);
      this.#watch(now);
    };
    this.#timer = setTimeout(check, Math.max(1, this.#first.untilMs - nowMs));
  }
}
