/** Returns a moment in 32 bits: microseconds of the run, modulo 2^32 (71 minutes). */
export function microsecondsOf(ms: number): number {
  return (Math.round(ms * 1000) % 4294967296) >>> 0;
}

/**
 * Returns the microseconds from one such moment to a later one, also when the counter has wrapped around.
 *
 * @example
 * elapsedUs(4294967290, 10); // 16
 */
export function elapsedUs(fromUs: number, toUs: number): number {
  return (toUs - fromUs) >>> 0;
}

/**
 * The messages of each connection that have no answer yet, oldest first, and behind them those that wait for their turn.
 *
 * ```text
 *   slot 7:  oldest ─► sent ─► sent ─► waiting ─► waiting ◄─ newest
 *                                      └ nextWaiting
 *   nodes:   planned │ sent │ next │ before     16 bytes a message under way, one pool for all slots, free ones in a chain
 * ```
 *
 * 20 bytes a connection and 16 a message; the pool doubles when it must and is bounded by `maxPerSlot` × slots.
 */
export class InFlight {
  readonly maxPerSlot: number;
  readonly #oldest: Int32Array;
  readonly #newest: Int32Array;
  readonly #nextWaiting: Int32Array;
  readonly #sentCount: Int32Array;
  readonly #waitingCount: Int32Array;
  #planned = new Uint32Array(1024);
  #sent = new Uint32Array(1024);
  #next = new Int32Array(1024);
  #before = new Int32Array(1024);
  #free = -1;
  #used = 0;
  #underWay = 0;
  #waiting = 0;

  constructor(slots: number, maxPerSlot: number) {
    this.maxPerSlot = maxPerSlot;
    this.#oldest = new Int32Array(slots).fill(-1);
    this.#newest = new Int32Array(slots).fill(-1);
    this.#nextWaiting = new Int32Array(slots).fill(-1);
    this.#sentCount = new Int32Array(slots);
    this.#waitingCount = new Int32Array(slots);
  }

  /** Sent and unanswered, over all slots. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Waiting to be sent, over all slots. */
  get waiting(): number {
    return this.#waiting;
  }

  unanswered(slot: number): number {
    return this.#sentCount[slot]!;
  }

  waitingOn(slot: number): number {
    return this.#waitingCount[slot]!;
  }

  hasRoom(slot: number): boolean {
    return this.#sentCount[slot]! + this.#waitingCount[slot]! < this.maxPerSlot;
  }

  /** A message left at `sentUs`. Only for slots where none waits: order is all that ties an answer to its message. */
  pushSent(slot: number, plannedUs: number, sentUs: number): void {
    const node = this.#append(slot, plannedUs);
    this.#sent[node] = sentUs;
    this.#sentCount[slot]! += 1;
    this.#underWay += 1;
  }

  pushWaiting(slot: number, plannedUs: number): void {
    const node = this.#append(slot, plannedUs);
    if (this.#nextWaiting[slot]! < 0) this.#nextWaiting[slot] = node;
    this.#waitingCount[slot]! += 1;
    this.#waiting += 1;
  }

  /** When the first that waits was planned; only where `waitingOn(slot) > 0`. */
  waitingSinceUs(slot: number): number {
    return this.#planned[this.#nextWaiting[slot]!]!;
  }

  /** The first waiting message was sent. */
  sendWaiting(slot: number, sentUs: number): void {
    const node = this.#nextWaiting[slot]!;
    this.#sent[node] = sentUs;
    this.#nextWaiting[slot] = this.#next[node]!;
    this.#leaveWaiting(slot);
    this.#sentCount[slot]! += 1;
    this.#underWay += 1;
  }

  /** Drops the first waiting message. */
  dropWaiting(slot: number): void {
    const node = this.#nextWaiting[slot]!;
    const after = this.#next[node]!;
    this.#nextWaiting[slot] = after;
    if (this.#oldest[slot] === node) {
      this.#oldest[slot] = after;
      if (after < 0) this.#newest[slot] = -1;
    } else {
      const before = this.#before[node]!;
      this.#next[before] = after;
      if (after < 0) this.#newest[slot] = before;
    }
    if (after >= 0) this.#before[after] = this.#before[node]!;
    this.#release(node);
    this.#leaveWaiting(slot);
  }

  /**
   * Takes an unanswered message: its node, readable until the next push, or -1.
   *
   * @param position among those of its slot that are unanswered, 0 = the oldest; takes as many steps, or as there are younger ones
   */
  take(slot: number, position = 0): number {
    if (this.#sentCount[slot]! <= position) return -1;
    const node = this.at(slot, position);
    const before = this.#before[node]!;
    const after = this.#next[node]!;
    if (before < 0) this.#oldest[slot] = after;
    else this.#next[before] = after;
    if (after < 0) this.#newest[slot] = before;
    else this.#before[after] = before;
    this.#release(node);
    this.#sentCount[slot]! -= 1;
    this.#underWay -= 1;
    return node;
  }

  /** The node of an unanswered message; only where `unanswered(slot)` is more than its position. */
  at(slot: number, position: number): number {
    const younger = this.#sentCount[slot]! - 1 - position;
    // Where some answers never come, theirs are the oldest messages, and the others are nearer to the youngest.
    if (younger < position && this.#waitingCount[slot] === 0) {
      let node = this.#newest[slot]!;
      for (let step = 0; step < younger; step++) node = this.#before[node]!;
      return node;
    }
    let node = this.#oldest[slot]!;
    for (let step = 0; step < position; step++) node = this.#next[node]!;
    return node;
  }

  plannedUs(node: number): number {
    return this.#planned[node]!;
  }

  sentUs(node: number): number {
    return this.#sent[node]!;
  }

  /** Forgets the slot's messages: its connection is gone. Read `unanswered` and `waitingOn` before. */
  clear(slot: number): void {
    for (let node = this.#oldest[slot]!; node >= 0; ) {
      const after = this.#next[node]!;
      this.#release(node);
      node = after;
    }
    this.#underWay -= this.#sentCount[slot]!;
    this.#waiting -= this.#waitingCount[slot]!;
    this.#oldest[slot] = -1;
    this.#newest[slot] = -1;
    this.#nextWaiting[slot] = -1;
    this.#sentCount[slot] = 0;
    this.#waitingCount[slot] = 0;
  }

  #leaveWaiting(slot: number): void {
    this.#waitingCount[slot]! -= 1;
    this.#waiting -= 1;
  }

  #append(slot: number, plannedUs: number): number {
    const node = this.#allocate();
    this.#planned[node] = plannedUs;
    this.#next[node] = -1;
    const newest = this.#newest[slot]!;
    this.#before[node] = newest;
    if (newest < 0) this.#oldest[slot] = node;
    else this.#next[newest] = node;
    this.#newest[slot] = node;
    return node;
  }

  #allocate(): number {
    const node = this.#free;
    if (node >= 0) {
      this.#free = this.#next[node]!;
      return node;
    }
    if (this.#used === this.#next.length) this.#grow();
    this.#used += 1;
    return this.#used - 1;
  }

  #release(node: number): void {
    this.#next[node] = this.#free;
    this.#free = node;
  }

  #grow(): void {
    const [planned, sent, next, before] = [this.#planned, this.#sent, this.#next, this.#before];
    this.#planned = new Uint32Array(planned.length * 2);
    this.#sent = new Uint32Array(planned.length * 2);
    this.#next = new Int32Array(planned.length * 2);
    this.#before = new Int32Array(planned.length * 2);
    this.#planned.set(planned);
    this.#sent.set(sent);
    this.#next.set(next);
    this.#before.set(before);
  }
}
