import type { CloseReason, Connection } from "../../net/mod.ts";
import { ErrorCode, SettingId } from "../../wire/http2/mod.ts";
import type { ClientConnection } from "../exchange.ts";
import { outcomeOf } from "../outcome-of.ts";
import { Budget } from "./budget.ts";
import type { ConnectionError, Http2Rejection } from "./connection-error.ts";
import type { Http2Exchange } from "./exchange.ts";
import type { Http2Server } from "./server.ts";
import { SessionBase } from "./session-base.ts";
import { Http2Streams } from "./streams.ts";

/** An increment below this lets us send a frame that is mostly header. */
const SMALL_INCREMENT = 64;
const MAX_LOOK_MS = 15_000;

/**
 * An HTTP/2 connection of a client.
 *
 * ```text
 *   frames of SessionBase ─► Http2Streams ─► Http2Exchange ─► handler
 *                                                  │
 *                    Http2Sender ◄─────────────────┘  one write at the end of the read or the turn
 * ```
 *
 * A rule that a client breaks ends its connection with GOAWAY (`ConnectionError`) or its stream with RST_STREAM (`streamError`).
 */
export class Http2Session extends SessionBase<Http2Session> implements ClientConnection {
  readonly server: Http2Server;
  readonly isSecure: boolean;
  readonly serverName: string | undefined;
  data: unknown;
  readonly streams: Http2Streams;
  readonly #openedMs: number;

  constructor(connection: Connection<Http2Session>, server: Http2Server) {
    const { settings } = server;
    super(connection, server, {
      maxContinuations: settings.maxContinuations,
      maxHeadBytes: settings.maxHeadBytes,
      pings: new Budget(settings.pingBurst, settings.pingsPerSecond),
      emptyFrames: new Budget(settings.emptyFrameBurst, settings.emptyFramesPerSecond),
      smallIncrement: SMALL_INCREMENT,
      expectsPreface: true,
    });
    this.server = server;
    this.isSecure = connection.tls !== undefined;
    this.serverName = connection.tls?.serverName;
    this.#openedMs = this.nowMs;
    this.streams = new Http2Streams(this, new Budget(settings.resetBurst, settings.resetsPerSecond));
    this.greet(
      [
        [SettingId.maxConcurrentStreams, settings.maxConcurrentStreams],
        [SettingId.initialWindowSize, settings.streamWindowBytes],
        [SettingId.maxHeaderListSize, settings.maxHeadBytes],
        [SettingId.enableConnectProtocol, 1],
      ],
      settings.connectionWindowBytes,
    );
    connection.deadline(this.#lookMs);
  }

  /** The time, read once for all that comes together. */
  get clockMs(): number {
    return this.sender.isReading ? this.nowMs : performance.now();
  }

  // ---- events of the connection -------------------------------------------------------------------------------------

  clientFinished(): void {
    this.streams.endAll("client-gone");
    this.sender.flush();
    this.connection.end();
  }

  shutdown(): void {
    if (this.streams.isClosed) return;
    this.streams.isClosed = true;
    this.sender.goAway(this.streams.lastId, ErrorCode.noError);
    this.sender.flush();
    this.idle();
  }

  /** The last exchange has ended. */
  idle(): void {
    if (this.streams.isClosed && !this.isClosing && this.streams.count === 0) this.#finish("shutdown");
  }

  closed(reason: CloseReason): void {
    this.isClosing = true;
    this.streams.endAll(outcomeOf(reason));
  }

  /** Looks now and then at what has stalled: a deadline for each stream would cost more. */
  expired(): void {
    if (this.isClosing) return;
    this.nowMs = performance.now();
    const { headTimeoutMs, keepAliveMs } = this.server.settings;
    const beganMs = this.hasSettings ? this.headBeganMs : this.#openedMs;
    if (beganMs >= 0 && this.nowMs - beganMs >= headTimeoutMs) {
      this.#goAway(ErrorCode.enhanceYourCalm, "head-timeout", "the preface or a head does not end");
      return;
    }
    for (const exchange of this.streams.all()) this.#checkStream(exchange);
    if (this.streams.count === 0 && this.nowMs - this.streams.idleSinceMs >= keepAliveMs) {
      this.sender.goAway(this.streams.lastId, ErrorCode.noError);
      this.#finish("keep-alive");
      return;
    }
    this.sender.flush();
    this.connection.deadline(this.#lookMs);
  }

  get #lookMs(): number {
    const { headTimeoutMs, stallTimeoutMs, keepAliveMs } = this.server.settings;
    return Math.min(MAX_LOOK_MS, Math.max(1, Math.min(headTimeoutMs, stallTimeoutMs, keepAliveMs) / 4));
  }

  #checkStream(exchange: Http2Exchange<unknown>): void {
    const sinceMs = this.nowMs - this.server.settings.stallTimeoutMs;
    if (exchange.isDone) {
      if (exchange.endedMs <= sinceMs) this.streams.forget(exchange);
      return;
    }
    const isStalled = exchange.queuedBytes > 0 && exchange.progressMs <= sinceMs;
    if (!isStalled && !(exchange.awaitsClient && exchange.receivedMs <= sinceMs)) return;
    this.server.reject("stalled", this.connection, isStalled ? "no window for an answer" : "no content of a request");
    exchange.failFor("client-stalled", 408);
  }

  // ---- the end -------------------------------------------------------------------------------------------------------

  protected settingsChanged(): void {}

  /** A client that opens no more streams may still wait for answers. */
  protected peerLeaves(): void {}

  protected broken({ code, rejection, message }: ConnectionError): void {
    this.#goAway(code, rejection, message);
  }

  #goAway(code: ErrorCode, rejection: Http2Rejection, detail: string): void {
    if (this.isClosing) return;
    this.server.reject(rejection, this.connection, detail);
    this.sender.goAway(this.streams.lastId, code);
    this.#finish("http2-error");
  }

  #finish(reason: CloseReason): void {
    this.isClosing = true;
    this.streams.endAll("aborted");
    this.sender.flush();
    this.connection.finish(this.server.settings.lingerMs, reason);
  }
}
