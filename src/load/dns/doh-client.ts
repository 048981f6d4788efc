import { ClientSession, ClientStream, type ResponseEvents, type TargetFailure } from "../../http/mod.ts";
import type { CloseReason, Connection } from "../../net/mod.ts";
import { writeUint16 } from "../../wire/dns/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import { closeCause } from "../http/mod.ts";
import type { LoadConnection } from "../loop/mod.ts";
import type { DohRequest } from "./doh-request.ts";
import type { DohSessions } from "./doh-transport.ts";
import { type DnsShared, QueryTracker } from "./query-tracker.ts";

const MAX_MESSAGE_BYTES = 65_535;
const OK = 200;

/** One client over HTTPS: a connection of HTTP/2, on which each query is a stream. */
export class DohClient implements LoadConnection {
  data: number;
  startedMs = performance.now();
  reachedMs = 0;
  readonly queuedBytes = 0;
  /** Its server does not speak HTTP/2. */
  isRefused = false;
  readonly #shared: DnsShared;
  readonly #owner: DohSessions;
  readonly #request: DohRequest;
  readonly #tracker: QueryTracker;
  readonly #streams = new Map<number, ClientStream>();
  /** Queries that wait until the server allows another stream. */
  readonly #waiting: number[] = [];
  #session!: ClientSession;
  #isOver = false;

  constructor(slot: number, shared: DnsShared, owner: DohSessions, request: DohRequest) {
    this.data = slot;
    this.#shared = shared;
    this.#owner = owner;
    this.#request = request;
    this.#tracker = new QueryTracker(this, shared, 1);
  }

  get bytesWritten(): number {
    return this.#session.connection.bytesWritten;
  }

  // ---- called by the loop --------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): number {
    if (this.#isOver || this.#session.isClosing) return 0;
    const id = this.#tracker.begin();
    if (this.#waiting.length > 0 || !this.#session.hasRoom) this.#waiting.push(id);
    else this.#begin(id, bytes.length);
    return bytes.length;
  }

  expire(): void {
    const id = this.#tracker.oldest;
    this.#drop(id)?.abort();
    this.#tracker.expire(() => "timeout");
  }

  /** Every answer has come or is given up, so that nothing is lost. */
  end(): void {
    this.close();
  }

  close(): void {
    this.#shut("closed by us", "ended by us");
    this.#session.close("handler");
    this.#session.connection.close();
  }

  // ---- events of the socket ------------------------------------------------------------------------------------------

  opened(socket: Connection<DohClient>): void {
    const { events } = this.#shared;
    const nowMs = performance.now();
    events.took("tcp", this.reachedMs - this.startedMs);
    events.took("tls", nowMs - this.reachedMs);
    if (socket.negotiated?.alpn !== "h2") {
      this.isRefused = true;
      this.#isOver = true;
      socket.close();
      return;
    }
    this.#session = new ClientSession(socket as Connection<unknown>, this.#owner);
    events.open(this);
  }

  read(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#shared.events.came(this, bytes.length);
    this.#session.received(bytes);
    const { brokenRule, isLeaving } = this.#session;
    if (brokenRule !== undefined) this.#shut(brokenRule, brokenRule);
    else if (isLeaving && !this.#isOver) {
      this.#shared.events.leaving(this);
      if (this.#tracker.count === 0) this.#shut(undefined, "closed");
    }
  }

  drained(): void {
    if (!this.#isOver) this.#session.drained();
  }

  closed(reason: CloseReason, cause: Error | undefined): void {
    if (this.isRefused || this.#isOver) return;
    const why = closeCause(reason, cause);
    const isAgreed = this.#tracker.count === 0 && reason === "peer";
    this.#shut(isAgreed ? undefined : why, why);
    this.#session.closed(reason);
  }

  // ---- called by the session, and by answers -------------------------------------------------------------------------

  roomCame(): void {
    while (this.#waiting.length > 0 && this.#session.hasRoom) {
      const id = this.#waiting.shift()!;
      if (this.#tracker.isAwaited(id)) this.#begin(id, this.#tracker.lengthOf(id));
    }
  }

  /** @param status of HTTP */
  answered(id: number, status: number, message: Uint8Array): void {
    if (this.#drop(id) === undefined) return;
    if (status !== OK) this.#tracker.fail(id, `HTTP status ${status}`);
    else this.#tracker.read(message, 0, message.length);
    // Nothing more comes on its stream.
    if (this.#tracker.isAwaited(id)) this.#tracker.fail(id, "another answer");
  }

  failed(id: number, cause: string): void {
    if (this.#drop(id) === undefined || this.#isOver) return;
    this.#tracker.fail(id, cause);
  }

  #begin(id: number, length: number): void {
    const { block } = this.#request;
    const at = this.#request.begin(length);
    this.#tracker.writeAgain(id, block.bytes, at);
    writeUint16(block.bytes, at, id);
    const stream = new ClientStream(this.#owner, new DohAnswer(this, id), block);
    this.#streams.set(id, stream);
    if (this.#session.begin(stream, block.bytes, block.from, block.to)) return;
    setImmediate(() => stream.fail("request-overflow", "the request's head is too long"));
  }

  #drop(id: number): ClientStream | undefined {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    return stream;
  }

  /** @param reason of a loss; undefined = the server closed as it may; @param cause of what is unanswered */
  #shut(reason: string | undefined, cause: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tracker.end(cause);
    this.#shared.events.close(this, reason);
  }
}

/** A query on its stream. */
class DohAnswer implements ResponseEvents {
  readonly #client: DohClient;
  readonly #id: number;
  #status = 0;
  #message: Uint8Array = new Uint8Array(0);

  constructor(client: DohClient, id: number) {
    this.#client = client;
    this.#id = id;
  }

  interim(): void {}

  response(head: Head): void {
    this.#status = head.status;
  }

  body(bytes: Uint8Array): void {
    if (this.#message.length + bytes.length > MAX_MESSAGE_BYTES) return;
    // Nearly always it comes whole.
    this.#message =
      this.#message.length === 0 ? new Uint8Array(bytes) : new Uint8Array(Buffer.concat([this.#message, bytes]));
  }

  bodyEnd(): void {
    this.#client.answered(this.#id, this.#status, this.#message);
  }

  drain(): void {}

  failed({ reason }: TargetFailure): void {
    this.#client.failed(this.#id, reason);
  }
}
