export interface PoolBounds {
  readonly maxOpen: number;
  readonly maxIdle: number;
  readonly maxWaiting: number;
}

/** One who asked for a member. One of the two is called, once. */
export interface Waiter<Member> {
  give(member: Member): void;
  refuse(error: unknown): void;
}

/** What a pool has done by others. Both may call back into it at once. */
export interface PoolActions<Member> {
  /** Begin to open one more; `opened` or `failed` is called for it later. */
  open(): void;
  /** Close one that the pool has forgotten already. */
  discard(member: Member): void;
  /** It waits for the next who asks, from now on. */
  rest(member: Member): void;
}

/** Where all members are. `open + opening <= maxOpen` at every moment. */
export interface PoolCounts {
  /** Idle or in use. */
  open: number;
  idle: number;
  opening: number;
  /** Asked and not answered. */
  waiting: number;
}

/**
 * Who has which member, without sockets, clocks and timers.
 *
 * ```text
 *   acquire ─► idle? the one used last ─────────────────────► out ─► release ─► first waiter? else idle, or discarded
 *      └─────► queue, first come first served ◄─ opened ◄─ open, while fewer are opening than wait and maxOpen allows
 * ```
 */
export class PoolCore<Member> {
  readonly #bounds: PoolBounds;
  readonly #actions: PoolActions<Member>;
  /** The one used last is at the end, so that the others may grow old. */
  readonly #idle: { member: Member; sinceMs: number }[] = [];
  readonly #out = new Set<Member>();
  readonly #waiters = new Set<Waiter<Member>>();
  #opening = 0;
  #stopped: unknown;

  constructor(bounds: PoolBounds, actions: PoolActions<Member>) {
    this.#bounds = bounds;
    this.#actions = actions;
  }

  counts(): PoolCounts {
    const idle = this.#idle.length;
    return { open: idle + this.#out.size, idle, opening: this.#opening, waiting: this.#waiters.size };
  }

  isOut(member: Member): boolean {
    return this.#out.has(member);
  }

  /** Since when the longest idle one is idle. */
  get idleSinceMs(): number | undefined {
    return this.#idle[0]?.sinceMs;
  }

  /** Returns the idle one that was used last; undefined where there is none, also when the pool is stopped. */
  tryAcquire(): Member | undefined {
    const last = this.#idle.pop();
    if (last === undefined) return undefined;
    this.#out.add(last.member);
    return last.member;
  }

  /** @returns false when too many wait already; nobody will then answer `waiter` */
  acquire(waiter: Waiter<Member>): boolean {
    if (this.#stopped !== undefined) {
      waiter.refuse(this.#stopped);
      return true;
    }
    const idle = this.tryAcquire();
    if (idle !== undefined) {
      waiter.give(idle);
      return true;
    }
    // Those for whom one is being opened do not count.
    if (!this.#hasRoom() && this.#waiters.size - this.#opening >= this.#bounds.maxWaiting) return false;
    this.#waiters.add(waiter);
    this.#openMore();
    return true;
  }

  /** It waits no more, and will not be answered. */
  withdraw(waiter: Waiter<Member>): void {
    this.#waiters.delete(waiter);
  }

  opened(member: Member, nowMs: number): void {
    this.#opening -= 1;
    this.#place(member, nowMs);
  }

  failed(error: unknown): void {
    this.#opening -= 1;
    // As long as one is being opened for each who waits, nobody is the one it failed for.
    if (this.#waiters.size > this.#opening) this.#firstWaiter()?.refuse(error);
    this.#openMore();
  }

  /** Call only for one that {@link isOut}. */
  release(member: Member, nowMs: number): void {
    this.#out.delete(member);
    this.#place(member, nowMs);
  }

  /** It closed, or is about to: whoever has it. */
  forget(member: Member): void {
    const at = this.#idle.findIndex((each) => each.member === member);
    if (at >= 0) this.#idle.splice(at, 1);
    else if (!this.#out.delete(member)) return;
    this.#openMore();
  }

  /** Discards those that have been idle since then or longer. */
  expire(sinceMs: number): void {
    while (this.#idle.length > 0 && this.#idle[0]!.sinceMs <= sinceMs)
      this.#actions.discard(this.#idle.shift()!.member);
  }

  /** Refuses all who wait or ask later; what is idle is discarded, and what is out when it is released. */
  stop(error: unknown): void {
    this.#stopped = error;
    this.expire(Number.POSITIVE_INFINITY);
    for (const waiter of this.#waiters) waiter.refuse(error);
    this.#waiters.clear();
  }

  #place(member: Member, nowMs: number): void {
    const waiter = this.#firstWaiter();
    if (waiter !== undefined) {
      this.#out.add(member);
      waiter.give(member);
    } else if (this.#stopped === undefined && this.#idle.length < this.#bounds.maxIdle) {
      this.#idle.push({ member, sinceMs: nowMs });
      this.#actions.rest(member);
    } else {
      this.#actions.discard(member);
    }
  }

  #firstWaiter(): Waiter<Member> | undefined {
    const [first] = this.#waiters;
    if (first !== undefined) this.#waiters.delete(first);
    return first;
  }

  #hasRoom(): boolean {
    return this.#idle.length + this.#out.size + this.#opening < this.#bounds.maxOpen;
  }

  #openMore(): void {
    while (this.#opening < this.#waiters.size && this.#hasRoom()) {
      this.#opening += 1;
      this.#actions.open();
    }
  }
}
