import {
  ClientSession,
  ClientStream,
  type RequestBlock,
  type ResponseEvents,
  type TargetFailure,
} from "../../http/mod.ts";
import type { CloseReason, Connection } from "../../net/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import { ErrorCode, errorCodeName } from "../../wire/http2/mod.ts";
import type { LoadConnection, TransportEvents } from "../loop/mod.ts";
import type { AnswerCheck } from "./answer-check.ts";
import { closeCause } from "./close-cause.ts";
import type { Http2Sessions } from "./http2-transport.ts";
import type { OfLoop } from "./of-loop.ts";
import { type CurrentRequest, HeldRequest } from "./requests/mod.ts";
import type { ScriptAnswer } from "./script/mod.ts";

/** How often a request is sent again at most; one more refusal, and it is an error. */
const MAX_RESENDS = 3;

/** Of requests that differ, longer ones are not kept, and cannot be sent again. */
const MAX_KEPT_BYTES = 65_536;

/** A request that its server has not looked at (RFC 9113 §6.8, §8.7). */
export interface Returned {
  readonly resends: number;
  readonly kind: number;
  /** What it asks for, unless that is always the same. */
  readonly held: HeldRequest | undefined;
  /** The error that it is if it cannot be sent again. */
  readonly cause: string;
}

/** What the connections of one event loop share. */
export interface Http2Shared extends OfLoop {
  readonly events: TransportEvents;
  readonly check: AnswerCheck;
  readonly owner: Http2Sessions;
  /** A request as HTTP/1.1 writes it: filled in for each. */
  readonly block: RequestBlock;
}

/**
 * One connection to an HTTP/2 server, with several requests at a time, each a stream. Those beyond what the server allows wait here.
 *
 * ```text
 *   write ─► open: [answer, answer, …] in the order of sending ─► stream ─► bodyEnd ─► answered(position)
 *              └─ no room ─► waits for a stream that ends
 * ```
 *
 * A message counts as sent when it was given to its connection: frames leave at the end of the turn.
 */
export class Http2Connection implements LoadConnection {
  data: number;
  /** Stays when it leaves the connection table. */
  readonly slot: number;
  startedMs = performance.now();
  reachedMs = 0;
  readonly queuedBytes = 0;
  /** Its server does not speak HTTP/2. */
  isRefused = false;
  readonly #shared: Http2Shared;
  #session!: ClientSession;
  readonly #open: Http2Answer[] = [];
  /** The last of `#open`, which wait for room. */
  #waiting = 0;
  #isLeaving = false;
  #isOver = false;

  constructor(slot: number, shared: Http2Shared) {
    this.data = slot;
    this.slot = slot;
    this.#shared = shared;
  }

  get bytesWritten(): number {
    return this.#session.connection.bytesWritten;
  }

  // ---- called by the loop --------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): number {
    if (bytes.length === 0 || !this.#isTaking) return 0;
    const { requests, counts } = this.#shared;
    const { current } = requests;
    const answer = new Http2Answer(this, this.#shared, current.kind);
    counts.byRequest?.sent(current.kind);
    const mustWait = this.#mustWait;
    if (!requests.constant && (mustWait || bytes.length <= MAX_KEPT_BYTES))
      answer.held = new HeldRequest(bytes, current);
    this.#open.push(answer);
    if (mustWait) this.#waiting += 1;
    else this.#begin(answer, bytes, current);
    return bytes.length;
  }

  writeAgain(message: object): boolean {
    if (!this.#isTaking) return false;
    const { kind, resends, held } = message as Returned;
    const answer = new Http2Answer(this, this.#shared, kind, resends + 1);
    answer.held = held;
    this.#shared.counts.resent += 1;
    const mustWait = this.#mustWait;
    this.#open.push(answer);
    if (mustWait) this.#waiting += 1;
    else this.#beginHeld(answer);
    return true;
  }

  /** Every answer has come or is given up, so that nothing is lost. */
  end(): void {
    this.close();
  }

  close(): void {
    for (const answer of this.#open) answer.count("ended by us");
    this.#shut("closed by us");
    this.#session.close("handler");
    this.#session.connection.close();
  }

  expire(): void {
    const answer = this.#open.shift();
    if (answer === undefined) return;
    answer.count("timeout");
    if (answer.stream === undefined) this.#waiting -= 1;
    else answer.stream.abort();
    this.#shared.events.failed(this, 0);
    this.#checkLeaving();
    this.#leaveIfDone();
  }

  // ---- events of the socket ------------------------------------------------------------------------------------------

  opened(socket: Connection<Http2Connection>): void {
    const { events, owner } = this.#shared;
    const nowMs = performance.now();
    events.took("tcp", this.reachedMs - this.startedMs);
    const { negotiated } = socket;
    if (negotiated !== undefined) events.took(negotiated.resumed ? "tlsResumed" : "tls", nowMs - this.reachedMs);
    if (owner.isSecure && negotiated?.alpn !== "h2") {
      this.isRefused = true;
      this.#isOver = true;
      socket.close();
      return;
    }
    this.#session = new ClientSession(socket as Connection<unknown>, owner);
    events.open(this);
  }

  read(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#shared.events.chunk(this, bytes);
    this.#session.received(bytes);
    this.#checkLeaving();
    const { brokenRule } = this.#session;
    if (brokenRule === undefined || this.#isOver) return;
    // Those on streams have failed already.
    for (const answer of this.#open.splice(0)) answer.count(brokenRule);
    this.#shut(brokenRule);
  }

  drained(): void {
    if (!this.#isOver) this.#session.drained();
  }

  closed(reason: CloseReason, cause: Error | undefined): void {
    if (this.isRefused || this.#isOver) return;
    const isAgreed = this.#open.length === 0 && reason === "peer";
    const why = closeCause(reason, cause);
    this.#isOver = true;
    this.#session.closed(reason);
    for (const answer of this.#open) answer.count(why);
    this.#open.length = 0;
    this.#shared.events.close(this, isAgreed ? undefined : why);
  }

  // ---- called by the session, and by answers -------------------------------------------------------------------------

  roomCame(): void {
    while (this.#waiting > 0 && this.#session.hasRoom) {
      const answer = this.#open[this.#open.length - this.#waiting]!;
      this.#waiting -= 1;
      this.#beginHeld(answer);
    }
  }

  began(answer: Http2Answer): void {
    this.#shared.events.began(this, this.#open.indexOf(answer));
  }

  /** @returns microseconds from its sending; -1 where it is not among the open ones any more */
  answered(answer: Http2Answer): number {
    this.#checkLeaving();
    const position = this.#take(answer);
    const servedUs = position < 0 ? -1 : this.#shared.events.answered(this, position, this.#isLeaving);
    this.#leaveIfDone();
    return servedUs;
  }

  /** @param isUnprocessed the server has not looked at it, and never will */
  failed(answer: Http2Answer, cause: string, isUnprocessed: boolean): void {
    this.#checkLeaving();
    const position = this.#take(answer);
    if (position < 0) return;
    if (isUnprocessed && this.#isReturned(answer, position, cause)) {
      this.#leaveIfDone();
      return;
    }
    answer.count(cause);
    // The whole connection ends: its loop hears of that, and forgets them all.
    if (this.#isOver || this.#session.brokenRule !== undefined) return;
    this.#shared.events.failed(this, position);
    this.#leaveIfDone();
  }

  get #isTaking(): boolean {
    return !this.#isOver && !this.#isLeaving && !this.#session.isClosing;
  }

  get #mustWait(): boolean {
    return this.#waiting > 0 || !this.#session.hasRoom;
  }

  /** Has it sent again, unless it was too often, or is not kept. */
  #isReturned(answer: Http2Answer, position: number, cause: string): boolean {
    const { resends, kind, held } = answer;
    if (resends >= MAX_RESENDS || (held === undefined && !this.#shared.requests.constant)) return false;
    const message: Returned = { resends, kind, held, cause: answer.causeOf(cause) };
    return this.#shared.events.returned(this, position, message);
  }

  #beginHeld(answer: Http2Answer): void {
    const { requests } = this.#shared;
    const { held } = answer;
    if (held === undefined) this.#begin(answer, requests.nextBytes(0, 0, 0), requests.current);
    else this.#begin(answer, held.bytes, held);
  }

  #begin(answer: Http2Answer, bytes: Uint8Array, { isHead, bodyBytes }: Readonly<CurrentRequest>): void {
    const { owner, block } = this.#shared;
    block.bytes = bytes;
    block.to = bytes.length;
    block.isHead = isHead;
    block.framing = bodyBytes < 0 ? "none" : "length";
    block.bodyBytes = block.bodyLength = Math.max(0, bodyBytes);
    const stream = new ClientStream(owner, answer, block);
    answer.stream = stream;
    if (this.#session.begin(stream, block.bytes, block.from, block.to)) return;
    // Not at once: the next request is written within the failure of this one.
    setImmediate(() => stream.fail("request-overflow", "the request's head is too long"));
  }

  #take(answer: Http2Answer): number {
    const position = this.#open.indexOf(answer);
    if (position >= 0) this.#open.splice(position, 1);
    return position;
  }

  /** The server takes no more requests (GOAWAY), or stream numbers are used up. */
  #checkLeaving(): void {
    if (this.#isLeaving || this.#isOver || !this.#session.isLeaving) return;
    this.#isLeaving = true;
    this.#shared.events.leaving(this);
    // What waited was never sent, and cannot be here any more.
    for (const answer of this.#open.splice(this.#open.length - this.#waiting)) {
      if (this.#isReturned(answer, this.#open.length, "takes no more requests")) continue;
      answer.count("takes no more requests");
      this.#shared.events.failed(this, this.#open.length);
    }
    this.#waiting = 0;
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (!this.#isLeaving || this.#open.length > 0) return;
    const { leaveCode } = this.#session;
    this.#shut(leaveCode === ErrorCode.noError ? undefined : `GOAWAY ${errorCodeName(leaveCode)}`);
    this.#session.close("handler");
  }

  #shut(reason: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shared.events.close(this, reason);
  }
}

/** A request under way on its stream. */
class Http2Answer implements ResponseEvents {
  /** Undefined while it waits for room. */
  stream: ClientStream | undefined;
  /** What it asks for, unless that is always the same: while it waits, and for as long as it may be sent again. */
  held: HeldRequest | undefined;
  readonly kind: number;
  readonly resends: number;
  /** Where a script sees it. */
  #observed: ScriptAnswer | undefined;
  readonly #connection: Http2Connection;
  readonly #shared: Http2Shared;
  #hasBegun = false;
  #status = 0;
  #contains = 0;

  /** @param resends how often it was sent before */
  constructor(connection: Http2Connection, shared: Http2Shared, kind: number, resends = 0) {
    this.#connection = connection;
    this.#shared = shared;
    this.kind = kind;
    this.resends = resends;
  }

  /** Counts it as an error. @param cause what went wrong in the phase that it is in */
  count(cause: string): void {
    const { counts } = this.#shared;
    counts.failed(this.causeOf(cause));
    counts.byRequest?.failed(this.kind);
  }

  causeOf(cause: string): string {
    const phase = this.#status > 0 ? "body" : this.#hasBegun ? "head" : "first byte";
    return `${phase} ${cause}`;
  }

  interim(): void {
    this.#shared.counts.interims += 1;
    this.#begin();
  }

  response(head: Head, bytes: Uint8Array): void {
    this.#status = head.status;
    const { requests, observer } = this.#shared;
    requests.cookies?.take(this.#connection.slot, head, bytes);
    if (observer !== undefined) this.#observed = observer.answer(this.#connection.slot, head, bytes);
    this.#begin();
  }

  body(bytes: Uint8Array): void {
    const { counts, check } = this.#shared;
    counts.bodyBytes += bytes.length;
    this.#observed?.add(bytes, 0, bytes.length);
    this.#contains = check.seek(this.#contains, bytes, 0, bytes.length);
  }

  bodyEnd(): void {
    const { counts, check, observer } = this.#shared;
    if (this.#observed !== undefined) observer?.answered(this.#observed);
    counts.answered(this.#status);
    check.judge(this.#status, this.#contains, counts);
    const servedUs = this.#connection.answered(this);
    counts.byRequest?.answered(this.kind, this.#status, servedUs);
  }

  drain(): void {}

  #begin(): void {
    if (!this.#hasBegun) this.#connection.began(this);
    this.#hasBegun = true;
  }

  failed({ reason, text, isUnprocessed }: TargetFailure): void {
    const cause = text === CONNECTION_ENDED ? reason : text.replace(/^(?:its answer has|it) /, "");
    this.#connection.failed(this, cause, isUnprocessed && !this.#hasBegun);
  }
}

/** What a session says of requests whose connection ended. */
const CONNECTION_ENDED = "its connection ended before the answer was complete";
