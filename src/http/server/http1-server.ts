import type { CloseReason, Connection, Handler } from "../../net/mod.ts";
import { Head, type HeadLimits } from "../../wire/http1/mod.ts";
import type { ExchangeHandler } from "../exchange.ts";
import { Http1HeadWriter } from "./head-writer.ts";
import { Http1Connection } from "./http1-connection.ts";
import { type HttpServerOptions, type HttpServerSettings, serverSettings } from "./options.ts";
import { Output } from "./output.ts";

/** The handler of a listener's connections, and what they share on one event loop. */
export class Http1Server implements Handler<Http1Connection> {
  readonly readsWhileFull = true;
  readonly keepsNoBytes = true;
  readonly handler: ExchangeHandler;
  readonly output = new Output();
  settings: HttpServerSettings;
  limits: HeadLimits;
  /** The request head at hand. */
  head: Head;
  writer: Http1HeadWriter;
  readonly #http2: Handler<never> | undefined;
  /** The server name of the latest connection. */
  #latestName: string | undefined;

  constructor(handler: ExchangeHandler, options: HttpServerOptions) {
    this.handler = handler;
    const { settings, limits, head, writer } = bounded(options, this.output);
    this.settings = settings;
    this.limits = limits;
    this.head = head;
    this.writer = writer;
    this.#http2 = options.http2;
  }

  /**
   * Checks other bounds, and returns what puts them in force: for open connections too, from their next head, wait or answer on.
   * `http2` stays as it is.
   *
   * @throws {TenkError} `invalid-option`
   */
  configure(options: unknown): () => void {
    const next = bounded((options ?? {}) as HttpServerOptions, this.output);
    // Head and writer hold nothing from one turn of the event loop to the next.
    return () => void Object.assign(this, next);
  }

  open(connection: Connection<Http1Connection>): unknown {
    const http2 = this.#http2;
    const { tls } = connection;
    if (http2 === undefined || tls?.alpn !== "h2") {
      // Most clients name the same few hosts, and each connection would keep a string of its own.
      if (tls?.serverName !== this.#latestName) this.#latestName = tls?.serverName;
      connection.data = new Http1Connection(connection, this, tls !== undefined, this.#latestName);
      return undefined;
    }
    const other = connection as unknown as Connection<never>;
    other.handler = http2;
    return http2.open?.(other);
  }
  chunk({ data }: Connection<Http1Connection>, bytes: Uint8Array): void {
    data.received(bytes);
  }
  drain({ data }: Connection<Http1Connection>): void {
    data.drained();
  }
  expired({ data }: Connection<Http1Connection>): void {
    data.expired();
  }
  end({ data }: Connection<Http1Connection>): void {
    data.clientFinished();
  }
  shutdown({ data }: Connection<Http1Connection>): void {
    data.shutdown();
  }
  close({ data }: Connection<Http1Connection>, reason: CloseReason): void {
    data.closed(reason);
  }
}

/** @returns the bounds, and what is as large as they say @throws {TenkError} `invalid-option` */
function bounded(
  options: HttpServerOptions,
  output: Output,
): Pick<Http1Server, "settings" | "limits" | "head" | "writer"> {
  const settings = serverSettings(options);
  const { maxHeadBytes, maxTargetBytes, maxFields, maxAnswerHeadBytes } = settings;
  return {
    settings,
    limits: { maxBytes: maxHeadBytes, maxTargetBytes },
    head: new Head(maxFields),
    writer: new Http1HeadWriter(output, maxAnswerHeadBytes),
  };
}

/**
 * Returns a handler for `listen` whose connections speak HTTP/1.1. Listen with `halfOpen: true`, so that a client's FIN does not
 * end what is being answered. `server.configure(options)` changes its bounds while it runs.
 *
 * @throws {TenkError} `invalid-option`
 * ```text
 *   await listen({ port: 8080, halfOpen: true }, httpServer({
 *     request(exchange) {
 *       exchange.begin(200);
 *       exchange.sendHead(6, new TextEncoder().encode("hello\n"));
 *       exchange.end();
 *     },
 *   }));
 * ```
 */
export function httpServer<Data>(handler: ExchangeHandler<Data>, options: HttpServerOptions = {}): Handler<never> {
  return new Http1Server(handler as ExchangeHandler, options) as unknown as Handler<never>;
}
