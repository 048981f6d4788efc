import {
  bucketOf,
  type DropCause,
  type Latencies,
  type LatencyRecorder,
  type PendingTimes,
  recordUs,
  runUs,
  type Tally,
} from "../measure/mod.ts";
import type { ConnectionTable } from "./connection-table.ts";
import { elapsedUs, type InFlight, microsecondsOf } from "./in-flight.ts";
import type { LoadConnection } from "./protocol.ts";
import type { SenderOptions } from "./sender-options.ts";
import { Unsent } from "./unsent.ts";

/** A message that its peer has not looked at. */
interface Returned {
  readonly plannedUs: number;
  /** When it was sent, of the run: its time goes on where it is not sent again. */
  readonly sentAtUs: number;
  /** Its connection's. */
  readonly message: object;
}

/** Constant messages that may all leave at once are put into one write, up to about this size. */
const BLOCK_BYTES = 16_384;

/**
 * Sends one message on one slot or drops it with a cause. Every message is counted exactly once, as sent or dropped.
 *
 * ```text
 *   send ─┬─ too many unanswered, write queue full, bandwidth used up ─► dropped
 *         ├─ earlier ones wait for their turn, or the pipeline is full ─► waits (sendWaiting() sends it)
 *         └─ write ─► stamp (planned, sent) ─► answered() takes it
 * ```
 *
 * From its planned moment on a message is pending in `LatencyRecorder`, until it is sent and until it is answered;
 * dropped, lost and unanswered messages stay pending. The hot path of the whole generator: no allocation, no promise.
 */
export class Sender {
  readonly #table: ConnectionTable;
  readonly #tally: Tally;
  readonly #sendTimes: ReturnType<Latencies["histogram"]>;
  readonly #messageTimes: ReturnType<Latencies["histogram"]>;
  readonly #serviceTimes: ReturnType<Latencies["histogram"]>;
  readonly #firstByteTimes: ReturnType<Latencies["histogram"]>;
  readonly #buckets: Float64Array;
  readonly #pendingSends: PendingTimes;
  readonly #pendingMessages: PendingTimes;
  readonly #pendingServices: PendingTimes;
  readonly #pendingFirstBytes: PendingTimes;
  readonly #unsent = new Unsent();
  readonly #options: SenderOptions;
  readonly #depth: number;
  readonly #returned: Returned[] = [];
  #block: Uint8Array | undefined;
  #blockMessages = 1;

  constructor(table: ConnectionTable, tally: Tally, recorder: LatencyRecorder, options: SenderOptions) {
    const { latencies } = recorder;
    this.#table = table;
    this.#tally = tally;
    this.#sendTimes = latencies.histogram("send");
    this.#messageTimes = latencies.histogram("message");
    this.#serviceTimes = latencies.histogram("service");
    this.#firstByteTimes = latencies.histogram("firstByte");
    this.#buckets = latencies.messageBuckets;
    this.#pendingSends = recorder.pending("send");
    this.#pendingMessages = recorder.pending("message");
    this.#pendingServices = recorder.pending("service");
    this.#pendingFirstBytes = recorder.pending("firstByte");
    this.#options = options;
    this.#depth = options.pipeline > 0 ? options.pipeline : Number.POSITIVE_INFINITY;
  }

  /** Each answer's latency is taken. */
  get timesAnswers(): boolean {
    return this.#options.inFlight !== undefined;
  }

  /** A slot of this many can take a message that need not wait. */
  hasFree(slots: number): boolean {
    return (this.#options.inFlight?.underWay ?? 0) < slots * this.#depth;
  }

  /** The slot can take a message that need not wait. */
  isFree(slot: number): boolean {
    return (this.#options.inFlight?.unanswered(slot) ?? 0) < this.#depth;
  }

  /** Without a rate: every message of the plan was sent, and none is under way. */
  get isExhausted(): boolean {
    const underWay = (this.#options.inFlight?.underWay ?? 0) + this.#returned.length;
    return this.#tally.planned >= this.#options.maxMessages && underWay === 0;
  }

  /**
   * Sends the message that was planned for `plannedMs`; both times in milliseconds of the run.
   *
   * @param forReply it is late, if it is, because answers were awaited
   */
  send(slot: number, plannedMs: number, nowMs: number, forReply = false): void {
    const { inFlight, upstream, writeQueueBytes, lateAfterMs } = this.#options;
    const connection = this.#table.connections[slot];
    if (connection === undefined) {
      this.drop("closed", plannedMs);
    } else if (inFlight !== undefined && !inFlight.hasRoom(slot)) {
      // If the oldest were forgotten instead, its answer would be taken for a younger message's: a wrong latency.
      this.drop(inFlight.waitingOn(slot) > 0 ? "noReply" : "outstanding", plannedMs);
    } else if (inFlight !== undefined && this.#mustWait(inFlight, slot)) {
      inFlight.pushWaiting(slot, microsecondsOf(plannedMs));
      this.#begins(runUs(plannedMs), 1);
    } else if (connection.queuedBytes > writeQueueBytes) {
      this.drop("full", plannedMs);
    } else if (upstream !== undefined && !upstream.mayPass(slot, nowMs)) {
      this.drop("bandwidth", plannedMs);
    } else {
      const delayMs = nowMs - plannedMs;
      const isLate = delayMs > lateAfterMs;
      if (!this.#write(connection, slot, microsecondsOf(plannedMs), nowMs, isLate, isLate && forReply)) {
        this.drop("closed", plannedMs);
        return;
      }
      recordUs(this.#sendTimes, delayMs * 1000);
      if (inFlight === undefined) return;
      this.#pendingMessages.add(runUs(plannedMs));
      this.#sentAt(nowMs);
      inFlight.pushSent(slot, microsecondsOf(plannedMs), microsecondsOf(nowMs));
    }
  }

  /** Counts messages that were planned for about this moment and will never be sent. */
  drop(cause: DropCause, plannedMs: number, count = 1): void {
    this.#tally.dropped[cause] += count;
    this.#begins(runUs(plannedMs), count);
  }

  /** The first byte of an answer came, to a message at this position among the unanswered ones of its slot. */
  began(slot: number, position: number, nowMs: number): void {
    const { inFlight } = this.#options;
    if (inFlight === undefined || inFlight.unanswered(slot) <= position) return;
    const waitedUs = elapsedUs(inFlight.sentUs(inFlight.at(slot, position)), microsecondsOf(nowMs));
    this.#pendingFirstBytes.remove(runUs(nowMs) - waitedUs);
    recordUs(this.#firstByteTimes, waitedUs);
  }

  /** A message will have no answer, although its connection goes on. It stays pending. */
  failed(slot: number, position: number): void {
    if ((this.#options.inFlight?.take(slot, position) ?? -1) >= 0) this.#tally.unanswered += 1;
  }

  /** Messages that are to be sent again. */
  get returned(): number {
    return this.#returned.length;
  }

  /** Takes a message back that is to be sent again. It is still one that was sent. */
  takeBack(slot: number, position: number, nowMs: number, message: object): void {
    const { inFlight } = this.#options;
    const node = inFlight?.take(slot, position) ?? -1;
    if (inFlight === undefined || node < 0) return;
    const sentAtUs = runUs(nowMs) - elapsedUs(inFlight.sentUs(node), microsecondsOf(nowMs));
    this.#returned.push({ plannedUs: inFlight.plannedUs(node), sentAtUs, message });
  }

  /** Sends the first that was returned; its service time begins again. @returns false where the slot's connection is closed */
  sendAgain(slot: number, nowMs: number): boolean {
    const [first] = this.#returned;
    if (first === undefined || this.#table.connections[slot]?.writeAgain?.(first.message) !== true) return false;
    this.#returned.shift();
    this.#pendingServices.remove(first.sentAtUs);
    if (this.#options.timesFirstBytes) this.#pendingFirstBytes.remove(first.sentAtUs);
    this.#sentAt(nowMs);
    this.#options.inFlight?.pushSent(slot, first.plannedUs, microsecondsOf(nowMs));
    return true;
  }

  /** What was returned will not be answered: calls for each. */
  giveUpReturned(call: (message: object) => void): void {
    this.#tally.unanswered += this.#returned.length;
    for (const { message } of this.#returned.splice(0)) call(message);
  }

  /** Calls for each message of the first `slots` slots that was sent `timeoutMs` ago or longer; it must be `failed` in the call. */
  eachOverdue(slots: number, timeoutMs: number, nowMs: number, call: (slot: number) => void): void {
    const { inFlight } = this.#options;
    if (inFlight === undefined || inFlight.underWay === 0) return;
    const nowUs = microsecondsOf(nowMs);
    for (let slot = 0; slot < slots; slot++) {
      for (let left = inFlight.unanswered(slot); left > 0; ) {
        if (elapsedUs(inFlight.sentUs(inFlight.at(slot, 0)), nowUs) < timeoutMs * 1000) break;
        call(slot);
        const still = inFlight.unanswered(slot);
        if (still >= left) break;
        left = still;
      }
    }
  }

  /**
   * Records the latency of a message to which an answer came. `sendWaiting` sends what waits for it.
   *
   * @param position of the message among the unanswered ones of its slot; 0 = the oldest
   * @returns microseconds from its sending; -1 where there is no such message
   */
  answered(slot: number, nowMs: number, position = 0): number {
    const { inFlight } = this.#options;
    this.#tally.received += 1;
    if (inFlight === undefined) return -1;
    const connection = this.#table.connections[slot];
    // Nothing can answer a message that has not left.
    const unsent = connection === undefined ? 0 : this.#unsent.on(connection);
    const node = unsent < inFlight.unanswered(slot) ? inFlight.take(slot, position) : -1;
    if (node < 0) {
      this.#tally.unexpected += 1;
      return -1;
    }
    const nowUs = microsecondsOf(nowMs);
    const waitedUs = elapsedUs(inFlight.plannedUs(node), nowUs);
    const servedUs = elapsedUs(inFlight.sentUs(node), nowUs);
    this.#pendingMessages.remove(runUs(nowMs) - waitedUs);
    this.#pendingServices.remove(runUs(nowMs) - servedUs);
    recordUs(this.#messageTimes, waitedUs);
    this.#buckets[bucketOf(waitedUs)]! += 1;
    recordUs(this.#serviceTimes, servedUs);
    return servedUs;
  }

  /** No request of this slot awaits its answer, or its turn. */
  isAnswered(slot: number): boolean {
    const { inFlight } = this.#options;
    return inFlight === undefined || inFlight.unanswered(slot) + inFlight.waitingOn(slot) === 0;
  }

  /** Sends what waits on this slot, as far as the pipeline has room; what is too old is dropped. */
  sendWaiting(slot: number, nowMs: number): void {
    const { inFlight, dropAfterMs, lateAfterMs } = this.#options;
    const connection = this.#table.connections[slot];
    if (inFlight === undefined || connection === undefined) return;
    while (inFlight.waitingOn(slot) > 0 && inFlight.unanswered(slot) < this.#depth) {
      const nowUs = microsecondsOf(nowMs);
      const plannedUs = inFlight.waitingSinceUs(slot);
      const delayUs = elapsedUs(plannedUs, nowUs);
      if (delayUs > dropAfterMs * 1000) {
        inFlight.dropWaiting(slot);
        this.#tally.dropped.noReply += 1;
        continue;
      }
      const late = delayUs > lateAfterMs * 1000;
      if (!this.#write(connection, slot, plannedUs, nowMs, late, late)) return;
      inFlight.sendWaiting(slot, nowUs);
      recordUs(this.#sendTimes, delayUs);
      this.#pendingSends.remove(runUs(nowMs) - delayUs);
      this.#sentAt(nowMs);
    }
  }

  /** Drops messages that wait for a reply which will not come any more. */
  dropWaiting(slot: number): void {
    const { inFlight } = this.#options;
    if (inFlight === undefined) return;
    this.#tally.dropped.noReply += inFlight.waitingOn(slot);
    while (inFlight.waitingOn(slot) > 0) inFlight.dropWaiting(slot);
  }

  /**
   * For a run without a rate: as many as this slot takes now, up to one block.
   *
   * @returns how many were sent
   */
  sendFreely(slot: number, nowMs: number): number {
    const { inFlight, upstream } = this.#options;
    const connection = this.#table.connections[slot];
    if (connection === undefined || connection.queuedBytes > 0) return 0;
    if (this.#tally.planned >= this.#options.maxMessages) return 0;
    if (inFlight !== undefined && (this.#mustWait(inFlight, slot) || !inFlight.hasRoom(slot))) return 0;
    if (upstream !== undefined && !upstream.mayPass(slot, nowMs)) return 0;
    const many = inFlight === undefined && upstream === undefined && this.#options.tapOut === undefined;
    const sent = many ? this.#writeBlock(connection, slot, nowMs) : this.#writeOne(connection, slot, nowMs);
    this.#tally.planned += sent;
    return sent;
  }

  /** The slot has a new connection. */
  joined(slot: number, nowMs: number): void {
    this.#options.upstream?.reset(slot, nowMs);
  }

  /** The connection left its slot: its messages will not be answered, and those that wait not be sent. */
  forget(slot: number): void {
    const { inFlight } = this.#options;
    if (inFlight === undefined) return;
    this.#tally.unanswered += inFlight.unanswered(slot);
    this.#tally.dropped.closed += inFlight.waitingOn(slot);
    inFlight.clear(slot);
  }

  /**
   * The connection is over: messages of which a byte still waits in it were not sent. `forget` has counted them. A transport that
   * tells of answers has counted each as an error, whether or not it left whole.
   */
  ended(connection: LoadConnection, cause: DropCause): void {
    const tally = this.#tally;
    const { messages, late, lateForReply } = this.#unsent.take(connection);
    if (this.#options.reportsAnswers) return;
    tally.sent -= messages;
    tally.late -= late;
    tally.lateForReply -= lateForReply;
    tally.dropped[cause] += messages;
    if (this.#options.inFlight !== undefined) tally.unanswered -= messages;
  }

  /** Marks messages as pending, until they are sent and answered. */
  #begins(plannedUs: number, count: number): void {
    this.#pendingSends.add(plannedUs, count);
    if (this.#options.inFlight !== undefined) this.#pendingMessages.add(plannedUs, count);
  }

  #sentAt(nowMs: number): void {
    this.#pendingServices.add(runUs(nowMs));
    if (this.#options.timesFirstBytes) this.#pendingFirstBytes.add(runUs(nowMs));
  }

  #mustWait(inFlight: InFlight, slot: number): boolean {
    return inFlight.unanswered(slot) >= this.#depth || inFlight.waitingOn(slot) > 0;
  }

  #writeOne(connection: LoadConnection, slot: number, nowMs: number): number {
    const nowUs = microsecondsOf(nowMs);
    const { inFlight } = this.#options;
    if (!this.#write(connection, slot, nowUs, nowMs, false, false)) return 0;
    if (inFlight === undefined) return 1;
    this.#pendingMessages.add(runUs(nowMs));
    this.#sentAt(nowMs);
    inFlight.pushSent(slot, nowUs, nowUs);
    return 1;
  }

  #writeBlock(connection: LoadConnection, slot: number, nowMs: number): number {
    const { source } = this.#options;
    if (!source.constant) return this.#writeOne(connection, slot, nowMs);
    if (this.#block === undefined) {
      const message = source.nextBytes(0, 0, slot);
      this.#blockMessages = Math.max(1, Math.floor(BLOCK_BYTES / message.length));
      this.#block = new Uint8Array(message.length * this.#blockMessages);
      for (let index = 0; index < this.#blockMessages; index++) this.#block.set(message, index * message.length);
    }
    if (connection.write(this.#block) === 0) return 0;
    this.#wrote(connection, this.#block.length, this.#blockMessages, false, false);
    return this.#blockMessages;
  }

  #write(
    connection: LoadConnection,
    slot: number,
    plannedUs: number,
    nowMs: number,
    late: boolean,
    lateForReply: boolean,
  ): boolean {
    const { source, upstream, epochMs, tapOut } = this.#options;
    const uid = this.#table.uids[slot]!;
    const bytes = source.nextBytes(uid, source.hasMarker ? Math.round((epochMs + nowMs) * 1000) : plannedUs, slot);
    if (connection.write(bytes) === 0) return false;
    this.#wrote(connection, bytes.length, 1, late, lateForReply);
    upstream?.spend(slot, bytes.length);
    if (tapOut !== undefined) tapOut(uid, bytes);
    return true;
  }

  #wrote(connection: LoadConnection, bytes: number, messages: number, late: boolean, lateForReply: boolean): void {
    this.#tally.sent += messages;
    if (late) this.#tally.late += messages;
    if (lateForReply) this.#tally.lateForReply += messages;
    if (connection.queuedBytes === 0) this.#unsent.emptied(connection);
    else this.#unsent.wrote(connection, { bytes, messages, late, lateForReply });
  }
}
