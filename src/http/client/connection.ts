import type { CloseReason, Connection } from "../../net/mod.ts";
import type { Exchange } from "./exchange.ts";
import { ResponseReader } from "./response-reader.ts";
import type { HttpTarget } from "./target.ts";
import { ticker } from "./ticker.ts";
import type { FailureReason, RequestBlock } from "./types.ts";

/** Ends of a socket that are not simply "closed", as a request's failure. */
const FAILURES: Partial<Record<CloseReason, FailureReason>> = {
  reset: "reset",
  system: "reset",
  "handler-error": "handler-error",
  stalled: "request-stalled",
  "write-queue-full": "request-overflow",
};

const SAID: Readonly<Record<FailureReason, string>> = {
  connect: "no connection",
  "connect-timeout": "no connection in time",
  "not-http2": "it does not agree on HTTP/2",
  "queue-full": "too many requests wait",
  "queue-timeout": "no connection came free",
  stopped: "it was stopped",
  closed: "it closed the connection before its answer was complete",
  reset: "the connection was reset",
  "bad-response": "its answer is not valid",
  "response-timeout": "it did not answer in time",
  "request-stalled": "it took none of the request for a minute",
  "handler-error": "what was done with its answer failed",
  "request-overflow": "more was written to it than may wait",
};

/** One connection to a target: it has an exchange, or is idle, or is about to close. */
export class TargetConnection {
  /** It carried a request before. */
  wasUsed = false;
  readonly #target: HttpTarget;
  readonly #reader: ResponseReader;
  #socket!: Connection<TargetConnection>;
  #exchange: Exchange | undefined;
  /** How long it may be idle; of the last answer. */
  #keepMs: number;
  #idleSinceMs = 0;
  /** When what is awaited is late; 0 = nothing is. */
  #deadlineMs = 0;
  #wasKept = false;
  #sentFin = false;

  constructor(target: HttpTarget) {
    this.#target = target;
    this.#keepMs = target.settings.keepMs;
    this.#reader = new ResponseReader(this, target.settings);
  }

  get isFull(): boolean {
    return this.#socket.full;
  }

  get socket(): Connection<unknown> {
    return this.#socket as Connection<unknown>;
  }

  // ---- called by the target ------------------------------------------------------------------------------------------

  /** @returns false when it turned out to be dead, and not a byte of the request was taken */
  begin(exchange: Exchange, block: RequestBlock | undefined): boolean {
    if (this.#socket.closed || !exchange.attach(this, block)) return false;
    this.#exchange = exchange;
    this.#wasKept = this.wasUsed || this.#idleSinceMs > 0;
    this.#idleSinceMs = 0;
    this.wasUsed = true;
    exchange.isReused = this.#wasKept;
    this.#reader.begin(exchange);
    if (exchange.isPaused) this.#socket.pause();
    if (exchange.isWhole) this.requestSent();
    if (block === undefined) exchange.flush();
    return true;
  }

  /** @returns whether it may wait for the next request */
  rest(): boolean {
    this.#idleSinceMs = ticker.nowMs;
    return this.#keepMs > 0 && !this.#socket.closed;
  }

  isStale(nowMs: number): boolean {
    return nowMs - this.#idleSinceMs >= this.#keepMs;
  }

  checkTime(nowMs: number): void {
    if (this.#deadlineMs > 0 && this.#deadlineMs <= nowMs) this.lost("response-timeout");
  }

  close(): void {
    this.#socket.close();
  }

  /** The target's time to stop is over. */
  stop(): void {
    if (this.#exchange === undefined) this.close();
    else this.lost("stopped");
  }

  // ---- called by the exchange ----------------------------------------------------------------------------------------

  /** @returns whether the bytes were taken */
  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes) === bytes.length && !this.#socket.closed;
  }

  requestSent(): void {
    this.#rearm();
  }

  /** Of a tunnel: sends a FIN. */
  finish(): void {
    this.#sentFin = true;
    this.#socket.end();
  }

  pause(): void {
    this.#rearm();
    this.#socket.pause();
  }

  resume(): void {
    this.#rearm();
    this.#socket.resume();
  }

  /** The caller gave the exchange up. */
  abandon(): void {
    this.#exchange = undefined;
    this.#deadlineMs = 0;
    this.#stopReading();
    this.#socket.reset();
  }

  // ---- called by the reader ------------------------------------------------------------------------------------------

  /** A part of the answer came, and more is to come. */
  progressed(): void {
    this.#rearm();
  }

  /** The answer is complete. @param keepMs how long the connection may be kept, 0 = not at all */
  answered(exchange: Exchange, keepMs: number): void {
    const socket = this.#socket;
    this.#exchange = undefined;
    this.#deadlineMs = 0;
    this.#keepMs = keepMs;
    this.#target.answered();
    exchange.finish();
    // May deliver what was kept back, and close it.
    if (exchange.isPaused) socket.resume();
    const isClean = keepMs > 0 && exchange.isWhole && socket.queuedBytes === 0 && !socket.closed;
    if (isClean) this.#target.released(this);
    else socket.close();
  }

  switched(): void {
    this.#deadlineMs = 0;
    this.#target.tunnelled(1);
  }

  unsolicited(): void {
    this.#target.unsolicited();
    this.#socket.reset();
  }

  /** The exchange fails, and the connection with it. */
  lost(reason: FailureReason, why = SAID[reason]): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    this.#deadlineMs = 0;
    const { awaitsHead, hasStarted } = this.#reader;
    this.#stopReading();
    this.#socket.reset();
    this.#target.failed(exchange, {
      phase: awaitsHead ? "before-response" : "in-response",
      reason,
      text: why,
      cause: undefined,
      isReused: this.#wasKept && !hasStarted && (reason === "closed" || reason === "reset"),
    });
  }

  // ---- events of the socket ------------------------------------------------------------------------------------------

  opened(socket: Connection<TargetConnection>): void {
    this.#socket = socket;
    this.#target.opened(this);
  }

  read(bytes: Uint8Array): void {
    if (this.#exchange !== undefined) this.#reader.read(bytes);
    else if (!this.#socket.closed) this.unsolicited();
  }

  drained(): void {
    this.#exchange?.events.drain();
  }

  peerFinished(): void {
    if (this.#exchange === undefined) this.#socket.close();
    else if (!this.#reader.finished()) this.lost("closed");
  }

  closed(reason: CloseReason): void {
    const exchange = this.#exchange;
    if (exchange !== undefined && this.#sentFin && FAILURES[reason] === undefined) this.#tunnelEnded(exchange);
    this.lost(FAILURES[reason] ?? "closed");
    this.#target.closed(this);
  }

  /** Both sides of a tunnel are finished. */
  #tunnelEnded(exchange: Exchange): void {
    this.#exchange = undefined;
    this.#target.answered();
    const isNew = !this.#reader.isFinished;
    this.#stopReading();
    exchange.finish();
    if (isNew) exchange.events.bodyEnd();
  }

  #stopReading(): void {
    if (this.#reader.isTunnel) this.#target.tunnelled(-1);
    this.#reader.stop();
  }

  /** Begins the target's time anew. It has none while it is not its turn: the request is not sent, or its answer not read. */
  #rearm(): void {
    const { responseHeadMs, responseBodyMs } = this.#target.settings;
    const { awaitsHead, isTunnel } = this.#reader;
    const exchange = this.#exchange;
    const isItsTurn = exchange !== undefined && !exchange.isPaused && !isTunnel && (exchange.isWhole || !awaitsHead);
    const ms = awaitsHead ? responseHeadMs : exchange?.mayBeSilent ? 0 : responseBodyMs;
    this.#deadlineMs = isItsTurn && ms > 0 ? ticker.nowMs + ms : 0;
  }
}
