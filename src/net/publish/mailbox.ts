import type { SubscriberSettings } from "./settings.ts";
import type { Topic } from "./topics.ts";

/** The result of a push: it waits; it waits and older ones were dropped; it was dropped; the subscriber must be closed. */
export type PushResult = "queued" | "dropped-oldest" | "dropped-newest" | "close";

/** A smaller message counts as this many bytes: it holds more memory than its bytes, and the number must be bounded too. */
const LEAST_COST_BYTES = 64;
const FIRST_CAPACITY = 16;

/**
 * A subscriber's topics (kept by `Topics`) and the published messages that wait for it. They wait as references, so that ten
 * thousand slow subscribers hold a message once and 8 bytes each. Messages are dropped whole, never a part of one.
 *
 * ```text
 *   ring:  [ 8 ][ 9 ][   ][   ][ 5 ][ 6 ][ 7 ]     doubles when it is full, let go when nothing waits
 *                               └ head
 * ```
 */
export class Mailbox {
  /** The subscriber's topics, and beside each the subscriber's place in it. `Topics` alone writes them. */
  readonly topics: Topic[] = [];
  readonly places: number[] = [];
  /** What waits, each message counted as 64 bytes at least; never above `maxQueuedBytes`. */
  queuedBytes = 0;
  /** Messages dropped so far, by either policy. */
  dropped = 0;
  readonly #settings: SubscriberSettings;
  #ring: (Uint8Array | undefined)[] | undefined;
  #head = 0;
  #length = 0;

  constructor(settings: SubscriberSettings) {
    this.#settings = settings;
  }

  /** Messages that wait. */
  get length(): number {
    return this.#length;
  }

  /**
   * Lets a message wait. A message that alone is larger than `maxQueuedBytes` cannot: it is lost under either dropping
   * policy, and what already waits stays.
   *
   * @param bytes kept until shifted: they must not change any more
   */
  push(bytes: Uint8Array): PushResult {
    const { maxQueuedBytes, whenFull } = this.#settings;
    const cost = costOf(bytes);
    const isFull = this.queuedBytes + cost > maxQueuedBytes;
    if (isFull && whenFull === "close") return "close";
    if (isFull && (whenFull === "drop-newest" || cost > maxQueuedBytes)) {
      this.dropped += 1;
      return "dropped-newest";
    }
    while (this.queuedBytes + cost > maxQueuedBytes) {
      this.#take();
      this.dropped += 1;
    }
    this.#append(bytes, cost);
    return isFull ? "dropped-oldest" : "queued";
  }

  /** Removes and returns the oldest message. */
  shift(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const bytes = this.#take();
    if (this.#length === 0) this.clear();
    return bytes;
  }

  /** Drops all messages. */
  clear(): void {
    this.#ring = undefined;
    this.#head = 0;
    this.#length = 0;
    this.queuedBytes = 0;
  }

  #take(): Uint8Array {
    const ring = this.#ring!;
    const bytes = ring[this.#head]!;
    ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (ring.length - 1);
    this.#length -= 1;
    this.queuedBytes -= costOf(bytes);
    return bytes;
  }

  #append(bytes: Uint8Array, cost: number): void {
    this.#ring ??= new Array(FIRST_CAPACITY).fill(undefined);
    if (this.#length === this.#ring.length) this.#grow(this.#ring);
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = bytes;
    this.#length += 1;
    this.queuedBytes += cost;
  }

  #grow(full: (Uint8Array | undefined)[]): void {
    const ring = new Array<Uint8Array | undefined>(full.length * 2).fill(undefined);
    for (let index = 0; index < this.#length; index++) ring[index] = full[(this.#head + index) & (full.length - 1)];
    this.#ring = ring;
    this.#head = 0;
  }
}

function costOf(bytes: Uint8Array): number {
  return Math.max(bytes.length, LEAST_COST_BYTES);
}
