import {
  BodyFraming,
  type Exchange,
  type ResponseEvents,
  type TargetExchange,
  type TargetFailure,
} from "../../http/mod.ts";
import type { QueuePlace, Waiter } from "../../targets/mod.ts";
import { type Head, isIdempotent } from "../../wire/http1/mod.ts";
import { ForwardedCompression, writeLines } from "../compress/mod.ts";
import { answerFailure, isTargetsFault, mayBeRepeated, RETRY_AFTER } from "./failure.ts";
import { answerFraming, carriesChunks } from "./framing.ts";
import { isGrpc } from "./grpc.ts";
import type { HeadPool } from "./head-pool.ts";
import type { HeldContent } from "./held-content.ts";
import type { HttpServiceTarget } from "./http-link.ts";
import { KeptContent } from "./kept-content.ts";
import type { Delimiting, RequestHead } from "./request-head.ts";
import { DROPPED_FROM_RESPONSES, mayBeSilent } from "./response-fields.ts";
import type { ForwardRoute } from "./route.ts";
import { cookieValue, writeCookie } from "./sticky.ts";
import { newWebSocketKey, UPGRADE_WEBSOCKET, WEBSOCKET } from "./websocket.ts";

const NO_TARGETS: readonly HttpServiceTarget[] = [];

/**
 * One request on its way to a target, and the target's answer on its way back.
 *
 * ```text
 *   client ── request ─► choose ─► send ────────────► target
 *                          ▲ room    │ failed, and safe to repeat: choose another
 *                        queue ◄─────┘ all full
 *   client ◄─ begin, sendHead, send, end ◄─ response, body, bodyEnd ── target
 * ```
 *
 * Bytes are carried as they are: chunks keep their boundaries, where both sides speak HTTP/1.1. A side that is full stops the
 * reading of the other.
 */
export class Forward implements ResponseEvents, Waiter {
  readonly route: ForwardRoute;
  readonly exchange: Exchange;
  /** Attempts that failed and were repeated. */
  retries = 0;
  /** The one that has or had the request. */
  target: HttpServiceTarget | undefined;
  /** When its answer began, on the clock of `performance.now()`; 0 without one. */
  answeredMs = 0;
  /** Of the last attempt that failed. */
  failure: TargetFailure | undefined;
  readonly #heads: HeadPool;
  readonly #authority: Uint8Array;
  readonly #choiceHash: number;
  readonly #isIdempotent: boolean;
  /** While it may be sent again. */
  #head: RequestHead | undefined;
  #delimiting: Delimiting = "none";
  #contentLength = 0;
  /** The client's content is complete. */
  #isComplete: boolean;
  #waitsForContent = false;
  /** Looked for only where a target may get it over HTTP/2. */
  #isGrpc = false;
  /** Content behind that in `#head`; undefined for a request without content, and once it is answered. */
  #kept: KeptContent | undefined;
  #place: QueuePlace | undefined;
  #tried: readonly HttpServiceTarget[] = NO_TARGETS;
  #sent: TargetExchange | undefined;
  #isOverHttp2 = false;
  /** Takes the answer's content: the exchange, or what compresses it. */
  #output: Pick<Exchange, "send" | "end" | "full">;
  /** Where the service wants it. */
  #compression: ForwardedCompression | undefined;
  /** Of the client's cookie, where the service has one. */
  #stickyValue: string | undefined;
  #isTrial = false;
  #ending: ReturnType<typeof setTimeout> | undefined;
  #isFresh = false;

  /**
   * @param head the client's; borrowed
   * @param authority the value of `Host`
   * @param choiceHash of the client, the URI or a header, as the route's balance needs it
   */
  constructor(
    route: ForwardRoute,
    exchange: Exchange,
    heads: HeadPool,
    head: Head,
    authority: Uint8Array,
    choiceHash: number,
  ) {
    this.route = route;
    this.exchange = exchange;
    this.#output = exchange;
    this.#heads = heads;
    this.#authority = authority;
    this.#choiceHash = choiceHash;
    this.#isIdempotent = isIdempotent(head.method);
    this.#isComplete = !exchange.hasBody;
    if (exchange.hasBody) this.#kept = new KeptContent();
  }

  /**
   * Builds the request, and sends it to a target or waits for one.
   *
   * @param head the client's, in `bytes`; both are borrowed
   * @param forwarded prepared lines about the client
   * @param stripBytes of the path, which are cut off in front
   * @param granted prepared lines of the service's guard
   * @param held content that came before, where this is called later than in `request`
   */
  start(
    head: Head,
    bytes: Uint8Array,
    forwarded: Uint8Array,
    stripBytes: number,
    granted: readonly Uint8Array[],
    held: HeldContent | undefined,
  ): void {
    const { exchange, route } = this;
    if (route.stickyCookie !== undefined) this.#stickyValue = cookieValue(head, bytes, route.stickyCookie);
    const isWebSocket = exchange.upgrade === WEBSOCKET;
    this.#isGrpc = route.http2 !== "never" && isGrpc(head, bytes);
    if (route.compresses && !isWebSocket) this.#compression = new ForwardedCompression(head, bytes);
    if (isWebSocket) this.#isComplete = true;
    else if (exchange.hasBody || head.contentLength === 0) {
      // Also a length of 0 is passed on: some targets want one with each POST.
      this.#delimiting = head.contentLength >= 0 ? "length" : "chunked";
      this.#contentLength = Math.max(0, head.contentLength);
      exchange.carriesChunks = carriesChunks(route, exchange, head, bytes);
    }
    const lines = [forwarded, route.via[exchange.protocol], ...route.lines];
    if (granted.length > 0) lines.push(...granted);
    route.filledLines?.addTo(lines, { exchange, head, bytes });
    if (isWebSocket && exchange.protocol === "HTTP/2.0") lines.push(newWebSocketKey());
    this.#head = this.#heads.borrow();
    const isWritten = this.#head.write(head, bytes, {
      drop: route.drop,
      dropNames: route.dropNames,
      stripBytes,
      lines,
      delimiting: this.#delimiting,
      contentLength: this.#contentLength,
      isWebSocket,
    });
    if (!isWritten) exchange.fail(431, "The request's fields are too large to be forwarded.");
    else if (held !== undefined) this.#startLate(held);
    // Head and first content leave in one write; and where the first chunk is wrong, nothing leaves.
    else if (exchange.bodyFollows && (this.#delimiting === "length" || exchange.carriesChunks))
      this.#waitsForContent = true;
    else this.#choose(exchange.startedMs);
  }

  #startLate({ parts, isComplete, trailers }: HeldContent): void {
    for (const part of parts) this.#keepContent(part);
    this.#isComplete ||= isComplete;
    if (trailers !== undefined && this.#kept !== undefined) this.#kept.trailers = trailers;
    this.#choose();
  }

  // ---- the client's side --------------------------------------------------------------------------------------------

  requestBody(bytes: Uint8Array): void {
    const sent = this.#sent;
    if (sent === undefined) {
      this.#keepContent(bytes);
      if (this.#waitsForContent) {
        this.#waitsForContent = false;
        this.#isComplete =
          !this.exchange.carriesChunks && this.#keptBytes === 0 && this.#head?.contentBytes === this.#contentLength;
        this.#choose();
      } else this.exchange.pauseBody();
      return;
    }
    this.#ending?.refresh();
    if (this.#keepsWhatIsSent) this.#kept?.addSent(bytes);
    else this.#kept?.drop();
    this.target!.link.bytesWritten += bytes.length;
    sent.write(bytes);
    if (sent.full) this.exchange.pauseBody();
  }

  /** @param trailers field lines, each with its CRLF */
  requestBodyEnd(trailers: Uint8Array | undefined): void {
    this.#isComplete = true;
    if (trailers !== undefined && this.#kept !== undefined) this.#kept.trailers = trailers;
    this.#sent?.end(trailers);
    if (this.#sent?.bodyFraming === "tunnel") this.#tunnelEnds();
  }

  clientDrained(): void {
    const body = this.#compression?.body;
    if (body === undefined) this.#sent?.resume();
    else body.drained();
  }

  /** The exchange is finished: what is left of the target's side is given up. */
  finished(): void {
    if (this.#place !== undefined) this.route.targets.leave(this.#place);
    this.#place = undefined;
    clearTimeout(this.#ending);
    this.#sent?.abort();
    this.#compression?.body?.close();
    this.#endAttempt();
    this.#release();
  }

  /** Keeps content for the first attempt: in the head's block, to leave in one write with it, unless it is still to become chunks. */
  #keepContent(bytes: Uint8Array): void {
    const isAsSent = this.#delimiting === "length" || this.exchange.carriesChunks;
    if (!isAsSent || this.#keptBytes > 0 || !this.#head?.append(bytes)) this.#kept?.add(bytes);
  }

  /** A request with content is sent again only where its connect fails, or an HTTP/2 target says that it did nothing. */
  get #keepsWhatIsSent(): boolean {
    return this.answeredMs === 0 && (this.#isOverHttp2 || !this.#sent?.isReused);
  }

  get #keptBytes(): number {
    return this.#kept === undefined ? 0 : this.#kept.bytes;
  }

  // ---- choosing a target -------------------------------------------------------------------------------------------

  room(): void {
    this.#place = undefined;
    this.#choose();
  }

  gaveUp(): void {
    this.#place = undefined;
    this.exchange.fail(503, "All targets of this service are busy.", RETRY_AFTER);
  }

  #choose(nowMs = performance.now()): void {
    const { targets } = this.route;
    const choice = { hash: this.#choiceHash, nowMs, tried: this.#tried };
    // Its cookie's target, unless that failed already.
    const sticky = this.#tried.length > 0 ? undefined : this.#stickyValue;
    const target = (sticky && targets.stickyTarget(sticky, nowMs)) || targets.choose(choice);
    if (target !== undefined) this.#send(target, nowMs);
    else if (this.failure !== undefined) answerFailure(this.exchange, this.failure);
    else {
      if (targets.isFull(choice)) this.#place = targets.wait(this, nowMs);
      if (this.#place !== undefined) return;
      this.exchange.fail(503, "No target of this service takes requests at the moment.", RETRY_AFTER);
    }
  }

  #send(target: HttpServiceTarget, nowMs: number): void {
    const { exchange } = this;
    const [head, kept] = [this.#head!, this.#kept];
    const isWebSocket = exchange.upgrade === WEBSOCKET;
    const http = target.link.connectionsFor(this.#isGrpc, isWebSocket, nowMs);
    if (http === undefined) {
      exchange.fail(502, "The target of this service speaks HTTP/2 alone, over which it gets no WebSockets.");
      return;
    }
    this.target = target;
    this.#isTrial = target.began(nowMs);
    head.pointAt(target.link.ownAuthority ?? this.#authority);
    const { block } = this.#heads;
    block.bytes = head.bytes;
    block.from = head.from;
    block.to = head.to;
    block.framing = exchange.carriesChunks ? "carried" : this.#delimiting;
    block.bodyBytes = head.contentBytes;
    block.bodyLength = this.#contentLength;
    block.isWhole = this.#isComplete && this.#keptBytes === 0 && this.#delimiting !== "chunked";
    block.isHead = exchange.isHead;
    block.isUpgrade = isWebSocket;
    block.carriesChunks = this.#carriesChunks;
    block.isFresh = this.#isFresh;
    block.nowMs = nowMs;
    const sent = http.send(this, block);
    this.#sent = sent;
    this.#isOverHttp2 = http === target.link.http2;
    target.link.bytesWritten += head.contentBytes + this.#keptBytes;
    kept?.sendTo(sent);
    if (!block.isWhole && this.#isComplete) sent.end(kept?.trailers);
    if (!this.#keepsWhatIsSent) kept?.drop();
    if (!exchange.hasBody) return;
    if (sent.full) exchange.pauseBody();
    else exchange.resumeBody();
  }

  /** The attempt at the current target is over. */
  #endAttempt(): void {
    if (this.#sent === undefined) return;
    this.#sent = undefined;
    this.target?.ended(this.#isTrial);
  }

  #release(): void {
    if (this.#head !== undefined) this.#heads.giveBack(this.#head);
    this.#head = undefined;
    this.#kept = undefined;
  }

  // ---- the target's side --------------------------------------------------------------------------------------------

  interim(head: Head, bytes: Uint8Array): void {
    // 100 is the exchange's own.
    if (head.status !== 100) this.exchange.interim(head, bytes);
  }

  response(head: Head, bytes: Uint8Array, from: number, to: number): void {
    const { exchange, route } = this;
    const sent = this.#sent!;
    this.answeredMs = performance.now();
    this.#release();
    this.target!.connected();
    sent.mayBeSilent = mayBeSilent(head, bytes);
    const writer = exchange.begin(head.status);
    const { responseDropNames } = route;
    const isCompressed = writeLines(writer, this.#compression, head, bytes, DROPPED_FROM_RESPONSES, responseDropNames);
    writer.line(route.via[this.#isOverHttp2 ? "HTTP/2.0" : "HTTP/1.1"]);
    if (route.stickyCookie !== undefined)
      writeCookie(writer, route, this.target!, this.#stickyValue, exchange.client.isSecure);
    if (sent.bodyFraming === "tunnel") {
      if (exchange.protocol !== "HTTP/2.0") writer.line(UPGRADE_WEBSOCKET);
      exchange.sendHead(BodyFraming.none);
      exchange.tunnel();
      if (to > from) exchange.send(bytes, from, to);
    } else if (isCompressed) {
      this.#beginCompression();
      this.#output.send(bytes, from, to);
    } else
      exchange.sendHead(answerFraming(exchange, sent, head, this.#carriesChunks), bytes, from, to, this.answeredMs);
    this.#passed(to - from);
  }

  /** Apart from `response`: a function in which another one is made costs a scope with each call. */
  #beginCompression(): void {
    this.#output = this.#compression!.begin(this.exchange, () => this.#sent?.resume());
  }

  body(bytes: Uint8Array): void {
    this.#ending?.refresh();
    this.#output.send(bytes);
    this.#passed(bytes.length);
  }

  bodyEnd(trailers?: Head, bytes?: Uint8Array): void {
    if (this.#sent?.bodyFraming === "tunnel") this.#tunnelEnds();
    else this.#endAttempt();
    this.#output.end(trailers, bytes);
  }

  /** One side of a tunnel is finished: a side that never does must not hold both. Rare enough for a timer of its own. */
  #tunnelEnds(): void {
    const { stallMs } = this.route;
    if (stallMs > 0 && this.#ending === undefined && this.exchange.endedMs === 0)
      this.#ending = setTimeout(() => this.exchange.abort("aborted"), stallMs);
  }

  drain(): void {
    this.exchange.resumeBody();
  }

  failed(failure: TargetFailure): void {
    const target = this.target!;
    const nowMs = performance.now();
    const goesByHttp1 = failure.reason === "not-http2" && this.#canBeSent && target.link.fallsBack(nowMs);
    this.failure = failure;
    if (isTargetsFault(failure) && !goesByHttp1) target.failed(new Error(failure.text), nowMs, this.#isTrial);
    else target.erred(failure.text);
    this.#endAttempt();
    const isHarmless = this.#isIdempotent && this.#keptBytes === 0 && this.#head?.contentBytes === 0;
    if (goesByHttp1) this.#choose();
    else if (this.#canBeSent && this.retries + 1 < this.route.attempts && mayBeRepeated(failure, isHarmless))
      this.#repeat(target, failure);
    else answerFailure(this.exchange, failure);
  }

  /** All of it that came is still here. */
  get #canBeSent(): boolean {
    return this.#head !== undefined && this.#kept?.isWhole !== false;
  }

  #repeat(target: HttpServiceTarget, { isReused, isUnprocessed }: TargetFailure): void {
    this.retries += 1;
    // The same target may have it once more on a new connection; otherwise it is another's turn.
    if (isReused || isUnprocessed) this.#isFresh = true;
    else this.#tried = [...this.#tried, target];
    this.#choose();
  }

  /** Chunks go on as they are, unless their content is looked at. */
  get #carriesChunks(): boolean {
    return this.exchange.canCarryChunks && !this.#compression?.needsContent;
  }

  #passed(bytes: number): void {
    this.target!.link.bytesRead += bytes;
    if (this.#output.full) this.#sent?.pause();
  }
}
