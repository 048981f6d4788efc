/** A moment so small that it fits: microseconds of the run, modulo 2^32 (71 minutes). */
export function microsecondsOf(ms: number): number {
  return (Math.round(ms * 1000) % 4294967296) >>> 0;
}

/**
 * Microseconds from one such moment to a later one, across the turn of the clock.
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
 *   lane 7:  oldest ─► sent ─► sent ─► waiting ─► waiting ◄─ newest
 *                                      └ nextWaiting
 *   nodes:   planned │ sent │ next     12 bytes a message under way, one pool for all lanes, free ones in a chain
 * ```
 *
 * 20 bytes a connection and 12 a message; the pool doubles when it must and is bounded by `maxPerLane` × lanes.
 */
export class InFlight {
  readonly maxPerLane: number;
  readonly #oldest: Int32Array;
  readonly #newest: Int32Array;
  readonly #nextWaiting: Int32Array;
  readonly #sentCount: Int32Array;
  readonly #waitingCount: Int32Array;
  #planned = new Uint32Array(1024);
  #sent = new Uint32Array(1024);
  #next = new Int32Array(1024);
  #free = -1;
  #used = 0;
  #underWay = 0;
  #waiting = 0;

  constructor(lanes: number, maxPerLane: number) {
    this.maxPerLane = maxPerLane;
    this.#oldest = new Int32Array(lanes).fill(-1);
    this.#newest = new Int32Array(lanes).fill(-1);
    this.#nextWaiting = new Int32Array(lanes).fill(-1);
    this.#sentCount = new Int32Array(lanes);
    this.#waitingCount = new Int32Array(lanes);
  }

  /** Sent and unanswered, over all lanes. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Waiting to be sent, over all lanes. */
  get waiting(): number {
    return this.#waiting;
  }

  unanswered(lane: number): number {
    return this.#sentCount[lane]!;
  }

  waitingOn(lane: number): number {
    return this.#waitingCount[lane]!;
  }

  hasRoom(lane: number): boolean {
    return this.#sentCount[lane]! + this.#waitingCount[lane]! < this.maxPerLane;
  }

  /** A message left at `sentUs`. Only for lanes where none waits: order is all that ties an answer to its message. */
  pushSent(lane: number, plannedUs: number, sentUs: number): void {
    const node = this.#append(lane, plannedUs);
    this.#sent[node] = sentUs;
    this.#sentCount[lane]! += 1;
    this.#underWay += 1;
  }

  pushWaiting(lane: number, plannedUs: number): void {
    const node = this.#append(lane, plannedUs);
    if (this.#nextWaiting[lane]! < 0) this.#nextWaiting[lane] = node;
    this.#waitingCount[lane]! += 1;
    this.#waiting += 1;
  }

  /** When the first that waits was planned; only where `waitingOn(lane) > 0`. */
  waitingSinceUs(lane: number): number {
    return this.#planned[this.#nextWaiting[lane]!]!;
  }

  /** The first that waits was sent. */
  sendWaiting(lane: number, sentUs: number): void {
    const node = this.#nextWaiting[lane]!;
    this.#sent[node] = sentUs;
    this.#nextWaiting[lane] = this.#next[node]!;
    this.#leaveWaiting(lane);
    this.#sentCount[lane]! += 1;
    this.#underWay += 1;
  }

  /** The first that waits will not be sent any more. O(1) where nothing is under way on the lane, else O(unanswered). */
  dropWaiting(lane: number): void {
    const node = this.#nextWaiting[lane]!;
    const after = this.#next[node]!;
    this.#nextWaiting[lane] = after;
    if (this.#oldest[lane] === node) {
      this.#oldest[lane] = after;
      if (after < 0) this.#newest[lane] = -1;
    } else {
      let before = this.#oldest[lane]!;
      while (this.#next[before] !== node) before = this.#next[before]!;
      this.#next[before] = after;
      if (after < 0) this.#newest[lane] = before;
    }
    this.#release(node);
    this.#leaveWaiting(lane);
  }

  /** Takes the oldest unanswered message: its node, readable until the next push, or -1. */
  pop(lane: number): number {
    if (this.#sentCount[lane]! === 0) return -1;
    const node = this.#oldest[lane]!;
    const after = this.#next[node]!;
    this.#oldest[lane] = after;
    if (after < 0) this.#newest[lane] = -1;
    this.#release(node);
    this.#sentCount[lane]! -= 1;
    this.#underWay -= 1;
    return node;
  }

  plannedUs(node: number): number {
    return this.#planned[node]!;
  }

  sentUs(node: number): number {
    return this.#sent[node]!;
  }

  /** Forgets the lane's messages: its connection is gone. Read `unanswered` and `waitingOn` before. */
  clear(lane: number): void {
    for (let node = this.#oldest[lane]!; node >= 0; ) {
      const after = this.#next[node]!;
      this.#release(node);
      node = after;
    }
    this.#underWay -= this.#sentCount[lane]!;
    this.#waiting -= this.#waitingCount[lane]!;
    this.#oldest[lane] = -1;
    this.#newest[lane] = -1;
    this.#nextWaiting[lane] = -1;
    this.#sentCount[lane] = 0;
    this.#waitingCount[lane] = 0;
  }

  #leaveWaiting(lane: number): void {
    this.#waitingCount[lane]! -= 1;
    this.#waiting -= 1;
  }

  #append(lane: number, plannedUs: number): number {
    const node = this.#allocate();
    this.#planned[node] = plannedUs;
    this.#next[node] = -1;
    const newest = this.#newest[lane]!;
    if (newest < 0) this.#oldest[lane] = node;
    else this.#next[newest] = node;
    this.#newest[lane] = node;
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
    const [planned, sent, next] = [this.#planned, this.#sent, this.#next];
    this.#planned = new Uint32Array(planned.length * 2);
    this.#sent = new Uint32Array(planned.length * 2);
    this.#next = new Int32Array(planned.length * 2);
    this.#planned.set(planned);
    this.#sent.set(sent);
    this.#next.set(next);
  }
}
