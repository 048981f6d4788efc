import type { CloseReason, Connection } from "../../net/mod.ts";
import {
  type BreakCode,
  type Close,
  CloseCode,
  encodeClose,
  FrameReader,
  type FrameReaderEvents,
  Opcode,
} from "../../wire/websocket/mod.ts";
import type { LoadConnection, TransportEvents } from "../loop/mod.ts";
import type { AnswerFinder } from "./answers.ts";
import type { WebSocketCounts } from "./counts.ts";
import { writeFrame } from "./frame-writer.ts";
import type { Masks } from "./masks.ts";
import { PING_BYTES, type Pinger, readPing } from "./pinger.ts";
import { type UpgradeRequest, withKey } from "./upgrade-request.ts";
import { UpgradeResponse } from "./upgrade-response.ts";

/** How long a server has to close the TCP connection (RFC 6455 §7.1.1); then we do. */
const LINGER_MS = 200;
/** A server that does not read gets no pongs beyond this: only the last ping need be answered (RFC 6455 §5.5.3). */
const MAX_QUEUED_BYTES = 65_536;
/** A control frame: header, mask and 125 bytes. */
const CONTROL_BYTES = 131;

/** What the connections of one event loop share. */
export interface WebSocketShared {
  readonly events: TransportEvents;
  readonly counts: WebSocketCounts;
  readonly request: UpgradeRequest;
  readonly subprotocols: readonly string[];
  readonly maxMessageBytes: number;
  readonly masks: Masks;
  readonly answers: AnswerFinder;
  /** Of a connect with TCP, TLS and the opening handshake; 0 = no bound. */
  readonly timeoutMs: number;
  /** The plan says that nothing is read once the connection is open. */
  readonly isDeaf: boolean;
  /** Opening handshakes under way. */
  readonly pending: Set<WebSocketConnection>;
  readonly pinger: Pinger | undefined;
}

const OPENING = 0;
const OPEN = 1;
const CLOSING = 2; // our close frame is sent
const OVER = 3;

const scratch = new Uint8Array(CONTROL_BYTES);

/**
 * One WebSocket of a load test: its frames are written as they are, what comes is read, checked and counted.
 *
 * ```text
 *   OPENING ─ 101 ─► OPEN ─ end() ─► CLOSING ─ close frame, then FIN ─► OVER
 *      └─ refused: rejects   └─ close frame, FIN, reset, broken rule: lost ─► OVER
 * ```
 */
export class WebSocketConnection implements LoadConnection, FrameReaderEvents {
  data: number;
  /** When its connect began, and when TCP was connected. */
  startedMs = performance.now();
  reachedMs = 0;
  /** Its place among the connections that are pinged; -1 = not there. */
  pingPlace = -1;
  /** When the last ping that was answered was sent. */
  lastPongMs = 0;
  readonly answerState: Int32Array;
  readonly #shared: WebSocketShared;
  readonly #settle: Settle;
  readonly #reader: FrameReader;
  #socket!: Connection<WebSocketConnection>;
  #state = OPENING;
  #response: UpgradeResponse | undefined;
  #tlsMs = 0;
  /** The loop knows of its end. */
  #isTold = false;

  /** @param settle called once, when the opening handshake is over */
  constructor(slot: number, shared: WebSocketShared, settle: Settle) {
    this.data = slot;
    this.#shared = shared;
    this.#settle = settle;
    this.#reader = new FrameReader({ isMasked: false, maxPayloadBytes: shared.maxMessageBytes }, this);
    this.answerState = new Int32Array(shared.answers.ints);
  }

  get queuedBytes(): number {
    return this.#socket.queuedBytes;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  // ---- called by the loop --------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): number {
    return this.#state === OPEN ? this.#socket.write(bytes) : 0;
  }

  /** Begins the closing handshake. */
  end(): void {
    if (this.#state !== OPEN) return;
    this.#sendClose(CloseCode.normal);
    this.#enter(CLOSING);
  }

  close(): void {
    if (this.#state === CLOSING) this.#shared.counts.closed("no answer to our close frame");
    this.#shut("closed by us");
    this.#socket.close();
  }

  /** Sends a ping, whose pong is told of by its time. */
  sendPing(payload: Uint8Array): void {
    if (this.#state !== OPEN || this.queuedBytes > MAX_QUEUED_BYTES) return;
    this.#sendControl(Opcode.ping, payload);
    this.#shared.counts.pingsSent += 1;
  }

  /** Gives up an opening handshake. */
  abort(): void {
    if (this.#state === OPENING) this.#fail("ended by us");
  }

  // ---- events of the socket ------------------------------------------------------------------------------------------

  opened(socket: Connection<WebSocketConnection>): void {
    const { request, subprotocols, timeoutMs } = this.#shared;
    this.#socket = socket;
    const nowMs = performance.now();
    this.#tlsMs = nowMs;
    const { key, bytes } = withKey(request);
    this.#response = new UpgradeResponse(key, subprotocols);
    this.#shared.pending.add(this);
    socket.write(bytes);
    if (timeoutMs > 0) socket.deadline(Math.max(1, timeoutMs - (nowMs - this.startedMs)), nowMs);
  }

  read(bytes: Uint8Array): void {
    if (this.#state === OPENING) {
      const length = this.#readResponse(this.#response!, bytes);
      if (length <= 0 || length === bytes.length) return;
      this.#readFrames(bytes, length);
    } else if (this.#state !== OVER) this.#readFrames(bytes, 0);
  }

  peerFinished(): void {
    if (this.#state === OPENING) this.#fail("closed");
    else if (this.#state !== OVER) this.#ended("no close frame");
    this.#socket.close();
  }

  expired(): void {
    if (this.#state === OPENING) this.#fail("timed out");
    else this.#socket.close();
  }

  closed(reason: CloseReason): void {
    if (this.#state === OPENING) this.#fail(reason === "peer" ? "closed" : reason);
    else if (this.#state !== OVER) this.#ended(reason === "peer" ? "no close frame" : reason);
    else this.#tell(undefined);
  }

  // ---- opening handshake ---------------------------------------------------------------------------------------------

  #readResponse(response: UpgradeResponse, bytes: Uint8Array): number {
    const length = response.read(bytes);
    if (length === 0) return 0;
    if (length < 0) {
      this.#fail(response.failure);
      return -1;
    }
    const { events, counts } = this.#shared;
    const nowMs = performance.now();
    this.#socket.deadline(0);
    this.#state = OPEN;
    this.#response = undefined;
    counts.opened(response.subprotocol);
    events.took("tcp", this.reachedMs - this.startedMs);
    if (this.#socket.tls !== undefined) events.took("tls", this.#tlsMs - this.reachedMs);
    events.took("upgrade", nowMs - this.#tlsMs);
    this.#shared.pending.delete(this);
    this.#shared.pinger?.add(this);
    if (this.#shared.isDeaf) this.#socket.pause();
    events.open(this);
    this.#settle(undefined);
    return length;
  }

  #fail(why: string): void {
    this.#state = OVER;
    this.#isTold = true;
    this.#shared.pending.delete(this);
    this.#settle(new HandshakeError(why));
    this.#socket.reset();
  }

  // ---- frames --------------------------------------------------------------------------------------------------------

  #readFrames(bytes: Uint8Array, from: number): void {
    this.#shared.events.chunk(this, from === 0 ? bytes : bytes.subarray(from));
    this.#reader.read(bytes, from);
  }

  content(_opcode: Opcode, bytes: Uint8Array, from: number, to: number): void {
    const { counts, answers } = this.#shared;
    counts.content += to - from;
    answers.content(this.answerState, bytes, from, to);
  }

  message(_opcode: Opcode): void {
    const { counts, answers, events } = this.#shared;
    counts.messages += 1;
    for (let count = answers.message(this.answerState); count > 0; count--) events.answered(this, 0);
  }

  ping(bytes: Uint8Array, from: number, to: number): void {
    const { counts } = this.#shared;
    counts.pingsReceived += 1;
    if (this.#state !== OPEN) return;
    if (this.queuedBytes > MAX_QUEUED_BYTES) counts.pingsIgnored += 1;
    else this.#sendControl(Opcode.pong, bytes.subarray(from, to));
  }

  pong(bytes: Uint8Array, from: number, to: number): void {
    const { counts, events } = this.#shared;
    const sentMs = to - from === PING_BYTES ? readPing(bytes, from) : Number.NaN;
    const nowMs = performance.now();
    // Pongs answer pings in their order, and each only once.
    if (!(sentMs > this.lastPongMs && sentMs <= nowMs)) {
      counts.strayPongs += 1;
      return;
    }
    this.lastPongMs = sentMs;
    counts.pongs += 1;
    events.took("ping", nowMs - sentMs);
  }

  closing({ code }: Close): void {
    this.#shared.counts.closed(String(code));
    if (this.#state === CLOSING) this.#enter(OVER);
    else {
      this.#sendClose(code === CloseCode.none ? undefined : code);
      this.#shut(`close frame ${code}`);
    }
    // The server closes first, so that it keeps the port for a minute and not we (RFC 6455 §7.1.1).
    this.#socket.deadline(LINGER_MS);
  }

  broke(code: BreakCode, why: string): void {
    this.#shared.counts.broke(why);
    if (this.#state === OPEN) this.#sendClose(code);
    this.#shut(why);
    this.#socket.finish(LINGER_MS);
  }

  // ---- ends ----------------------------------------------------------------------------------------------------------

  #sendClose(code: number | undefined): void {
    this.#sendControl(Opcode.close, code === undefined ? new Uint8Array(0) : encodeClose(code));
  }

  #sendControl(opcode: Opcode, payload: Uint8Array): void {
    const end = writeFrame(scratch, 0, payload, { opcode, isFinal: true }, this.#shared.masks);
    this.#socket.write(scratch.subarray(0, end));
  }

  /** The TCP connection ended before a close frame came. */
  #ended(how: string): void {
    this.#shared.counts.closed(how);
    this.#shut(how);
  }

  /** @param reason that a loss is counted by */
  #shut(reason: string): void {
    this.#enter(OVER);
    this.#tell(reason);
  }

  #enter(state: number): void {
    if (this.#state === OPEN) this.#shared.pinger?.remove(this);
    this.#state = state;
    if (state === OVER) this.#reader.stop();
  }

  #tell(reason: string | undefined): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#shared.events.close(this, reason);
  }
}

/** An opening handshake that failed. */
export class HandshakeError extends Error {}

type Settle = (failure: HandshakeError | undefined) => void;
