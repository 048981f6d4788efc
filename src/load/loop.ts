import type { Histogram } from "hdr-histogram-js";
import { Wheel } from "../base/mod.ts";
import type { CloseReason } from "../net/mod.ts";
import { Tally } from "./accounting.ts";
import { InFlight } from "./in-flight.ts";
import { type LaneConnection, Lanes } from "./lanes.ts";
import { emptyHistogram, Latencies, recordUs } from "./latency.ts";
import { SeededRandom } from "./message/mod.ts";
import { Opener, type Slice } from "./opener.ts";
import { Pacer } from "./pacer.ts";
import { shapeOf, type TcpPlan } from "./plan.ts";
import type { Protocol } from "./protocol.ts";
import type { Report } from "./report.ts";
import { Sender } from "./sender.ts";
import type { Phase } from "./snapshot.ts";
import { TokenBuckets } from "./token-buckets.ts";

export type EndedBy = Report["endedBy"];

/** What goes over the wire, for `--dump-one` and its like. Bytes are borrowed. */
export interface Tap {
  out?(uid: number, bytes: Uint8Array): void;
  in?(uid: number, bytes: Uint8Array): void;
}

export interface LoopHooks {
  /** Every connection is open or has failed; answer with `startSending`, once that is so in all workers. */
  rampedUp(): void;
  /** All is closed. */
  done(endedBy: EndedBy): void;
  readonly tap?: Tap | undefined;
}

/** A tick sends and dials for at most this long, then lets answers be read: 5 ms of lag are the price of catching up. */
const TICK_BUDGET_MS = 5;
/** Longest sleep between ticks. */
const MAX_WAIT_MS = 10;
/** How long closing waits for the peers' FIN. */
const CLOSE_MS = 1000;
/** What comes back is said to have ended after this much silence, where answers are not told apart. */
const QUIET_MS = 50;

/**
 * One event loop of a load test: opens its connections, sends what the pacer says is due, counts what comes back.
 *
 * ```text
 *   connect ──all open──► send ──duration over──► drain ──answered, written──► closing ──► done
 *      messages flow from each connection's opening on        nothing new is planned
 * ```
 *
 * All times are milliseconds of this run. Protocol, plan (pace and stop) and connections come from outside.
 */
export class LoadLoop {
  readonly tally = new Tally();
  readonly latencies = new Latencies();
  /** By how much ticks were later than asked for, in microseconds. */
  readonly lag: Histogram = emptyHistogram();
  phase: Phase | "closing" = "connect";
  readonly #plan: TcpPlan;
  readonly #slice: Slice;
  readonly #protocol: Protocol;
  readonly #hooks: LoopHooks;
  readonly #startMs = performance.now();
  readonly #lanes: Lanes;
  readonly #opener: Opener;
  readonly #inFlight: InFlight | undefined;
  readonly #sender: Sender | undefined;
  readonly #pacer: Pacer | undefined;
  readonly #random = new SeededRandom();
  readonly #randomTurns: boolean;
  readonly #downstream: TokenBuckets | undefined;
  /** A lane's next event: the end of its delay, or of its lifetime. */
  readonly #moments: Wheel;
  readonly #resumptions: Wheel;
  #expectedMs = 0;
  #saidRampedUp = false;
  #sendStartMs = Number.POSITIVE_INFINITY;
  #endMs = Number.POSITIVE_INFINITY;
  #giveUpMs = Number.POSITIVE_INFINITY;
  #lastReceivedMs = 0;
  #endedBy: EndedBy = null;
  readonly #tick = () => this.#onTick();

  constructor(plan: TcpPlan, slice: Slice, protocol: Protocol, hooks: LoopHooks) {
    this.#plan = plan;
    this.#slice = slice;
    this.#protocol = protocol;
    this.#hooks = hooks;
    const count = slice.connections;
    this.tally.wanted = count;
    this.#lanes = new Lanes(count, protocol);
    this.#random.reseed(plan.seed, slice.worker, 99);
    if (protocol.replies && plan.pace !== "none") this.#inFlight = new InFlight(count, plan.maxOutstanding);
    const bounded = (bytes: number | undefined) => (bytes === undefined ? undefined : new TokenBuckets(count, bytes));
    this.#downstream = bounded(plan.downstreamBytesPerSecond);
    this.#sender = this.#makeSender(bounded(plan.upstreamBytesPerSecond));
    const shape = shapeOf(plan);
    this.#randomTurns = shape.randomGaps;
    if (plan.pace === "per-connection" || plan.pace === "total") {
      this.#pacer = new Pacer({ shape, dropAfterMs: plan.dropAfterMs, random: this.#random.next }, 0);
    }
    this.#moments = new Wheel(512, 1);
    this.#resumptions = new Wheel(512, 1);
    const handler = {
      open: (connection: LaneConnection) => this.#opened(connection),
      chunk: (connection: LaneConnection, bytes: Uint8Array) => this.#received(connection, bytes),
      close: (connection: LaneConnection, reason: CloseReason) => this.#closed(connection, reason),
    };
    this.#opener = new Opener(plan, slice, this.#lanes, this.tally, handler, () => this.now());
  }

  /** Milliseconds since this loop was made. */
  now(): number {
    return performance.now() - this.#startMs;
  }

  start(): void {
    this.#expectedMs = this.now();
    this.#onTick();
  }

  /** All workers' connections are open: the duration begins. */
  startSending(): void {
    if (this.phase !== "connect") return;
    const now = this.now();
    this.#advance(now);
    this.phase = "send";
    this.#sendStartMs = now;
    this.#endMs = now + this.#plan.durationMs;
    this.#pacer?.startShape(now);
  }

  /** Multiplies the planned rate from now on. */
  scaleRate(factor: number): void {
    this.#advance(this.now());
    this.#pacer?.scale(factor);
  }

  /** Ends the run before its time: nothing more is planned, the rest of the end is as ever. */
  stop(endedBy: EndedBy): void {
    if (this.phase === "connect" || this.phase === "send") this.#beginDrain(endedBy);
  }

  /** Messages due that were not sent yet, here or waiting for an answer. */
  get debt(): number {
    return (this.#pacer?.debt ?? 0) + (this.#inFlight?.waiting ?? 0);
  }

  /** Brings `tally` up to date with what is counted elsewhere. */
  refresh(): Tally {
    if (this.#pacer) this.tally.planned = this.#pacer.planned;
    this.tally.bytesSent = this.#opener.dialer.readCounts().bytesWritten;
    return this.tally;
  }

  #makeSender(upstream: TokenBuckets | undefined): Sender | undefined {
    const { source } = this.#protocol;
    if (source === undefined) return undefined;
    return new Sender(this.#lanes, this.tally, this.latencies, {
      source,
      inFlight: this.#inFlight,
      upstream,
      pipeline: this.#plan.pipeline,
      lateAfterMs: this.#plan.lateAfterMs,
      dropAfterMs: this.#plan.dropAfterMs,
      outboxBytes: this.#plan.outboxBytes,
      epochMs: performance.timeOrigin + this.#startMs,
      tapOut: this.#hooks.tap?.out,
    });
  }

  // ---- the tick ----------------------------------------------------------------------------------------------------

  #onTick(): void {
    const now = this.now();
    recordUs(this.lag, Math.max(0, now - this.#expectedMs) * 1000);
    if (this.#moments.armed > 0) this.#moments.advance(Math.floor(now), (lane) => this.#laneMoment(lane));
    if (this.#resumptions.armed > 0) {
      this.#resumptions.advance(Math.floor(now), (lane) => this.#lanes.connections[lane]?.resume());
    }
    if (this.phase === "connect" || this.phase === "send") this.#opener.tick(now, now + TICK_BUDGET_MS);
    const busy = this.#sendDue(now);
    this.#passPhases(this.now());
    if (this.phase !== "done") this.#sleep(busy);
  }

  #sleep(busy: boolean): void {
    const now = this.now();
    if (busy) {
      // Behind: go on as soon as what came in meanwhile has been read.
      this.#expectedMs = now;
      setImmediate(this.#tick);
      return;
    }
    let waitMs = Math.min(MAX_WAIT_MS, this.#opener.waitMs(now));
    if (this.#pacer && this.phase !== "closing") {
      waitMs = Math.min(waitMs, this.#pacer.waitMs(now, this.#weight()), this.#endMs - now);
    } else if (this.#plan.pace === "as-fast-as-possible") {
      waitMs = 0;
    }
    waitMs = Math.max(1, Math.floor(waitMs));
    this.#expectedMs = now + waitMs;
    setTimeout(this.#tick, waitMs);
  }

  /** How many connections the plan counts now, or which part of a total rate is this loop's. */
  #weight(): number {
    if (this.phase === "drain" || this.phase === "closing") return 0;
    if (this.#plan.pace === "per-connection") return this.#lanes.rotation.size;
    const share = this.#slice.connections / this.#plan.connections;
    return this.phase === "connect" ? this.#lanes.rotation.size / this.#plan.connections : share;
  }

  /** Call it before anything changes that the plan depends on. */
  #advance(nowMs: number): void {
    this.#pacer?.advance(Math.min(nowMs, this.#endMs), this.#weight());
  }

  /** @returns true when time ran out before all was sent */
  #sendDue(startMs: number): boolean {
    if (this.#sender === undefined || this.phase === "closing" || this.phase === "done") return false;
    if (this.#pacer === undefined) return this.#sendFreely(this.#sender, startMs);
    this.#advance(startMs);
    return this.#sendPlanned(this.#sender, this.#pacer, startMs);
  }

  #sendPlanned(sender: Sender, pacer: Pacer, startMs: number): boolean {
    const { rotation } = this.#lanes;
    this.#dropOld(pacer.dropOld(startMs));
    const untilMs = startMs + TICK_BUDGET_MS;
    const exact = this.#inFlight !== undefined;
    let now = startMs;
    for (let count = 1; ; count++) {
      const plannedMs = pacer.take();
      if (Number.isNaN(plannedMs)) return false;
      if (rotation.size === 0) {
        this.tally.dropped.closed += 1 + pacer.dropAll();
        return false;
      }
      const lane = this.#randomTurns ? rotation.at(Math.floor(this.#random.next() * rotation.size)) : rotation.next();
      sender.send(lane, plannedMs, now);
      // The clock costs 40 ns: every time where service time is measured, else now and then.
      if (!exact && (count & 31) !== 0) continue;
      now = this.now();
      if (now > untilMs) return true;
    }
  }

  #dropOld(count: number): void {
    this.tally.dropped.old += count;
    this.tally.overslept += count;
    this.#lanes.rotation.skip(count);
  }

  #sendFreely(sender: Sender, startMs: number): boolean {
    const { rotation } = this.#lanes;
    if (this.phase === "drain" || this.#plan.pace !== "as-fast-as-possible") return false;
    const untilMs = startMs + TICK_BUDGET_MS;
    let now = startMs;
    for (let idle = 0; idle < rotation.size; ) {
      idle = sender.sendFreely(rotation.next(), now) > 0 ? 0 : idle + 1;
      now = this.now();
      if (now > untilMs) return true;
    }
    return false;
  }

  // ---- what connections tell ---------------------------------------------------------------------------------------

  #opened(connection: LaneConnection): void {
    const lane = connection.data;
    const now = this.now();
    if (this.phase !== "connect" && this.phase !== "send") {
      connection.data = -1;
      connection.close();
      return;
    }
    const { tally } = this;
    tally.opened += 1;
    tally.open += 1;
    tally.peak = Math.max(tally.peak, tally.open);
    this.latencies.record("connect", (now - this.#lanes.sinceMs[lane]!) * 1000);
    this.#lanes.sinceMs[lane] = now;
    this.#lanes.occupy(lane, connection);
    this.#downstream?.reset(lane, now);
    if (this.#plan.downstreamBytesPerSecond === 0) connection.pause();
    const { delaySendMs, channelLifetimeMs } = this.#plan;
    if (delaySendMs > 0) this.#moments.arm(lane, Math.ceil(now + delaySendMs));
    else if (channelLifetimeMs > 0) this.#moments.arm(lane, Math.ceil(now + channelLifetimeMs));
    if (delaySendMs === 0) this.#beginLane(lane, now);
    this.#opener.settled(lane);
  }

  /** The delay of a connection is over, or its lifetime. */
  #laneMoment(lane: number): void {
    const connection = this.#lanes.connections[lane];
    if (connection === undefined) return;
    const now = this.now();
    const { delaySendMs, channelLifetimeMs } = this.#plan;
    if (delaySendMs > 0 && !this.#lanes.rotation.has(lane)) {
      if (channelLifetimeMs > 0) this.#moments.arm(lane, Math.ceil(this.#lanes.sinceMs[lane]! + channelLifetimeMs));
      this.#beginLane(lane, now);
    } else if (this.phase === "connect" || this.phase === "send") {
      this.#leave(lane);
      this.tally.retired += 1;
      connection.data = -1;
      connection.end();
      this.#opener.reopen(lane);
    }
  }

  #beginLane(lane: number, now: number): void {
    const { source } = this.#protocol;
    const connection = this.#lanes.connections[lane]!;
    const uid = this.#lanes.uids[lane]!;
    const first = source?.firstBytes(uid, Math.round((performance.timeOrigin + this.#startMs + now) * 1000));
    if (first !== undefined && connection.write(first) > 0) {
      this.tally.firstBytesSent += first.length;
      this.#hooks.tap?.out?.(uid, first);
    }
    this.#advance(now);
    this.#lanes.rotation.add(lane);
  }

  #received(connection: LaneConnection, bytes: Uint8Array): void {
    const lane = connection.data;
    this.tally.bytesReceived += bytes.length;
    if (lane < 0) return;
    const { replies, stop } = this.#protocol;
    const now = this.now();
    this.#lastReceivedMs = now;
    if (this.#lanes.heard[lane] === 0) {
      this.#lanes.heard[lane] = 1;
      this.latencies.record("firstByte", (now - this.#lanes.sinceMs[lane]!) * 1000);
    }
    this.#hooks.tap?.in?.(this.#lanes.uids[lane]!, bytes);
    if (replies !== undefined && this.#sender !== undefined) {
      const count = replies.count(this.#lanes.replyState, lane * replies.slotsPerConnection, bytes);
      for (let index = 0; index < count; index++) this.#sender.answered(lane, now);
      if (count > 0 && this.#plan.pipeline > 0) this.#nextRequests(this.#sender, lane, now);
    }
    if (stop?.seen(this.#lanes.stopState, lane * stop.slotsPerConnection, bytes)) this.stop("message-stop");
    if (this.#downstream !== undefined) this.#slowDown(this.#downstream, lane, bytes.length, now);
  }

  #nextRequests(sender: Sender, lane: number, now: number): void {
    sender.sendWaiting(lane, now);
    if (this.#plan.pace !== "as-fast-as-possible" || (this.phase !== "connect" && this.phase !== "send")) return;
    while (this.#lanes.rotation.has(lane) && sender.sendFreely(lane, now) > 0);
  }

  #slowDown(downstream: TokenBuckets, lane: number, bytes: number, now: number): void {
    downstream.mayPass(lane, now);
    downstream.spend(lane, bytes);
    const waitMs = downstream.waitMs(lane);
    if (waitMs < 1) return;
    this.#lanes.connections[lane]?.pause();
    if (Number.isFinite(waitMs)) this.#resumptions.arm(lane, Math.ceil(now + waitMs));
  }

  #closed(connection: LaneConnection, reason: CloseReason): void {
    const lane = connection.data;
    if (lane < 0) return;
    this.#leave(lane);
    if (this.phase !== "connect" && this.phase !== "send") return;
    this.tally.countLoss(reason);
    if (this.#plan.reconnect) this.#opener.reopen(lane);
  }

  #leave(lane: number): void {
    this.#advance(this.now());
    this.tally.open -= 1;
    this.#moments.disarm(lane);
    this.#resumptions.disarm(lane);
    this.#sender?.forget(lane);
    this.#lanes.vacate(lane);
  }

  // ---- phases ------------------------------------------------------------------------------------------------------

  #passPhases(now: number): void {
    if (this.phase === "connect" && !this.#saidRampedUp && this.#opener.rampedUp) {
      this.#saidRampedUp = true;
      this.#hooks.rampedUp();
    }
    if (this.phase === "send") {
      if (now >= this.#endMs) this.#beginDrain(null);
      else if (this.tally.open === 0 && this.#opener.idle) this.#beginDrain("no-connections");
    }
    if (this.phase === "drain" && (now >= this.#giveUpMs || this.#isSettled(now))) this.#beginClosing(now);
    if (this.phase === "closing" && (now >= this.#giveUpMs || this.tally.open === 0)) this.#finish();
  }

  #beginDrain(endedBy: EndedBy): void {
    const now = this.now();
    this.#endMs = Math.min(this.#endMs, now);
    this.#advance(now);
    this.#endedBy = endedBy;
    this.phase = "drain";
    this.#opener.stop();
    this.#giveUpMs = now + this.#plan.drainMs;
  }

  #isSettled(now: number): boolean {
    if (this.debt > 0 || (this.#inFlight?.underWay ?? 0) > 0) return false;
    if (this.#protocol.replies === undefined && this.#lastReceivedMs > 0 && now - this.#lastReceivedMs < QUIET_MS) {
      return false;
    }
    return this.#lanes.connections.every((connection) => connection === undefined || connection.queuedBytes === 0);
  }

  #beginClosing(now: number): void {
    this.phase = "closing";
    this.#giveUpMs = now + CLOSE_MS;
    if (this.#pacer) this.#dropOld(this.#pacer.dropAll());
    this.#countStuck();
    // Sending FIN and waiting for the peer's: closing at once would answer bytes under way with a reset, and a reset
    // makes the peer's kernel throw away what it has not read yet.
    for (const connection of this.#lanes.connections) connection?.end();
  }

  /** What still waits in outboxes was never sent. */
  #countStuck(): void {
    const length = this.#protocol.source?.constantLengthBytes ?? 0;
    if (length === 0) return;
    for (const connection of this.#lanes.connections) {
      const messages = Math.min(this.tally.sent, Math.ceil((connection?.queuedBytes ?? 0) / length));
      this.tally.sent -= messages;
      this.tally.dropped.full += messages;
    }
  }

  #finish(): void {
    this.phase = "done";
    for (const connection of this.#lanes.connections) connection?.close();
    this.#hooks.done(this.#endedBy);
  }

  get sendStartMs(): number {
    return this.#sendStartMs;
  }
}
