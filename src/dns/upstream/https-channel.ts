import {
  type FailureReason,
  Http2Target,
  type ResponseEvents,
  type TargetExchange,
  type TargetFailure,
} from "../../http/mod.ts";
import type { Message } from "../../wire/dns/mod.ts";
import { FIELD_STRIDE, FieldName, type Head, latin1 } from "../../wire/http1/mod.ts";
import { isNamed, type UpstreamAddress } from "./address.ts";
import type { UpstreamFailure } from "./counts.ts";
import { readReply } from "./read-reply.ts";
import type { StreamDone, StreamOptions } from "./stream-channel.ts";
import { prepareForHttps, type UpstreamQuery } from "./upstream-query.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const MAX_MESSAGE_BYTES = 65_535;
const MEDIA_TYPE = "application/dns-message";
const STATUS_OK = 200;

/** What each reason of the HTTP client means here. */
const FAILURES: Readonly<Record<FailureReason, UpstreamFailure>> = {
  connect: "unreachable",
  "connect-timeout": "timeout",
  "not-http2": "unreachable",
  "queue-full": "busy",
  "queue-timeout": "timeout",
  stopped: "stopped",
  closed: "closed",
  reset: "closed",
  "bad-response": "malformed",
  "response-timeout": "timeout",
  "request-stalled": "timeout",
  "handler-error": "malformed",
  "request-overflow": "busy",
};

/** DNS over HTTPS (RFC 8484): a POST for each query, all on one connection of HTTP/2, which is opened when it is needed. */
export class HttpsChannel {
  readonly #target: Http2Target;
  readonly #pending = new Set<HttpsQuery>();
  readonly #options: StreamOptions;
  readonly #headBytes: number;
  /** A request: its head, which is always the same, and then the query. */
  readonly #request: Uint8Array;
  readonly #block = {
    ...{ bytes: NOTHING, from: 0, to: 0, bodyBytes: 0, framing: "length" as const, bodyLength: 0 },
    ...{ isWhole: true, isHead: false, isUpgrade: false, carriesChunks: false, isFresh: false },
  };
  #isStopped = false;
  #responses = 0;

  /** @throws {TenkError} `file-unreadable` */
  constructor(options: StreamOptions) {
    const { address, timeoutMs, idleMs, maxInFlight, ca, lookup } = options;
    this.#options = options;
    this.#target = new Http2Target({
      url: urlOf(address),
      maxConnections: 1,
      maxWaiting: maxInFlight,
      ...{ waitMs: timeoutMs, connectMs: timeoutMs, keepMs: idleMs, responseHeadMs: timeoutMs },
      streamWindowBytes: MAX_MESSAGE_BYTES,
      ...(ca === undefined ? {} : { tls: { ca } }),
      lookup: async () => (isNamed(address) ? lookup!(address.host) : [address.host]),
    });
    const lines = [`POST ${address.path} HTTP/1.1`, `Host: ${this.#target.address.authority}`];
    const fields = [`Content-Type: ${MEDIA_TYPE}`, `Accept: ${MEDIA_TYPE}`];
    const head = Buffer.from([...lines, ...fields, "", ""].join("\r\n"), "latin1");
    this.#headBytes = head.length;
    this.#request = new Uint8Array(head.length + MAX_MESSAGE_BYTES);
    this.#request.set(head);
    this.#block.bytes = this.#request;
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  ask(query: UpstreamQuery, done: StreamDone): void {
    const { maxInFlight, timeoutMs } = this.#options;
    if (this.#isStopped || this.#pending.size >= maxInFlight) {
      done(this.#isStopped ? "stopped" : "busy", NOTHING);
      return;
    }
    prepareForHttps(query);
    const pending = new HttpsQuery(this, query, this.#options.message, done);
    pending.timer = setTimeout(() => this.#timedOut(pending), timeoutMs);
    this.#pending.add(pending);
    this.send(pending);
  }

  stop(): void {
    this.#isStopped = true;
    for (const pending of [...this.#pending]) pending.finish("stopped");
    void this.#target.stop({ graceMs: 0 });
  }

  // ---- called by queries -----------------------------------------------------------------------------------------------

  send(pending: HttpsQuery): void {
    const { bytes } = pending.query;
    const block = this.#block;
    this.#request.set(bytes, this.#headBytes);
    block.to = this.#headBytes + bytes.length;
    block.bodyBytes = bytes.length;
    block.bodyLength = bytes.length;
    pending.responsesBefore = this.#responses;
    pending.exchange = this.#target.send(pending, block);
  }

  ended(pending: HttpsQuery): void {
    this.#pending.delete(pending);
  }

  heard(): void {
    this.#responses += 1;
  }

  #timedOut(pending: HttpsQuery): void {
    const connection = pending.exchange?.connection;
    const isUnheard = pending.responsesBefore === this.#responses;
    pending.finish("timeout");
    // Nothing has come since it was sent: the way is broken, or the server. TCP itself would try on for many minutes.
    if (isUnheard) connection?.reset();
  }
}

/** One query by HTTPS. */
class HttpsQuery implements ResponseEvents {
  readonly query: UpstreamQuery;
  exchange: TargetExchange | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Responses that had come when it was sent. */
  responsesBefore = 0;
  readonly #channel: HttpsChannel;
  readonly #message: Message;
  readonly #done: StreamDone;
  #body = NOTHING;
  /** It was sent on a connection that died, and was sent once more. */
  #isRepeated = false;
  #isOver = false;

  constructor(channel: HttpsChannel, query: UpstreamQuery, message: Message, done: StreamDone) {
    this.#channel = channel;
    this.query = query;
    this.#message = message;
    this.#done = done;
  }

  interim(): void {}
  drain(): void {}

  response(head: Head, bytes: Uint8Array, from: number, to: number): void {
    this.#channel.heard();
    if (head.status !== STATUS_OK) this.finish("http-status");
    else if (!isDnsMessage(head, bytes)) this.finish("content-type");
    else if (to > from) this.body(bytes.subarray(from, to));
  }

  body(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#body.length + bytes.length > MAX_MESSAGE_BYTES) this.finish("malformed");
    else this.#body = this.#body.length === 0 ? bytes.slice() : Buffer.concat([this.#body, bytes]);
  }

  bodyEnd(): void {
    if (this.#isOver) return;
    const problem = readReply(this.#message, this.query, this.#body);
    if (problem === undefined) this.finish(undefined, this.#body);
    else this.finish(problem === "malformed" || problem === "truncated" ? "malformed" : "mismatch");
  }

  failed({ reason, isReused, isUnprocessed }: TargetFailure): void {
    if (this.#isOver) return;
    if (!this.#isRepeated && (isReused || isUnprocessed)) {
      this.#isRepeated = true;
      this.#channel.send(this);
    } else this.finish(FAILURES[reason]);
  }

  finish(failure: UpstreamFailure | undefined, bytes = NOTHING): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.timer);
    this.#channel.ended(this);
    if (failure !== undefined) this.exchange?.abort();
    this.#done(failure, bytes);
  }
}

/** Returns the URL that the HTTP client connects to: of the certificate's name, where there is one. */
function urlOf({ host, port, serverName }: UpstreamAddress): string {
  const name = serverName ?? host;
  return `https://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

function isDnsMessage({ fields, count }: Head, bytes: Uint8Array): boolean {
  for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
    if (fields[place + 4] !== FieldName.contentType) continue;
    const value = latin1(bytes, fields[place + 2]!, fields[place + 3]!);
    return value === MEDIA_TYPE || value.split(";", 1)[0]!.trim().toLowerCase() === MEDIA_TYPE;
  }
  return false;
}
