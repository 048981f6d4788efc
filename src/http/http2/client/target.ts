import { logOf, messageOf, occasionallyEach, TenkError } from "../../../base/mod.ts";
import { type CloseReason, type Connection, Dialer, type Handler } from "../../../net/mod.ts";
import {
  type FailureReason,
  type HttpAddress,
  parseHttpAddress,
  type RequestBlock,
  type ResponseEvents,
  type TargetCounts,
  type TargetExchange,
  TargetTotals,
} from "../../client/mod.ts";
import { type Http2TargetOptions, http2TargetSettings } from "./options.ts";
import { ClientSession } from "./session.ts";
import { SessionOwner } from "./session-owner.ts";
import { ClientStream } from "./stream.ts";

const TICK_MS = 250;
const NO_HEAD = "its head is too long, or none that can be sent";
const log = logOf("http");

/**
 * A target that speaks HTTP/2: by TLS and ALPN (`https:`), or because it is known to (`http:`, gRPC servers). Takes the same requests
 * as `HttpTarget` and has the same events, but several at a time on a connection. No upgrades, and no chunks that are carried.
 *
 * ```text
 *   send ─► a session with room? its next stream ─────────────► answer
 *     └───► waits, first come first served ◄─ room ◄─ a stream ends, or another session opens, up to maxConnections
 * ```
 */
export class Http2Target extends SessionOwner {
  readonly address: HttpAddress;
  readonly #dialer: Dialer<ClientSession>;
  readonly #totals = new TargetTotals();
  readonly #sessions = new Set<ClientSession>();
  readonly #waiting = new Map<ClientStream, number>();
  #opening = 0;
  readonly #dials = new AbortController();
  #isStopped = false;
  readonly #stopped = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #log = occasionallyEach((reason: FailureReason, count: number, last: string) =>
    log.warn("request to target failed", { target: this.address.text, reason, count, error: last }),
  );

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: Http2TargetOptions) {
    const address = parseHttpAddress(options.url);
    super(http2TargetSettings(options), address.isSecure || options.tls !== undefined);
    this.address = address;
    const { connectMs } = this.settings;
    const { host, port, path } = address;
    const to = path === undefined ? { host, port } : { path };
    // With the second, one that does not speak the first says so, where it would otherwise fail the handshake.
    const tls = this.isSecure && { ...options.tls, alpn: ["h2", "http/1.1"] };
    const found = options.lookup && { lookup: options.lookup };
    const socket = { writeQueueMaxBytes: 4_194_304, ...options.socket, halfOpen: true, timeoutMs: connectMs };
    this.#dialer = new Dialer<ClientSession>({ ...to, ...socket, tls, ...found }, this.#events());
  }

  /** Sends a request, in this very call where a session has room. @throws {TenkError} `invalid-option` */
  send(events: ResponseEvents, block: RequestBlock): TargetExchange {
    const stream = new ClientStream(this, events, block);
    this.#totals.requests += 1;
    // A connection that died is not among the sessions, so that `isFresh` asks for nothing more.
    const session = this.#isStopped ? undefined : this.#withRoom();
    if (session !== undefined) {
      if (!this.#begin(session, stream, block.bytes, block.from, block.to))
        this.#failLater(stream, "request-overflow", NO_HEAD);
    } else if (this.#isStopped) this.#failLater(stream, "stopped", "it was stopped");
    else if (this.#waiting.size >= this.settings.maxWaiting)
      this.#failLater(stream, "queue-full", `${this.#waiting.size} requests wait already`);
    else {
      stream.held = new Uint8Array(block.bytes.subarray(block.from, block.to));
      this.#waiting.set(stream, performance.now() + this.settings.waitMs);
      this.#openMore();
    }
    return stream;
  }

  counts(): TargetCounts {
    const sessions = [...this.#sessions];
    return this.#totals.read({
      open: sessions.length,
      idle: sessions.filter(({ count }) => count === 0).length,
      opening: this.#opening,
      waiting: this.#waiting.size,
    });
  }

  /** Takes no more requests, closes what is idle, and gives the others `graceMs`. */
  stop({ graceMs = 10_000 }: { graceMs?: number } = {}): Promise<void> {
    this.#isStopped = true;
    for (const session of [...this.#sessions]) {
      if (session.count === 0 || graceMs <= 0) session.close("shutdown");
      else session.isLeaving = true;
    }
    if (graceMs <= 0) this.#endWaiting();
    else if (Number.isFinite(graceMs)) {
      const timer = setTimeout(() => void this.stop({ graceMs: 0 }), graceMs);
      void this.#stopped.promise.then(() => clearTimeout(timer));
    }
    this.#settleStop();
    return this.#stopped.promise;
  }

  // ---- called by sessions and streams -----------------------------------------------------------------------------------

  /** A session takes another request: the first who waits gets it. */
  hasRoom(session: ClientSession): void {
    for (const [stream] of this.#waiting) {
      if (!session.hasRoom) return;
      const { held } = stream;
      this.#waiting.delete(stream);
      if (held !== undefined && !this.#begin(session, stream, held, 0, held.length))
        stream.fail("request-overflow", NO_HEAD);
    }
    if (this.#isStopped && session.count === 0) session.close("shutdown");
  }

  sessionClosed(session: ClientSession): void {
    this.#sessions.delete(session);
    this.#openMore();
    this.#settleStop();
  }

  withdrawn(stream: ClientStream): void {
    this.#waiting.delete(stream);
    this.#settleStop();
  }

  ended(outcome: "answered" | "aborted" | FailureReason, text: string): void {
    if (outcome === "answered" || outcome === "aborted") this.#totals[outcome] += 1;
    else {
      this.#totals.failures[outcome] += 1;
      if (outcome !== "stopped") this.#log(outcome, text);
    }
  }

  // ---- inside -------------------------------------------------------------------------------------------------------------

  #withRoom(): ClientSession | undefined {
    // Who waits comes first.
    if (this.#waiting.size > 0) return undefined;
    for (const session of this.#sessions) if (session.hasRoom) return session;
    return undefined;
  }

  /** @returns false where the request's head cannot be sent */
  #begin(session: ClientSession, stream: ClientStream, bytes: Uint8Array, from: number, to: number): boolean {
    stream.isReused = session.wasUsed;
    if (stream.isReused) this.#totals.reused += 1;
    return session.begin(stream, bytes, from, to);
  }

  #openMore(): void {
    if (this.#isStopped || this.#waiting.size === 0) return;
    this.#timer ??= setInterval(() => this.#tick(performance.now()), TICK_MS).unref();
    // One connection takes many requests: the next is opened when none has room.
    if (this.#opening > 0 || this.#staying >= this.settings.maxConnections) return;
    this.#opening += 1;
    this.#dialer.connect({ signal: this.#dials.signal }).then(
      (connection) => this.#dialled(connection),
      (error: unknown) => this.#dialFailed(error),
    );
  }

  /** Connections that take requests. One that the target leaves may have requests for hours. */
  get #staying(): number {
    let count = 0;
    for (const session of this.#sessions) if (!session.isLeaving) count += 1;
    return count;
  }

  #dialled(connection: Connection<ClientSession>): void {
    this.#opening -= 1;
    this.#totals.dialled += 1;
    if (this.isSecure && connection.negotiated?.alpn !== "h2") {
      connection.close();
      this.#failWaiting("not-http2", "it does not agree on HTTP/2 (ALPN)", undefined);
      this.#settleStop();
      return;
    }
    const session = new ClientSession(connection as Connection<unknown>, this);
    connection.data = session;
    this.#sessions.add(session);
    this.hasRoom(session);
    this.#openMore();
  }

  #dialFailed(error: unknown): void {
    this.#opening -= 1;
    this.#totals.dialsFailed += 1;
    const isLate = error instanceof TenkError && error.code === "connect-timeout";
    // With a session that is full, those who wait still have their chance.
    if (this.#sessions.size === 0) this.#failWaiting(isLate ? "connect-timeout" : "connect", messageOf(error), error);
    this.#settleStop();
  }

  #failWaiting(reason: FailureReason, text: string, cause: unknown): void {
    const waiting = [...this.#waiting.keys()];
    this.#waiting.clear();
    for (const stream of waiting) stream.fail(reason, text, { cause });
  }

  #endWaiting(): void {
    this.#dials.abort();
    this.#failWaiting("stopped", "it was stopped", undefined);
  }

  /** For what is known within `send`: no event comes before it has returned. */
  #failLater(stream: ClientStream, reason: FailureReason, text: string): void {
    queueMicrotask(() => stream.fail(reason, text));
  }

  #tick(nowMs: number): void {
    for (const [stream, untilMs] of [...this.#waiting]) {
      if (untilMs > nowMs) break;
      stream.fail("queue-timeout", `no connection had room in ${this.settings.waitMs} ms`);
    }
    for (const session of [...this.#sessions]) session.checkTime(nowMs);
    this.#openMore();
    if (this.#sessions.size + this.#opening + this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #settleStop(): void {
    if (!this.#isStopped || this.#sessions.size + this.#opening + this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#stopped.resolve();
  }

  #events(): Handler<ClientSession> {
    return {
      readsWhileFull: true,
      keepsNoBytes: true,
      chunk: ({ data }: Connection<ClientSession>, bytes: Uint8Array) => data?.received(bytes),
      drain: ({ data }: Connection<ClientSession>) => data?.drained(),
      // What a target does not send before its FIN will not come.
      end: (connection: Connection<ClientSession>) => connection.close("peer"),
      close: ({ data }: Connection<ClientSession>, reason: CloseReason) => data?.closed(reason),
    };
  }
}
