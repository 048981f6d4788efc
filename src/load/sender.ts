import type { Tally } from "./accounting.ts";
import { elapsedUs, type InFlight, microsecondsOf } from "./in-flight.ts";
import type { LaneConnection, Lanes } from "./lanes.ts";
import { bucketOf, type Latencies, recordUs } from "./latency.ts";
import type { MessageSource } from "./message/mod.ts";
import type { TokenBuckets } from "./token-buckets.ts";

export interface SenderOptions {
  readonly source: MessageSource;
  /** Undefined where answers are not told apart. */
  readonly inFlight: InFlight | undefined;
  readonly upstream: TokenBuckets | undefined;
  /** See `TcpOptions`. */
  readonly pipeline: number;
  readonly lateAfterMs: number;
  readonly dropAfterMs: number;
  readonly outboxBytes: number;
  /** Added to the run's milliseconds to have those since 1970. */
  readonly epochMs: number;
  readonly tapOut: ((uid: number, bytes: Uint8Array) => void) | undefined;
}

/** Constant messages that may all leave at once are put into one write, up to about this size. */
const BLOCK_BYTES = 16_384;

/**
 * Sends one message on one lane, or says why not; every message that comes in is counted exactly once, as sent or dropped.
 *
 * ```text
 *   send ─┬─ too many unanswered, outbox full, bandwidth used up ─► dropped
 *         ├─ earlier ones wait for their turn, or the pipeline is full ─► waits (sendWaiting() sends it)
 *         └─ write ─► stamp (planned, sent) ─► answered() takes it
 * ```
 *
 * The hot path of the whole generator: no allocation, no promise.
 */
export class Sender {
  readonly #lanes: Lanes;
  readonly #tally: Tally;
  readonly #sendTimes: ReturnType<Latencies["histogram"]>;
  readonly #messageTimes: ReturnType<Latencies["histogram"]>;
  readonly #serviceTimes: ReturnType<Latencies["histogram"]>;
  readonly #buckets: Float64Array;
  readonly #options: SenderOptions;
  readonly #depth: number;
  #block: Uint8Array | undefined;
  #blockMessages = 1;

  constructor(lanes: Lanes, tally: Tally, latencies: Latencies, options: SenderOptions) {
    this.#lanes = lanes;
    this.#tally = tally;
    this.#sendTimes = latencies.histogram("send");
    this.#messageTimes = latencies.histogram("message");
    this.#serviceTimes = latencies.histogram("service");
    this.#buckets = latencies.messageBuckets;
    this.#options = options;
    this.#depth = options.pipeline > 0 ? options.pipeline : Number.POSITIVE_INFINITY;
  }

  /** Each answer's latency is taken. */
  get timesAnswers(): boolean {
    return this.#options.inFlight !== undefined;
  }

  /** A message planned for `plannedMs` has its turn on this lane; both times in milliseconds of the run. */
  send(lane: number, plannedMs: number, nowMs: number): void {
    const { inFlight, upstream, outboxBytes } = this.#options;
    const connection = this.#lanes.connections[lane];
    const { dropped } = this.#tally;
    if (connection === undefined) {
      dropped.closed += 1;
    } else if (inFlight !== undefined && !inFlight.hasRoom(lane)) {
      // Forgetting the oldest instead would give its answer to a younger message: a latency that nobody had.
      dropped.outstanding += 1;
    } else if (inFlight !== undefined && this.#mustWait(inFlight, lane)) {
      inFlight.pushWaiting(lane, microsecondsOf(plannedMs));
    } else if (connection.queuedBytes > outboxBytes) {
      dropped.full += 1;
    } else if (upstream !== undefined && !upstream.mayPass(lane, nowMs)) {
      dropped.bandwidth += 1;
    } else if (!this.#write(connection, lane, microsecondsOf(plannedMs), nowMs)) {
      dropped.closed += 1;
    } else {
      const delayMs = nowMs - plannedMs;
      recordUs(this.#sendTimes, delayMs * 1000);
      if (delayMs > this.#options.lateAfterMs) this.#tally.late += 1;
      inFlight?.pushSent(lane, microsecondsOf(plannedMs), microsecondsOf(nowMs));
    }
  }

  /** One answer came: it is the oldest message's, and gives its times. What waits is sent by `sendWaiting`. */
  answered(lane: number, nowMs: number): void {
    const { inFlight } = this.#options;
    this.#tally.received += 1;
    if (inFlight === undefined) return;
    const node = inFlight.pop(lane);
    if (node < 0) {
      this.#tally.unmatched += 1;
      return;
    }
    const nowUs = microsecondsOf(nowMs);
    const waitedUs = elapsedUs(inFlight.plannedUs(node), nowUs);
    recordUs(this.#messageTimes, waitedUs);
    this.#buckets[bucketOf(waitedUs)]! += 1;
    recordUs(this.#serviceTimes, elapsedUs(inFlight.sentUs(node), nowUs));
  }

  /** Sends what waits on this lane, as far as the pipeline has room; what is too old is dropped. */
  sendWaiting(lane: number, nowMs: number): void {
    const { inFlight, dropAfterMs, lateAfterMs } = this.#options;
    const connection = this.#lanes.connections[lane];
    if (inFlight === undefined || connection === undefined) return;
    while (inFlight.waitingOn(lane) > 0 && inFlight.unanswered(lane) < this.#depth) {
      const nowUs = microsecondsOf(nowMs);
      const plannedUs = inFlight.waitingSinceUs(lane);
      const delayUs = elapsedUs(plannedUs, nowUs);
      if (delayUs > dropAfterMs * 1000) {
        inFlight.dropWaiting(lane);
        this.#tally.dropped.old += 1;
        continue;
      }
      if (!this.#write(connection, lane, plannedUs, nowMs)) return;
      inFlight.sendWaiting(lane, nowUs);
      recordUs(this.#sendTimes, delayUs);
      if (delayUs > lateAfterMs * 1000) {
        this.#tally.late += 1;
        this.#tally.lateForReply += 1;
      }
    }
  }

  /**
   * For a run without a rate: as many as this lane takes now, up to one block.
   *
   * @returns how many were sent
   */
  sendFreely(lane: number, nowMs: number): number {
    const { inFlight, upstream } = this.#options;
    const connection = this.#lanes.connections[lane];
    if (connection === undefined || connection.queuedBytes > 0) return 0;
    if (inFlight !== undefined && (this.#mustWait(inFlight, lane) || !inFlight.hasRoom(lane))) return 0;
    if (upstream !== undefined && !upstream.mayPass(lane, nowMs)) return 0;
    const many = inFlight === undefined && upstream === undefined && this.#options.tapOut === undefined;
    const sent = many ? this.#writeBlock(connection, lane, nowMs) : this.#writeOne(connection, lane, nowMs);
    this.#tally.planned += sent;
    return sent;
  }

  /** The lane has a new connection. */
  joined(lane: number, nowMs: number): void {
    this.#options.upstream?.reset(lane, nowMs);
  }

  /** The connection of a lane is gone: its messages will not be answered, and those that wait not be sent. */
  forget(lane: number): void {
    const { inFlight } = this.#options;
    if (inFlight === undefined) return;
    this.#tally.unanswered += inFlight.unanswered(lane);
    this.#tally.dropped.closed += inFlight.waitingOn(lane);
    inFlight.clear(lane);
  }

  #mustWait(inFlight: InFlight, lane: number): boolean {
    return inFlight.unanswered(lane) >= this.#depth || inFlight.waitingOn(lane) > 0;
  }

  #writeOne(connection: LaneConnection, lane: number, nowMs: number): number {
    const nowUs = microsecondsOf(nowMs);
    if (!this.#write(connection, lane, nowUs, nowMs)) return 0;
    this.#options.inFlight?.pushSent(lane, nowUs, nowUs);
    return 1;
  }

  #writeBlock(connection: LaneConnection, lane: number, nowMs: number): number {
    const { source } = this.#options;
    if (!source.constant) return this.#writeOne(connection, lane, nowMs);
    if (this.#block === undefined) {
      const message = source.nextBytes(0, 0);
      this.#blockMessages = Math.max(1, Math.floor(BLOCK_BYTES / message.length));
      this.#block = new Uint8Array(message.length * this.#blockMessages);
      for (let index = 0; index < this.#blockMessages; index++) this.#block.set(message, index * message.length);
    }
    if (connection.write(this.#block) === 0) return 0;
    this.#tally.sent += this.#blockMessages;
    return this.#blockMessages;
  }

  #write(connection: LaneConnection, lane: number, plannedUs: number, nowMs: number): boolean {
    const { source, upstream, epochMs, tapOut } = this.#options;
    const uid = this.#lanes.uids[lane]!;
    const bytes = source.nextBytes(uid, source.hasMarker ? Math.round((epochMs + nowMs) * 1000) : plannedUs);
    if (connection.write(bytes) === 0) return false;
    this.#tally.sent += 1;
    upstream?.spend(lane, bytes.length);
    if (tapOut !== undefined) tapOut(uid, bytes);
    return true;
  }
}
