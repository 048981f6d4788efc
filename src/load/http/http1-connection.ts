import type { CloseReason, Connection } from "../../net/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import type { LoadConnection, TransportEvents } from "../loop/mod.ts";
import type { AnswerCheck } from "./answer-check.ts";
import { closeCause } from "./close-cause.ts";
import type { Lingering } from "./lingering.ts";
import type { OfLoop } from "./of-loop.ts";
import { OpenRequests } from "./requests/mod.ts";
import {
  type ReaderScratch,
  type ResponsePhase,
  ResponseReader,
  type ResponseReaderEvents,
} from "./response-reader.ts";

import type { ScriptAnswer } from "./script/mod.ts";

/** How long the server has to close a connection that it, or we, said to be the last; then we do. */
const LINGER_MS = 1000;

const NOTHING = new Uint8Array(0);
const NO_ENDS: readonly number[] = [];

/** What the connections of one event loop share. */
export interface Http1Shared extends OfLoop {
  readonly events: TransportEvents;
  readonly check: AnswerCheck;
  readonly scratch: ReaderScratch;
  readonly lingering: Lingering;
  /** Requests of a connection that may be open at a time. */
  readonly pipeline: number;
  /** Of their open requests, where all requests are alike. */
  readonly tag: Uint16Array;
  /** Each connection carries one request. */
  readonly isOnce: boolean;
}

/**
 * One connection to an HTTP/1.1 server: its requests are written as they are, its answers read and counted.
 *
 * ```text
 *   write ─► open.push ─► bytes ─► ResponseReader ─┬─ complete ─► answered ─► the next write
 *                                                  └─ broken, closed, late ─► each open request is an error ─► close
 * ```
 */
export class Http1Connection implements LoadConnection, ResponseReaderEvents {
  data: number;
  /** When its connect began, and when TCP was connected. */
  startedMs = performance.now();
  reachedMs = 0;
  readonly #slot: number;
  readonly #shared: Http1Shared;
  readonly #reader: ResponseReader;
  #socket!: Connection<Http1Connection>;
  /** Requests without a complete answer. */
  readonly #open: OpenRequests;
  /** Where those end that did not leave at once, in bytes of the connection. */
  #unsentEnds: readonly number[] = NO_ENDS;
  #isOver = false;
  #contains = 0;
  /** The answer that is being read, where a script sees it. */
  #observed: ScriptAnswer | undefined;

  constructor(slot: number, shared: Http1Shared) {
    this.data = slot;
    this.#slot = slot;
    this.#shared = shared;
    this.#reader = new ResponseReader(shared.scratch, this);
    this.#open = new OpenRequests(shared.requests.areAlike ? shared.tag : new Uint16Array(shared.pipeline));
  }

  get queuedBytes(): number {
    return this.#socket.queuedBytes;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  // ---- called by the loop --------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): number {
    const socket = this.#socket;
    if (this.#isOver || bytes.length === 0 || socket.write(bytes) === 0) return 0;
    const { requests, counts } = this.#shared;
    this.#open.push(requests.current);
    counts.byRequest?.sent(requests.current.kind);
    if (socket.queuedBytes > 0) this.#unsentEnds = [...this.#stillUnsent(), socket.bytesWritten + socket.queuedBytes];
    return bytes.length;
  }

  /** Every answer has come or is given up, so that nothing is lost. */
  end(): void {
    this.close();
  }

  close(): void {
    if (this.#open.count > 0) this.#failAll(this.#reader.phase, "ended by us");
    this.#shut("closed by us");
    this.#socket.close();
  }

  expire(): void {
    this.#fail(this.#reader.phase, "timeout");
  }

  // ---- events of the socket ------------------------------------------------------------------------------------------

  opened(socket: Connection<Http1Connection>): void {
    const { events } = this.#shared;
    this.#socket = socket;
    const nowMs = performance.now();
    events.took("tcp", this.reachedMs - this.startedMs);
    const { negotiated } = socket;
    if (negotiated !== undefined) events.took(negotiated.resumed ? "tlsResumed" : "tls", nowMs - this.reachedMs);
    events.open(this);
  }

  read(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#shared.events.chunk(this, bytes);
    let at = 0;
    while (at < bytes.length && !this.#isOver) {
      if (this.#open.count === 0) {
        this.#shut("bytes that no request asked for");
        this.#socket.reset();
        return;
      }
      at = this.#reader.read(bytes, at);
      if (at < 0) return;
      if (this.#reader.isDone) this.#complete(at < bytes.length);
    }
  }

  peerFinished(): void {
    // The end of an answer that ends with the connection came now.
    if (!this.#isOver) this.#shared.events.chunk(this, NOTHING);
    if (this.#isOver || this.#open.count === 0) this.#shut(undefined);
    else if (this.#reader.finished()) this.#complete(false);
    else this.#fail(this.#reader.phase, "closed");
    this.#socket.close();
  }

  closed(reason: CloseReason, cause: Error | undefined): void {
    if (this.#isOver) return;
    if (this.#open.count === 0 && reason === "peer") this.#shut(undefined);
    else this.#fail(this.#reader.phase, closeCause(reason, cause));
  }

  // ---- events of the reader ------------------------------------------------------------------------------------------

  began(): void {
    this.#contains = 0;
    this.#reader.isHead = this.#open.isHead;
    this.#shared.events.began(this, 0);
  }

  interim(): void {
    this.#shared.counts.interims += 1;
  }

  head(head: Head, bytes: Uint8Array): void {
    const { requests, observer } = this.#shared;
    requests.cookies?.take(this.#slot, head, bytes);
    if (observer !== undefined) this.#observed = observer.answer(this.#slot, head, bytes);
  }

  body(bytes: Uint8Array, from: number, to: number): void {
    this.#shared.counts.bodyBytes += to - from;
    this.#observed?.add(bytes, from, to);
    this.#contains = this.#shared.check.seek(this.#contains, bytes, from, to);
  }

  broke(phase: ResponsePhase, why: string): void {
    this.#fail(phase, why);
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------

  /** @param isFollowed there are bytes behind the answer */
  #complete(isFollowed: boolean): void {
    const { counts, check, events, isOnce, observer } = this.#shared;
    const { status, isLast } = this.#reader;
    if (isFollowed && this.#open.count === 1) {
      this.#fail("body", "bytes behind its end");
      return;
    }
    // The rest of the request would be read as another one, or never.
    if (this.#socket.queuedBytes > 0 && this.#stillUnsent().length >= this.#open.count) {
      this.#fail("head", `early response ${status}`);
      return;
    }
    counts.answered(status);
    check.judge(status, this.#contains, counts);
    if (this.#observed !== undefined) observer?.answered(this.#observed);
    const { kind } = this.#open;
    this.#open.shift();
    const ends = isLast || isOnce;
    const servedUs = events.answered(this, 0, ends);
    counts.byRequest?.answered(kind, status, servedUs);
    if (!ends) return;
    if (this.#open.count > 0) {
      this.#fail("first byte", "closed");
      return;
    }
    this.#shut(undefined);
    // Who closes first keeps the port for a minute: that should be the server, as it is of a server's own limit.
    this.#socket.deadline(LINGER_MS);
    this.#shared.lingering.add(this);
  }

  /** By a reset, which keeps no port. */
  giveUp(): void {
    this.#socket.reset();
  }

  /** Of the pipeline, the last requests. */
  #stillUnsent(): readonly number[] {
    const { bytesWritten } = this.#socket;
    return this.#unsentEnds.filter((endBytes) => endBytes > bytesWritten);
  }

  /** Every open request is an error, the oldest of this cause. */
  #fail(phase: ResponsePhase, why: string): void {
    this.#failAll(phase, why);
    this.#shut(`${phase} ${why}`);
    this.#socket.reset();
  }

  #failAll(phase: ResponsePhase, why: string): void {
    const { counts } = this.#shared;
    const open = this.#open;
    if (open.count > 0) counts.failed(`${phase} ${why}`);
    if (open.count > 1) counts.failed(`first byte ${why}`, open.count - 1);
    for (; open.count > 0; open.shift()) counts.byRequest?.failed(open.kind);
  }

  #shut(reason: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#shared.events.close(this, reason);
  }
}
