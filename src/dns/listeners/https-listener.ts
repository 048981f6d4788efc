import { timingSafeEqual } from "node:crypto";
import { type Exchange, type ExchangeHandler, httpServer } from "../../http/mod.ts";
import type { Handler } from "../../net/mod.ts";
import { isNegative, Message, minTtl, negativeTtl, Rcode, readMessage } from "../../wire/dns/mod.ts";
import { FIELD_STRIDE, FieldName, fieldLine, type Head, latin1, Method } from "../../wire/http1/mod.ts";
import { MISS, NO_ANSWER } from "../chain/mod.ts";
import { Transport } from "../log/mod.ts";
import { clientIp } from "./client-ip.ts";
import type { TcpListenerOptions } from "./tcp-listener.ts";

/** The path of DNS over HTTPS, as everybody has it. */
export const DOH_PATH = "/dns-query";

const MAX_ANSWER_BYTES = 65_535;
const QUESTION_MARK = 0x3f;

const encoder = new TextEncoder();
const MEDIA_TYPE = "application/dns-message";
const CONTENT_TYPE = fieldLine("Content-Type", MEDIA_TYPE);
const NOT_STORED = fieldLine("Cache-Control", "no-store");
const ALLOW = fieldLine("Allow", "GET, HEAD, POST");
const ACCEPT = fieldLine("Accept", MEDIA_TYPE);
const RETRY_AFTER = fieldLine("Retry-After", "1");
/** Without padding (RFC 8484 §6); no length of such a text is one more than a multiple of four. */
const BASE64URL = /^(?:[\w-]{4})*(?:[\w-]{2,3})?$/;

export interface HttpsListenerOptions extends Pick<TcpListenerOptions, "chain" | "missed" | "aged"> {
  /** The value of `Authorization` by which the proxy that terminates TLS proves that it belongs to this process. */
  readonly authorization: string;
  /** Longest query: 413, and 414 in a URL. @default {4096} */
  readonly maxQueryBytes?: number;
  /** Unanswered queries; further ones get 503. @default {1000} */
  readonly maxPending?: number;
  /** The content of a request, a few hundred bytes, has this long to come, and half of it between two of its bytes: 408. @default {10_000} */
  readonly bodyMs?: number;
}

/** A request. */
interface Asked {
  /** Of the client that TLS was terminated for. */
  readonly ip: Uint8Array;
  /** Content so far. */
  readonly content: Uint8Array[];
  isPending: boolean;
}

/** What is known of a connection. */
interface Peer {
  /** The value of the latest `X-Forwarded-For`, and the address that it is. */
  address: Uint8Array;
  ip: Uint8Array;
}

/**
 * Answers queries by HTTPS (RFC 8484) for the proxy, which terminates TLS and HTTP/2, and tells the client's address in
 * `X-Forwarded-For`. Speaks HTTP/1.1 with it, on a socket that only this process is to use: others on the machine may
 * connect, and get 403.
 */
export function httpsListener(options: HttpsListenerOptions): Handler<never> {
  const { maxQueryBytes = 4096, bodyMs = 10_000 } = options;
  // A query in a URL takes a third more than its bytes.
  return httpServer(new DohHandler(options), {
    maxTargetBytes: 2 * maxQueryBytes,
    maxHeadBytes: 2 * maxQueryBytes + 16_384,
    bodyTimeoutMs: Math.ceil(bodyMs / 2),
  });
}

class DohHandler implements ExchangeHandler<Asked> {
  readonly #options: HttpsListenerOptions;
  readonly #maxQueryBytes: number;
  readonly #maxPending: number;
  readonly #bodyMs: number;
  readonly #authorization: Uint8Array;
  readonly #out = new Uint8Array(MAX_ANSWER_BYTES);
  readonly #message = new Message();
  readonly #asker = { ip: new Uint8Array(16), isDatagram: false, transport: Transport.https, nowMs: 0 };
  #pending = 0;

  constructor(options: HttpsListenerOptions) {
    this.#options = options;
    this.#maxQueryBytes = options.maxQueryBytes ?? 4096;
    this.#maxPending = options.maxPending ?? 1000;
    this.#bodyMs = options.bodyMs ?? 10_000;
    this.#authorization = encoder.encode(options.authorization);
  }

  request(exchange: Exchange<Asked>, head: Head, bytes: Uint8Array): void {
    const peer = this.#peerOf(exchange, head, bytes);
    exchange.data = { ip: peer?.ip ?? this.#asker.ip, content: [], isPending: false };
    const pathEnd = endOfPath(head, bytes);
    if (peer === undefined) exchange.fail(403, "Only this machine's own HTTPS listener may ask here.");
    else if (latin1(bytes, head.targetStart, pathEnd) !== DOH_PATH) exchange.fail(404, `Queries go to ${DOH_PATH}.`);
    else if (head.method === Method.get || head.method === Method.head) this.#get(exchange, head, bytes, pathEnd);
    else if (head.method === Method.post) this.#post(exchange, head, bytes);
    else exchange.fail(405, "Queries are sent by GET or POST.", ALLOW);
  }

  body(exchange: Exchange<Asked>, bytes: Uint8Array): void {
    if (performance.now() - exchange.startedMs > this.#bodyMs) exchange.fail(408, "The query took too long to come.");
    else exchange.data.content.push(new Uint8Array(bytes));
  }

  bodyEnd(exchange: Exchange<Asked>): void {
    const { content } = exchange.data;
    this.#answer(exchange, content.length === 1 ? content[0]! : Buffer.concat(content));
  }

  finished({ data }: Exchange<Asked>): void {
    if (data.isPending) this.#pending -= 1;
    data.isPending = false;
  }

  // ---- inside --------------------------------------------------------------------------------------------------------

  /** @returns undefined for a connection of somebody else; one that was ours once stays ours */
  #peerOf({ client }: Exchange<Asked>, head: Head, bytes: Uint8Array): Peer | undefined {
    if (client.data === undefined) {
      const [from, to] = spanOf(head, FieldName.authorization);
      if (to - from !== this.#authorization.length) return undefined;
      if (!timingSafeEqual(bytes.subarray(from, to), this.#authorization)) return undefined;
      client.data = { address: new Uint8Array(0), ip: clientIp("::1") } satisfies Peer;
    }
    const peer = client.data as Peer;
    const [from, to] = spanOf(head, FieldName.xForwardedFor);
    if (!isSame(peer.address, bytes, from, to)) {
      peer.address = new Uint8Array(bytes.subarray(from, to));
      // Without an address it came by a Unix socket, from this machine.
      peer.ip = clientIp(latin1(bytes, from, to) || "::1");
    }
    return peer;
  }

  #get(exchange: Exchange<Asked>, { targetEnd }: Head, bytes: Uint8Array, pathEnd: number): void {
    const text = /[?&]dns=([^&]*)/.exec(latin1(bytes, pathEnd, targetEnd))?.[1] ?? "";
    const query = Buffer.from(text, "base64url");
    if (text === "") exchange.fail(400, "The parameter dns is missing.");
    else if (!BASE64URL.test(text)) exchange.fail(400, "The parameter dns is not base64url without padding.");
    else if (query.length > this.#maxQueryBytes) exchange.fail(414, "The query is too long.");
    else this.#answer(exchange, query);
  }

  #post(exchange: Exchange<Asked>, head: Head, bytes: Uint8Array): void {
    const [from, to] = spanOf(head, FieldName.contentType);
    const type = /^[^;]*/
      .exec(latin1(bytes, from, to))![0]
      .trimEnd()
      .toLowerCase();
    if (type !== MEDIA_TYPE) exchange.fail(415, `The content of a query is ${MEDIA_TYPE}.`, ACCEPT);
    else if (!exchange.hasBody) exchange.fail(400, "The query is empty.");
    else exchange.limitBody(this.#maxQueryBytes);
  }

  #answer(exchange: Exchange<Asked>, query: Uint8Array): void {
    const asker = this.#asker;
    asker.ip.set(exchange.data.ip);
    asker.nowMs = Date.now();
    const chain = this.#options.chain();
    const out = this.#out;
    const length = chain.answer(query, 0, query.length, out, 0, MAX_ANSWER_BYTES, asker);
    if (length === MISS) this.#wait(exchange, query);
    else if (length === NO_ANSWER) exchange.fail(400, "The content is no query.");
    else {
      this.#send(exchange, out, length);
      if (chain.wantsRefresh) this.#options.aged(query);
    }
  }

  #wait(exchange: Exchange<Asked>, query: Uint8Array): void {
    if (this.#pending >= this.#maxPending) {
      exchange.fail(503, "Too many queries wait for an answer.", RETRY_AFTER);
      return;
    }
    const { data } = exchange;
    this.#pending += 1;
    data.isPending = true;
    this.#options.missed(query, { ...this.#asker, ip: data.ip }, (answer, length) => {
      if (data.isPending) this.#send(exchange, answer, length);
    });
  }

  #send(exchange: Exchange<Asked>, answer: Uint8Array, length: number): void {
    const writer = exchange.begin(200);
    writer.line(CONTENT_TYPE);
    const seconds = this.#freshSeconds(answer, length);
    // Answers depend on who asks: they are of no use to others.
    if (seconds < 0) writer.line(NOT_STORED);
    else writer.field("Cache-Control", `private, max-age=${seconds}`);
    exchange.sendHead(length, answer, 0, length);
    exchange.end();
  }

  /** For how long an answer is valid (RFC 8484 §5.1); -1 for one that must not be kept. */
  #freshSeconds(answer: Uint8Array, length: number): number {
    const message = this.#message;
    if (!readMessage(message, answer, 0, length)) return -1;
    if (message.rcode !== Rcode.noError && message.rcode !== Rcode.nxDomain) return -1;
    return isNegative(message, questionType(message)) ? negativeTtl(message, answer) : minTtl(message, answer);
  }
}

function questionType({ records, starts }: Message): number {
  return starts[1] === starts[0] ? 0 : records.type(starts[0]!);
}

function endOfPath({ targetStart, targetEnd }: Head, bytes: Uint8Array): number {
  const length = bytes.subarray(targetStart, targetEnd).indexOf(QUESTION_MARK);
  return length < 0 ? targetEnd : targetStart + length;
}

/** Returns where the value of a field is; an empty span where there is none. */
function spanOf(head: Head, name: FieldName): [from: number, to: number] {
  const line = head.at(name);
  return line < 0 ? [0, 0] : [head.fields[line * FIELD_STRIDE + 2]!, head.fields[line * FIELD_STRIDE + 3]!];
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[from + at]) return false;
  return true;
}
