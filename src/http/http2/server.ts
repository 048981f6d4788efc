import { afterTurn, type CloseReason, type Connection, type Handler } from "../../net/mod.ts";
import { Head } from "../../wire/http1/mod.ts";
import { FieldSection, RequestPseudo } from "../../wire/http2/mod.ts";
import type { ExchangeHandler } from "../exchange.ts";
import type { Http2Rejection } from "./connection-error.ts";
import { Http2HeadWriter } from "./head-writer.ts";
import { type Http2ServerOptions, type Http2ServerSettings, http2Settings } from "./options.ts";
import { Rejections } from "./rejections.ts";
import type { Http2Sender, SenderOwner } from "./sender.ts";
import { Http2Session } from "./session.ts";

/** Cookies come in many lines, which are joined to one. */
const MAX_COOKIE_FIELDS = 128;

/**
 * Serves HTTP/2 (RFC 9113) on the connections of an event loop: give it those whose handshake agreed on `h2`. What all of them
 * share is here, their state is in {@link Http2Session}. No push, no priorities, no upgrade from HTTP/1.1.
 *
 * ```text
 *   tls = { cert, key, alpn: ["h2", "http/1.1"] }
 *   listen({ tls, halfOpen: true }, httpServer(handler, { http2: new Http2Server(handler) }))
 * ```
 */
export class Http2Server implements Handler<Http2Session>, SenderOwner {
  /** The client's WINDOW_UPDATE must be read while answers wait. */
  readonly readsWhileFull = true;
  readonly keepsNoBytes = true;
  readonly handler: ExchangeHandler<unknown>;
  settings: Http2ServerSettings;
  writer: Http2HeadWriter;
  // One head is read at a time.
  head: Head;
  section: FieldSection;
  readonly pseudo = new RequestPseudo();
  readonly #rejections = new Rejections();
  /** Senders with frames that leave at the end of this turn. */
  #waiting: Http2Sender[] = [];
  #spare: Http2Sender[] = [];
  readonly #flushWaiting = () => this.#flush();

  /** @throws {TenkError} `invalid-option` */
  constructor(handler: ExchangeHandler<never>, options: Http2ServerOptions = {}) {
    this.handler = handler as ExchangeHandler<unknown>;
    const { settings, writer, head, section } = bounded(options);
    this.settings = settings;
    this.writer = writer;
    this.head = head;
    this.section = section;
  }

  /**
   * Checks other bounds, and returns what puts them in force: for open connections too, from their next head, wait or answer on.
   * What the client was told when its connection began, and how often it may do what, changes for connections to come.
   *
   * @throws {TenkError} `invalid-option`
   */
  configure(options: unknown): () => void {
    const next = bounded((options ?? {}) as Http2ServerOptions);
    // Head, section and writer hold nothing from one turn of the event loop to the next.
    return () => void Object.assign(this, next);
  }

  get maxQueuedBytes(): number {
    return this.settings.maxQueuedBytes;
  }
  get headBlock(): Uint8Array {
    return this.writer.block;
  }

  /** How often clients broke a rule or reached a limit, by its name. */
  get rejections(): Readonly<Record<Http2Rejection, number>> {
    return this.#rejections.counts;
  }

  open(connection: Connection<Http2Session>): void {
    connection.data = new Http2Session(connection, this);
  }
  chunk(connection: Connection<Http2Session>, bytes: Uint8Array): void {
    connection.data.received(bytes);
  }
  drain(connection: Connection<Http2Session>): void {
    connection.data.drained();
  }
  end(connection: Connection<Http2Session>): void {
    connection.data.clientFinished();
  }
  expired(connection: Connection<Http2Session>): void {
    connection.data.expired();
  }
  shutdown(connection: Connection<Http2Session>): void {
    connection.data.shutdown();
  }
  close(connection: Connection<Http2Session>, reason: CloseReason): void {
    connection.data.closed(reason);
  }

  // ---- called by sessions --------------------------------------------------------------------------------------------

  reject(rejection: Http2Rejection, connection: Connection<unknown>, detail: string): void {
    this.#rejections.count(rejection, connection.remoteAddress, detail);
    this.handler.brokeRule?.(rejection);
  }

  flushAfterTurn(sender: Http2Sender): void {
    if (this.#waiting.push(sender) === 1) afterTurn(this.#flushWaiting);
  }

  #flush(): void {
    const senders = this.#waiting;
    this.#waiting = this.#spare;
    for (const sender of senders) sender.flush();
    senders.length = 0;
    this.#spare = senders;
  }
}

/** @returns the bounds, and what is as large as they say @throws {TenkError} `invalid-option` */
function bounded(options: Http2ServerOptions): Pick<Http2Server, "settings" | "writer" | "head" | "section"> {
  const settings = http2Settings(options);
  const { maxAnswerHeadBytes, maxHeadBytes, maxFields } = settings;
  return {
    settings,
    writer: new Http2HeadWriter(maxAnswerHeadBytes),
    head: new Head(maxFields),
    section: new FieldSection({
      maxBytes: maxHeadBytes,
      maxFields: maxFields + MAX_COOKIE_FIELDS,
      maxBlockBytes: 2 * maxHeadBytes,
    }),
  };
}
