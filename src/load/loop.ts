import type { Histogram } from "hdr-histogram-js";
import { Wheel } from "../base/mod.ts";
import type { CloseReason } from "../net/mod.ts";
import { Tally } from "./accounting.ts";
import { Dispatcher, TICK_BUDGET_MS } from "./dispatcher.ts";
import { InFlight } from "./in-flight.ts";
import { type LaneConnection, Lanes } from "./lanes.ts";
import { emptyHistogram, Latencies, recordUs } from "./latency.ts";
import { Opener, type Slice } from "./opener.ts";
import type { TcpPlan } from "./plan.ts";
import type { Protocol } from "./protocol.ts";
import { Receiver } from "./receiver.ts";
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
  /** Nothing more is planned; what is under way is awaited. */
  sendingOver(): void;
  /** All is closed. */
  done(endedBy: EndedBy): void;
  readonly tap?: Tap | undefined;
}

/** Longest sleep between ticks. */
const MAX_WAIT_MS = 10;
/** How long closing waits for the peers' FIN. */
const CLOSE_MS = 1000;
/** What comes back is said to have ended after this much silence, where answers are not told apart. */
const QUIET_MS = 50;

/**
 * One event loop of a load test: opens its connections, sends what is due, counts what comes back.
 *
 * ```text
 *   connect ──all open──► send ──duration over──► drain ──answered, written──► closing ──► done
 *      messages flow from each connection's opening on        nothing new is planned
 *
 *   tick:   Opener dials ─► Dispatcher asks the Pacer what is due, whose turn it is ─► Sender writes
 *   chunk:  Receiver ─► finds answers ─► Sender records their latency
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
  readonly #protocol: Protocol;
  readonly #hooks: LoopHooks;
  readonly #startMs = performance.now();
  readonly #lanes: Lanes;
  readonly #opener: Opener;
  readonly #inFlight: InFlight | undefined;
  readonly #sender: Sender | undefined;
  readonly #dispatcher: Dispatcher | undefined;
  readonly #receiver: Receiver;
  /** A lane's next event: the end of its delay, or of its lifetime. */
  readonly #moments = new Wheel(512, 1);
  #expectedMs = 0;
  #saidRampedUp = false;
  /** Those whose lifetime was over, until the peer has closed as well. */
  readonly #retired = new Set<LaneConnection>();
  #sentBefore = 0;
  #endMs = Number.POSITIVE_INFINITY;
  #giveUpMs = Number.POSITIVE_INFINITY;
  #endedBy: EndedBy = null;
  readonly #tick = () => this.#onTick();
  readonly #moment = (lane: number) => this.#laneMoment(lane);

  constructor(plan: TcpPlan, slice: Slice, protocol: Protocol, hooks: LoopHooks) {
    this.#plan = plan;
    this.#protocol = protocol;
    this.#hooks = hooks;
    const now = () => this.now();
    this.tally.wanted = slice.connections;
    this.#lanes = new Lanes(slice.connections, protocol);
    if (protocol.replies && plan.pace !== "none") this.#inFlight = new InFlight(slice.connections, plan.maxOutstanding);
    this.#sender = this.#makeSender(protocol.source);
    if (this.#sender) this.#dispatcher = new Dispatcher(plan, slice, this.#lanes, this.tally, this.#sender, now);
    this.#receiver = new Receiver(plan, protocol, this.#lanes, this.tally, this.latencies, this.#sender);
    const handler = {
      open: (connection: LaneConnection) => this.#opened(connection),
      chunk: (connection: LaneConnection, bytes: Uint8Array) => this.#received(connection, bytes),
      close: (connection: LaneConnection, reason: CloseReason) => this.#closed(connection, reason),
    };
    this.#opener = new Opener(plan, slice, this.#lanes, this.tally, handler, now);
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
    this.phase = "send";
    this.#endMs = now + this.#plan.durationMs;
    this.#sentBefore = this.tally.sent;
    this.#dispatcher?.begin(now, this.#endMs);
  }

  /** Multiplies the planned rate from now on. */
  scaleRate(factor: number): void {
    this.#dispatcher?.scaleRate(this.now(), factor);
  }

  /** Ends the run before its time: nothing more is planned, the rest of the end is as ever. */
  stop(endedBy: EndedBy): void {
    if (this.#isRunning) this.#beginDrain(endedBy);
  }

  /** Ends at once and waits for nothing; after the end it does nothing. */
  close(): void {
    if (this.phase === "done") return;
    this.#opener.stop();
    this.#finish();
  }

  /** Messages due that were not sent yet, here or waiting for an answer. */
  get debt(): number {
    return (this.#dispatcher?.debt ?? 0) + (this.#inFlight?.waiting ?? 0);
  }

  /** Brings `tally` up to date with what is counted elsewhere. */
  refresh(): Tally {
    this.tally.planned = this.#dispatcher?.planned ?? this.tally.planned;
    this.tally.bytesSent = this.#opener.dialer.readCounts().bytesWritten;
    this.tally.byAddress = this.#opener.readAddresses();
    return this.tally;
  }

  get #isRunning(): boolean {
    return this.phase === "connect" || this.phase === "send";
  }

  #makeSender(source: Protocol["source"]): Sender | undefined {
    if (source === undefined) return undefined;
    const { upstreamBytesPerSecond, pipeline, lateAfterMs, dropAfterMs, outboxBytes } = this.#plan;
    const count = this.#lanes.count;
    return new Sender(this.#lanes, this.tally, this.latencies, {
      source,
      inFlight: this.#inFlight,
      upstream: upstreamBytesPerSecond === undefined ? undefined : new TokenBuckets(count, upstreamBytesPerSecond),
      pipeline,
      lateAfterMs,
      dropAfterMs,
      outboxBytes,
      epochMs: performance.timeOrigin + this.#startMs,
      tapOut: this.#hooks.tap?.out,
    });
  }

  #onTick(): void {
    const now = this.now();
    recordUs(this.lag, Math.max(0, now - this.#expectedMs) * 1000);
    if (this.#moments.armed > 0) this.#moments.advance(Math.floor(now), this.#moment);
    this.#receiver.tick(now);
    if (this.#isRunning) this.#opener.tick(now, now + TICK_BUDGET_MS);
    const sends = this.phase !== "closing" && this.phase !== "done";
    const busy = sends && (this.#dispatcher?.sendDue(now) ?? false);
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
    const dueMs = this.phase === "closing" ? MAX_WAIT_MS : (this.#dispatcher?.waitMs(now) ?? MAX_WAIT_MS);
    const waitMs = Math.max(1, Math.floor(Math.min(MAX_WAIT_MS, this.#opener.waitMs(now), dueMs)));
    this.#expectedMs = now + waitMs;
    setTimeout(this.#tick, waitMs);
  }

  // ---- what connections tell ---------------------------------------------------------------------------------------

  #opened(connection: LaneConnection): void {
    const lane = connection.data;
    const now = this.now();
    if (!this.#isRunning) {
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
    this.#receiver.joined(lane, now);
    this.#sender?.joined(lane, now);
    const { delaySendMs, channelLifetimeMs } = this.#plan;
    if (delaySendMs > 0) this.#moments.arm(lane, Math.ceil(now + delaySendMs));
    else if (channelLifetimeMs > 0) this.#moments.arm(lane, Math.ceil(now + channelLifetimeMs));
    if (delaySendMs === 0) this.#beginLane(lane, now);
    this.#opener.settled(lane);
  }

  /** The delay of a connection is over, or its lifetime. */
  #laneMoment(lane: number): void {
    const connection = this.#lanes.connections[lane];
    if (connection === undefined || !this.#isRunning) return;
    const { delaySendMs, channelLifetimeMs } = this.#plan;
    if (delaySendMs > 0 && !this.#lanes.rotation.has(lane)) {
      if (channelLifetimeMs > 0) this.#moments.arm(lane, Math.ceil(this.#lanes.sinceMs[lane]! + channelLifetimeMs));
      this.#beginLane(lane, this.now());
    } else {
      this.#leave(lane);
      this.tally.retired += 1;
      this.#retired.add(connection);
      connection.data = -1;
      connection.end();
      this.#opener.reopen(lane);
    }
  }

  #beginLane(lane: number, now: number): void {
    const uid = this.#lanes.uids[lane]!;
    const first = this.#protocol.source?.firstBytes(
      uid,
      Math.round((performance.timeOrigin + this.#startMs + now) * 1000),
    );
    if (first !== undefined && this.#lanes.connections[lane]!.write(first) > 0) {
      this.#lanes.firstBytes[lane] = first.length;
      this.tally.firstBytesSent += first.length;
      this.#hooks.tap?.out?.(uid, first);
    }
    this.#dispatcher?.advance(now);
    this.#lanes.rotation.add(lane);
  }

  #received(connection: LaneConnection, bytes: Uint8Array): void {
    const lane = connection.data;
    if (lane < 0) {
      this.tally.bytesReceived += bytes.length;
      return;
    }
    this.#hooks.tap?.in?.(this.#lanes.uids[lane]!, bytes);
    if (!this.#receiver.received(lane, bytes, this.now(), this.#isRunning)) return;
    // It counts also among the last answers: the run is over by then, and must not pass for that.
    if (this.#isRunning) this.stop("message-stop");
    else this.#endedBy = "message-stop";
  }

  #closed(connection: LaneConnection, reason: CloseReason): void {
    const lane = connection.data;
    if (lane < 0) {
      this.#retired.delete(connection);
      return;
    }
    this.#leave(lane);
    if (!this.#isRunning) return;
    this.tally.countLoss(reason);
    if (this.#plan.reconnect) this.#opener.reopen(lane);
  }

  #leave(lane: number): void {
    this.#dispatcher?.advance(this.now());
    this.tally.open -= 1;
    this.#moments.disarm(lane);
    this.#receiver.left(lane);
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
      // Closing ten thousand takes a tenth of a second: whoever measures the sending hears before.
    } else if (this.phase === "drain" && (now >= this.#giveUpMs || this.#isSettled(now))) this.#beginClosing(now);
    if (this.phase === "closing" && (now >= this.#giveUpMs || this.tally.open === 0)) this.#finish();
  }

  #beginDrain(endedBy: EndedBy): void {
    const now = this.now();
    this.#dispatcher?.finish(now);
    if (this.phase === "send") this.tally.sentWhileSending = this.tally.sent - this.#sentBefore;
    this.#endedBy = endedBy;
    this.phase = "drain";
    this.#opener.stop();
    this.#giveUpMs = now + this.#plan.drainMs;
    this.#hooks.sendingOver();
  }

  #isSettled(now: number): boolean {
    if (this.debt > 0 || (this.#inFlight?.underWay ?? 0) > 0) return false;
    const { lastMs } = this.#receiver;
    if (this.#protocol.replies === undefined && lastMs > 0 && now - lastMs < QUIET_MS) return false;
    return this.#lanes.connections.every((connection) => connection === undefined || connection.queuedBytes === 0);
  }

  #beginClosing(now: number): void {
    this.phase = "closing";
    this.#giveUpMs = now + CLOSE_MS;
    this.#dispatcher?.dropRest();
    // Sending FIN and waiting for the peer's: closing at once would answer bytes under way with a reset, and a reset
    // makes the peer's kernel throw away what it has not read yet.
    for (const connection of this.#lanes.connections) connection?.end();
  }

  /** Messages of which bytes still wait in an outbox did not leave whole, and will not any more. */
  #countStuck(): void {
    const { tally } = this;
    const length = this.#protocol.source?.constantLengthBytes ?? 0;
    if (length === 0) return;
    for (const [lane, connection] of this.#lanes.connections.entries()) {
      if (connection === undefined || connection.queuedBytes === 0) continue;
      // What was sent at the opening waits before all messages.
      const first = Math.max(0, this.#lanes.firstBytes[lane]! - connection.bytesWritten);
      const messages = Math.ceil(Math.max(0, connection.queuedBytes - first) / length);
      const stuck = Math.min(messages, this.#inFlight?.unanswered(lane) ?? tally.sent);
      tally.sent -= stuck;
      tally.dropped.full += stuck;
      // Closing the connection counts it with all others that are not answered.
      if (this.#inFlight !== undefined) tally.unanswered -= stuck;
    }
    tally.sentWhileSending = Math.min(tally.sentWhileSending, Math.max(0, tally.sent - this.#sentBefore));
  }

  #finish(): void {
    this.phase = "done";
    this.#countStuck();
    for (const connection of this.#lanes.connections) connection?.close();
    for (const connection of this.#retired) connection.close();
    this.#hooks.done(this.#endedBy);
  }
}
