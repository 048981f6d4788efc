import { logOf, messageOf, occasionallyEach, TenkError } from "../../base/mod.ts";
import { Dialer } from "../../net/mod.ts";
import { type HttpAddress, parseHttpAddress } from "./address.ts";
import { TargetConnection } from "./connection.ts";
import { TargetTotals } from "./counts.ts";
import { Exchange, type ExchangeOwner } from "./exchange.ts";
import { TARGET_EVENTS } from "./handler.ts";
import { type HttpTargetOptions, type HttpTargetSettings, SOCKET_DEFAULTS, targetSettings } from "./options.ts";
import { type Ticked, ticker } from "./ticker.ts";
import type {
  FailureReason,
  RequestBlock,
  ResponseEvents,
  TargetCounts,
  TargetExchange,
  TargetFailure,
} from "./types.ts";

const log = logOf("http");

/**
 * HTTP/1.1 connections to one address, for one event loop.
 *
 * ```text
 *   send ─► idle? the one used last, in this call ─────────► answer ─► first who waits? else idle, at most keepMs
 *     └───► queue, first come first served ◄─ opened ◄─ dial, while fewer are opening than wait and maxConnections allows
 * ```
 *
 * ```text
 * const target = new HttpTarget({ url: "http://127.0.0.1:3000" });
 * const exchange = target.send(events, block);
 * await target.stop();
 * ```
 */
export class HttpTarget implements ExchangeOwner, Ticked {
  readonly address: HttpAddress;
  readonly settings: HttpTargetSettings;
  readonly #dialer: Dialer<TargetConnection>;
  readonly #totals = new TargetTotals();
  /** The one used last is at the end, so that the others may grow old. */
  readonly #idle: TargetConnection[] = [];
  readonly #open = new Set<TargetConnection>();
  readonly #waiting = new Set<Exchange>();
  #opening = 0;
  readonly #dials = new AbortController();
  #isStopped = false;
  #stopped = Promise.withResolvers<void>();
  readonly #log: (reason: FailureReason, last: string) => void;

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: HttpTargetOptions) {
    this.address = parseHttpAddress(options.url);
    this.settings = targetSettings(options);
    const { isSecure, host, port, path } = this.address;
    if (options.tls !== undefined && !isSecure && path === undefined) {
      throw new TenkError("invalid-option", `Cannot use tls with ${options.url}`, { hint: "write https://" });
    }
    const { lookup, logsFailures = true } = options;
    const logged = occasionallyEach((reason: FailureReason, count: number, last: string) =>
      log.warn("request to target failed", { target: this.address.text, reason, count, error: last }),
    );
    this.#log = logsFailures ? logged : () => {};
    const to = path === undefined ? { host, port, ...(lookup && { lookup }) } : { path };
    const usesTls = isSecure || options.tls !== undefined;
    this.#dialer = new Dialer<TargetConnection>(
      {
        ...to,
        ...SOCKET_DEFAULTS,
        ...options.socket,
        // The answer may go on after the target's FIN has ended a tunnel's one direction, and the other way round.
        halfOpen: true,
        timeoutMs: this.settings.connectMs,
        tls: usesTls && { alpn: ["http/1.1"], ...options.tls },
      },
      TARGET_EVENTS,
    );
  }

  /**
   * Sends a request, in this very call where a connection is idle.
   *
   * @throws {TenkError} `invalid-option` for a block that contradicts itself
   */
  send(events: ResponseEvents, block: RequestBlock): TargetExchange {
    const exchange = new Exchange(this, events, block);
    this.#totals.requests += 1;
    if (!block.isFresh && this.#sendOnIdle(exchange, block)) return exchange;
    if (this.#isStopped) this.#failLater(exchange, "stopped", "it was stopped");
    else if (this.#isQueueFull) this.#failLater(exchange, "queue-full", `${this.#waiting.size} requests wait already`);
    else this.#enqueue(exchange, block);
    return exchange;
  }

  counts(): TargetCounts {
    const gauges = {
      open: this.#open.size,
      idle: this.#idle.length,
      opening: this.#opening,
      waiting: this.#waiting.size,
    };
    return this.#totals.read(gauges);
  }

  /**
   * Takes no more requests and closes what is idle. Requests and tunnels under way have `graceMs` to end; Infinity = as long
   * as they need. Safe to call again, with less.
   */
  stop({ graceMs = 10_000 }: { graceMs?: number } = {}): Promise<void> {
    this.#isStopped = true;
    for (const connection of [...this.#idle]) connection.close();
    this.#settleStop();
    if (graceMs <= 0) this.#endAll();
    else if (Number.isFinite(graceMs)) {
      const timer = setTimeout(() => this.#endAll(), graceMs);
      void this.#stopped.promise.then(() => clearTimeout(timer));
    }
    return this.#stopped.promise;
  }

  // ---- called by connections and exchanges ---------------------------------------------------------------------------

  /** A connect succeeded. */
  opened(connection: TargetConnection): void {
    this.#opening -= 1;
    this.#totals.dialled += 1;
    this.#open.add(connection);
    this.#place(connection);
  }

  /** Its exchange is over, and it can have another. */
  released(connection: TargetConnection): void {
    this.#place(connection);
  }

  closed(connection: TargetConnection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#openMore();
    this.#settleStop();
  }

  answered(): void {
    this.#totals.answered += 1;
  }

  tunnelled(change: 1 | -1): void {
    this.#totals.tunnels += change;
    if (change > 0) this.#openMore();
  }

  unsolicited(): void {
    this.#totals.unsolicited += 1;
  }

  failed(exchange: Exchange, failure: Omit<TargetFailure, "isTimeout" | "isUnprocessed">): void {
    const { reason, text } = failure;
    this.#totals.failures[reason] += 1;
    // A kept connection that died is usual, and the request usually sent again.
    if (!failure.isReused && reason !== "stopped") this.#log(reason, text);
    exchange.fail({ ...failure, isUnprocessed: false, isTimeout: reason.endsWith("-timeout") });
  }

  aborted(exchange: Exchange): void {
    this.#totals.aborted += 1;
    this.#waiting.delete(exchange);
    this.#settleStop();
  }

  overflowed(exchange: Exchange): void {
    this.#waiting.delete(exchange);
    this.#failLater(exchange, "request-overflow", "more than 4 MiB were written before there was a connection");
  }

  tick(nowMs: number): void {
    for (const connection of [...this.#idle]) if (connection.isStale(nowMs)) connection.close();
    for (const exchange of this.#waiting) {
      if (exchange.waitsUntilMs > nowMs) break;
      this.#waiting.delete(exchange);
      this.#fail(exchange, "queue-timeout", `no connection came free in ${this.settings.waitMs} ms`);
    }
    for (const connection of this.#open) connection.checkTime(nowMs);
    this.#mayRest();
  }

  // ---- inside --------------------------------------------------------------------------------------------------------

  #sendOnIdle(exchange: Exchange, block: RequestBlock): boolean {
    if (this.#idle.length === 0) return false;
    const nowMs = block.nowMs ?? performance.now();
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return false;
      if (connection.isStale(nowMs)) connection.close();
      else if (connection.begin(exchange, block)) {
        this.#totals.reused += 1;
        return true;
      }
    }
  }

  #enqueue(exchange: Exchange, block: RequestBlock): void {
    this.#wake();
    exchange.hold(block);
    exchange.waitsUntilMs = ticker.nowMs + this.settings.waitMs;
    this.#waiting.add(exchange);
    // One that may not use an idle connection may have its place.
    if (!this.#hasRoom) this.#idle[0]?.close();
    this.#openMore();
  }

  get #hasRoom(): boolean {
    return this.#open.size - this.#totals.tunnels + this.#opening < this.settings.maxConnections;
  }

  /** Requests for which a connection is being opened do not count. */
  get #isQueueFull(): boolean {
    return !this.#hasRoom && this.#idle.length === 0 && this.#waiting.size - this.#opening >= this.settings.maxWaiting;
  }

  #openMore(): void {
    while (this.#opening < this.#waiting.size && this.#hasRoom) {
      this.#opening += 1;
      const data = new TargetConnection(this);
      this.#dialer.connect({ data, signal: this.#dials.signal }).catch((error: unknown) => this.#dialFailed(error));
    }
  }

  #dialFailed(error: unknown): void {
    this.#opening -= 1;
    this.#totals.dialsFailed += 1;
    const reason = error instanceof TenkError && error.code === "connect-timeout" ? "connect-timeout" : "connect";
    // As long as one is being opened for each that waits, nobody is the one it failed for.
    const [first] = this.#waiting;
    if (first !== undefined && this.#waiting.size > this.#opening) {
      this.#waiting.delete(first);
      this.#fail(first, this.#dials.signal.aborted ? "stopped" : reason, messageOf(error), error);
    }
    this.#openMore();
    this.#settleStop();
  }

  /** Gives a connection to the first who waits, or keeps it. */
  #place(connection: TargetConnection): void {
    if (this.#waiting.size === 0) {
      if (this.#isStopped || !connection.rest()) connection.close();
      else this.#idle.push(connection);
      return;
    }
    const first = this.#waiting.values().next().value!;
    this.#waiting.delete(first);
    if (connection.begin(first, undefined)) {
      if (first.isReused) this.#totals.reused += 1;
      return;
    }
    // It died without taking a byte: this one waits on, for another.
    this.#waiting.add(first);
    this.#openMore();
  }

  #fail(exchange: Exchange, reason: FailureReason, text: string, cause?: unknown): void {
    this.failed(exchange, { phase: "connect", reason, text, cause, isReused: false });
  }

  /** For what is known within `send`: no event comes before it has returned. */
  #failLater(exchange: Exchange, reason: FailureReason, text: string): void {
    queueMicrotask(() => {
      if (!exchange.isOver) this.#fail(exchange, reason, text);
    });
  }

  #endAll(): void {
    this.#dials.abort();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const exchange of waiting) this.#fail(exchange, "stopped", "it was stopped");
    for (const connection of [...this.#open]) connection.stop();
    this.#settleStop();
  }

  #settleStop(): void {
    if (!this.#isStopped || this.#open.size + this.#opening + this.#waiting.size > 0) return;
    ticker.leave(this);
    this.#stopped.resolve();
  }

  #wake(): void {
    ticker.join(this);
  }

  #mayRest(): void {
    if (this.#open.size + this.#opening + this.#waiting.size === 0) ticker.leave(this);
  }
}
