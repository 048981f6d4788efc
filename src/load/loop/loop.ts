import type { Histogram } from "hdr-histogram-js";
import { emptyHistogram, type Latencies, LatencyRecorder, recordUs, Tally } from "../measure/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { Phase } from "../snapshot.ts";
import { ConnectionTable } from "./connection-table.ts";
import { Dispatcher, TICK_BUDGET_MS } from "./dispatcher.ts";
import type { EndedBy, LoopHooks } from "./hooks.ts";
import { InFlight } from "./in-flight.ts";
import { Lifetimes } from "./lifetimes.ts";
import { Opener } from "./opener.ts";
import type { LoadConnection, LoopProtocol, Transport } from "./protocol.ts";
import { Receiver } from "./receiver.ts";
import { CLOSE_MS, Retired } from "./retired.ts";
import { Sender } from "./sender.ts";
import { plannedOptions } from "./sender-options.ts";
import { BUSY, MAX_WAIT_MS, OVER, Sleeper } from "./sleeper.ts";
import type { Slice } from "./slice.ts";
import { ToldAnswers } from "./told-answers.ts";

/** Where answers are not told apart, the last bytes have come after this much silence. */
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
 * All times are milliseconds of this run. The protocol comes from outside, with its messages, its answers and its connections.
 */
export class LoadLoop {
  readonly tally = new Tally();
  /** How much later than scheduled ticks ran, in microseconds. */
  readonly lag: Histogram = emptyHistogram();
  phase: Phase | "closing" = "connect";
  readonly #plan: LoadPlan;
  readonly #protocol: LoopProtocol;
  readonly #hooks: LoopHooks;
  readonly #startMs = performance.now();
  readonly #table: ConnectionTable;
  readonly #recorder = new LatencyRecorder();
  readonly #transport: Transport;
  readonly #opener: Opener;
  readonly #lifetimes: Lifetimes;
  readonly #inFlight: InFlight | undefined;
  readonly #sender: Sender | undefined;
  readonly #dispatcher: Dispatcher | undefined;
  readonly #receiver: Receiver;
  readonly #answers: ToldAnswers;
  #reportedRampUp = false;
  readonly #retired = new Retired();
  #sentBefore = 0;
  #endMs = Number.POSITIVE_INFINITY;
  #giveUpMs = Number.POSITIVE_INFINITY;
  #drainEndMs = Number.POSITIVE_INFINITY;
  #endedBy: EndedBy = null;
  readonly #sleeper: Sleeper;

  constructor(plan: LoadPlan, slice: Slice, protocol: LoopProtocol, hooks: LoopHooks) {
    this.#plan = plan;
    this.#protocol = protocol;
    this.#hooks = hooks;
    const now = () => this.now();
    this.tally.wanted = slice.connections;
    this.#table = new ConnectionTable(slice.connections, protocol);
    if (plan.traffic.answersTold && plan.pace !== "none")
      this.#inFlight = new InFlight(slice.connections, plan.maxOutstanding);
    this.#sender = this.#makeSender(protocol.source, slice.maxMessages);
    if (this.#sender) this.#dispatcher = new Dispatcher(plan, slice, this.#table, this.#sender, now);
    this.#receiver = new Receiver(plan, protocol, this.#table, this.tally, this.#recorder, this.#sender);
    const readMs = () => this.#receiver.lastMs;
    this.#answers = new ToldAnswers(plan, this.#table, this.tally, this.#sender, this.#dispatcher, now, readMs);
    this.#lifetimes = new Lifetimes(plan, this.#table, {
      begin: (slot) => this.#beginSlot(slot, this.now()),
      leave: (slot) => this.#leaveRotation(slot),
      isAnswered: (slot) => this.#sender?.isAnswered(slot) ?? true,
      retire: (slot) => this.#retire(slot),
    });
    this.#transport = protocol.openTransport({
      open: (connection) => this.#opened(connection),
      chunk: (connection, bytes) => this.#received(connection, bytes),
      came: (connection, bytes) => this.#came(connection, bytes),
      close: (connection, reason) => this.#closed(connection, reason),
      began: (connection, position) => this.#answers.began(connection, position),
      answered: (connection, position, isLast) => this.#answered(connection, position, isLast),
      failed: (connection, position) => this.#answers.failed(connection, position),
      returned: (from, position, message) => !this.#isEnding && this.#answers.returned(from, position, message),
      leaving: ({ data: slot }) => slot >= 0 && this.#leaveRotation(slot),
      broken: (error) => hooks.failed(error),
      took: (phase, ms) => this.#recorder.latencies.record(phase, ms * 1000),
    });
    this.#sleeper = new Sleeper(() => this.#onTick(), this.#transport, now);
    const failed = (slot: number) => this.#gone(slot);
    this.#opener = new Opener(plan, slice, this.#table, this.tally, this.#recorder, this.#transport, failed, now);
  }

  /** Milliseconds since this loop was made. */
  now(): number {
    return performance.now() - this.#startMs;
  }

  start(): void {
    this.#sleeper.expectedMs = this.now();
    this.#sleeper.run();
  }

  /** All workers' connections are open: the duration begins. */
  startSending(): void {
    if (this.phase !== "connect") return;
    const now = this.now();
    this.phase = "send";
    this.#endMs = now + this.#plan.durationMs;
    this.#sentBefore = this.tally.sent;
    this.#dispatcher?.begin(now, this.#endMs);
    if (this.#isQueued) this.#dispatcher?.sendDue(now);
    for (let slot = 0; slot < this.#table.count; slot++) if (this.#lifetimes.isGone(slot)) this.#gone(slot);
  }

  /** Multiplies the planned rate from now on. */
  scaleRate(factor: number): void {
    this.#dispatcher?.scaleRate(this.now(), factor);
  }

  /** Ends the run early: nothing more is planned, then it drains and closes as usual. */
  stop(endedBy: EndedBy): void {
    if (this.#isRunning) this.#beginDrain(endedBy);
  }

  /** Ends at once without draining. Does nothing after the end. */
  close(): void {
    if (this.phase === "done") return;
    this.#opener.stop();
    this.#finish();
  }

  /** Messages due that were not sent yet, here or waiting for an answer. */
  get debt(): number {
    return (this.#dispatcher?.debt ?? 0) + (this.#inFlight?.waiting ?? 0) + (this.#sender?.returned ?? 0);
  }

  /** Latencies so far, overdue answers included. */
  get latencies(): Latencies {
    const { latencies } = this.#recorder;
    return this.phase === "done" ? latencies : this.#recorder.messagesAt(this.now(), this.#plan.drainMs);
  }

  /** Brings `tally` up to date with what is counted elsewhere. */
  refresh(): Tally {
    this.tally.planned = this.#dispatcher?.planned ?? this.tally.planned;
    this.tally.bytesSent = this.#transport.readBytesSent();
    this.tally.byAddress = this.#transport.readAddresses();
    this.tally.byProtocol = this.#protocol.readCounts?.(this.phase === "done") ?? {};
    return this.tally;
  }

  get #isRunning(): boolean {
    return this.phase === "connect" || this.phase === "send";
  }

  get #isEnding(): boolean {
    return this.phase === "closing" || this.phase === "done";
  }

  get #isQueued(): boolean {
    return this.#plan.traffic.isQueued ?? false;
  }

  #makeSender(source: LoopProtocol["source"], maxMessages: number): Sender | undefined {
    if (source === undefined) return undefined;
    return new Sender(this.#table, this.tally, this.#recorder, {
      ...plannedOptions(this.#plan, this.#table.count),
      source,
      inFlight: this.#inFlight,
      epochMs: performance.timeOrigin + this.#startMs,
      tapOut: this.#hooks.tap?.out,
      maxMessages,
    });
  }

  #onTick(): number {
    const now = this.now();
    recordUs(this.lag, Math.max(0, now - this.#sleeper.expectedMs) * 1000);
    if (this.#isRunning) this.#lifetimes.tick(now);
    this.#retired.tick(now);
    this.#answers.tick(now);
    if (this.#isRunning) this.#opener.tick(now, now + TICK_BUDGET_MS);
    const busy = !this.#isEnding && (this.#dispatcher?.sendDue(now) ?? false);
    this.#passPhases(this.now());
    if (this.phase === "done") return OVER;
    return busy ? BUSY : this.#waitMs(this.now());
  }

  #waitMs(now: number): number {
    const dueMs = this.phase === "closing" ? MAX_WAIT_MS : (this.#dispatcher?.waitMs(now) ?? MAX_WAIT_MS);
    return Math.min(MAX_WAIT_MS, this.#opener.waitMs(now), dueMs);
  }

  // ---- events of connections ---------------------------------------------------------------------------------------

  #opened(connection: LoadConnection): void {
    const slot = connection.data;
    const now = this.now();
    if (!this.#isRunning) {
      this.#recorder.forget("connect", this.#table.sinceMs[slot]!);
      connection.data = -1;
      connection.close();
      return;
    }
    const { tally } = this;
    tally.opened += 1;
    if (this.#table.settled[slot] === 1) tally.reopened += 1;
    tally.open += 1;
    tally.peak = Math.max(tally.peak, tally.open);
    this.#recorder.end("connect", this.#table.sinceMs[slot]!, now);
    this.#table.sinceMs[slot] = now;
    if (!this.#plan.traffic.reportsAnswers) this.#recorder.begin("firstByte", now);
    this.#table.occupy(slot, connection);
    this.#sender?.joined(slot, now);
    this.#leaveRotation(slot);
    this.#lifetimes.opened(slot, now);
    this.#opener.settled(slot);
  }

  #leaveRotation(slot: number): void {
    this.#dispatcher?.advance(this.now());
    this.#table.rotation.remove(slot);
  }

  /** Closes a connection whose lifetime is over. */
  #retire(slot: number): void {
    const connection = this.#table.connections[slot]!;
    const now = this.now();
    this.#sender?.dropWaiting(slot);
    if (this.#table.hasReceived[slot] === 0) this.#recorder.giveUp("firstByte", this.#table.sinceMs[slot]!, now);
    this.#leave(slot);
    this.#lifetimes.closed(slot);
    this.tally.retired += 1;
    connection.data = -1;
    this.#retired.add(connection, this.#table.replyStateOf(slot), now);
    this.#opener.reopen(slot);
  }

  /** The connection is lost or could not be opened. With a rate per connection, its planned messages are dropped. */
  #gone(slot: number): void {
    this.#lifetimes.gone(slot);
    if (this.phase !== "send" || this.#plan.pace !== "per-connection") return;
    this.#dispatcher?.advance(this.now());
    this.#table.rotation.add(slot);
  }

  #beginSlot(slot: number, now: number): void {
    const uid = this.#table.uids[slot]!;
    const first = this.#protocol.source?.firstBytes(
      uid,
      Math.round((performance.timeOrigin + this.#startMs + now) * 1000),
    );
    if (first !== undefined && this.#table.connections[slot]!.write(first) > 0) {
      this.tally.firstBytesSent += first.length;
      this.#hooks.tap?.out?.(uid, first);
    }
    this.#dispatcher?.advance(now);
    this.#table.rotation.add(slot);
    this.#answers.freed(slot, now);
  }

  #received(connection: LoadConnection, bytes: Uint8Array): void {
    const slot = connection.data;
    if (slot < 0) {
      this.#receiver.receivedUnasked(this.#retired.replyStateOf(connection), bytes);
      return;
    }
    this.#hooks.tap?.in?.(this.#table.uids[slot]!, bytes);
    const isStop = this.#receiver.received(slot, bytes, this.now(), this.#isRunning);
    if (this.#isRunning) this.#lifetimes.answered(slot);
    if (!isStop) return;
    // A stop text among the last answers counts too: the run must not pass although it is over by then.
    if (this.#isRunning) this.stop("message-stop");
    else this.#endedBy = "message-stop";
  }

  #came({ data: slot }: LoadConnection, bytes: number): void {
    this.#receiver.came(bytes, this.now());
    if (slot >= 0 && this.#isRunning) this.#lifetimes.answered(slot);
  }

  #answered(connection: LoadConnection, position: number, isLast?: boolean): number {
    const servedUs = this.#answers.answered(connection, position, isLast);
    if (connection.data < 0 || this.#isQueued) return servedUs;
    this.#receiver.sendNext(connection.data, this.#receiver.lastMs, this.#isRunning);
    if (this.#isRunning) this.#lifetimes.answered(connection.data);
    return servedUs;
  }

  #closed(connection: LoadConnection, reason: string | undefined): void {
    const slot = connection.data;
    const unsent = this.phase === "done" ? "full" : "cut";
    if (slot < 0) {
      this.#sender?.ended(connection, unsent);
      this.#retired.closed(connection);
      return;
    }
    this.#leave(slot);
    this.#sender?.ended(connection, unsent);
    if (!this.#isRunning) return;
    if (reason === undefined) {
      this.#lifetimes.closed(slot);
      this.#opener.reopen(slot);
      this.#opener.tick(this.now(), this.now() + TICK_BUDGET_MS);
      return;
    }
    this.tally.countLoss(reason);
    this.#gone(slot);
    if (this.#plan.reconnect) this.#opener.reopen(slot);
  }

  #leave(slot: number): void {
    this.#leaveRotation(slot);
    this.tally.open -= 1;
    this.#sender?.forget(slot);
    this.#table.connections[slot] = undefined;
  }

  // ---- phases ------------------------------------------------------------------------------------------------------

  #passPhases(now: number): void {
    if (this.phase === "connect" && !this.#reportedRampUp && this.#opener.rampedUp) {
      this.#reportedRampUp = true;
      this.#hooks.rampedUp();
    }
    if (this.phase === "send") {
      if (now >= this.#endMs || this.#sender?.isExhausted) this.#beginDrain(null);
      else if (this.tally.open === 0 && this.#hasNoConnection) this.#beginDrain("no-connections");
      // Closing ten thousand takes a tenth of a second: it starts one tick later, after `sendingOver` was called.
    } else if (this.phase === "drain" && (now >= this.#giveUpMs || this.#isSettled(now))) this.#beginClosing(now);
    if (this.phase === "closing" && (now >= this.#giveUpMs || this.tally.open === 0)) this.#finish();
  }

  /** None can come any more, or, where messages wait for all, none ever came. */
  get #hasNoConnection(): boolean {
    return this.#opener.idle || (this.#isQueued && this.tally.opened === 0);
  }

  #beginDrain(endedBy: EndedBy): void {
    const now = this.now();
    this.#dispatcher?.finish(now);
    if (this.phase === "send") this.tally.sentWhileSending = this.tally.sent - this.#sentBefore;
    this.tally.answeredWhileSending = this.tally.received - this.tally.unexpected;
    this.tally.held = this.tally.open;
    this.#endedBy = endedBy;
    this.phase = "drain";
    this.#opener.stop();
    this.#drainEndMs = now + this.#plan.drainMs;
    this.#giveUpMs = this.#drainEndMs;
    this.#hooks.sendingOver();
  }

  #isSettled(now: number): boolean {
    // No connection is opened any more: without one, what is due cannot leave.
    if ((this.debt > 0 && this.tally.open > 0) || (this.#inFlight?.underWay ?? 0) > 0) return false;
    const { lastMs } = this.#receiver;
    const findsAnswers = this.#protocol.replies !== undefined || this.#plan.traffic.reportsAnswers === true;
    if (!findsAnswers && lastMs > 0 && now - lastMs < QUIET_MS) return false;
    if (this.#retired.areSending) return false;
    return this.#table.connections.every((connection) => connection === undefined || connection.queuedBytes === 0);
  }

  #beginClosing(now: number): void {
    this.phase = "closing";
    this.#giveUpMs = now + CLOSE_MS;
    this.#dispatcher?.dropRest();
    this.#sender?.giveUpReturned((message) => this.#transport.gaveUp?.(message));
    for (let slot = 0; slot < this.#table.count; slot++) this.#sender?.dropWaiting(slot);
    // Sending FIN and waiting for the peer's: closing at once would answer bytes under way with a reset, and a reset
    // makes the peer's kernel throw away what it has not read yet.
    for (const connection of this.#table.connections) connection?.end();
  }

  #finish(): void {
    this.phase = "done";
    this.#sender?.giveUpReturned((message) => this.#transport.gaveUp?.(message));
    for (const connection of [...this.#table.connections, ...this.#retired.connections()]) {
      if (connection === undefined) continue;
      connection.close();
      // Counts messages left in it now: its close event may come after the report.
      this.#sender?.ended(connection, "full");
    }
    const { tally } = this;
    tally.sentWhileSending = Math.min(tally.sentWhileSending, Math.max(0, tally.sent - this.#sentBefore));
    this.#recorder.close(Math.min(this.now(), this.#drainEndMs), this.#drainEndMs, this.#plan.drainMs);
    this.#hooks.done(this.#endedBy);
  }
}
