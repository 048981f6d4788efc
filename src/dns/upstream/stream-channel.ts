import { afterTurn, type Connection, connect, type Handler } from "../../net/mod.ts";
import type { Message } from "../../wire/dns/mod.ts";
import { lengthPrefixed } from "../../wire/mod.ts";
import type { UpstreamAddress } from "./address.ts";
import type { UpstreamFailure } from "./counts.ts";
import { readReply } from "./read-reply.ts";
import { prepareForStream, type UpstreamQuery } from "./upstream-query.ts";

/** Called once: with the answer in the channel's message, or with the failure. `bytes` are borrowed. */
export type StreamDone = (failure: UpstreamFailure | undefined, bytes: Uint8Array) => void;

/** Returns the addresses of a name, the preferred one first. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export interface StreamOptions {
  readonly address: UpstreamAddress;
  /** Finds the addresses of a host that is a name. */
  readonly lookup?: Lookup | undefined;
  /** For TLS: certificate authorities to trust, a file or PEM text. */
  readonly ca?: string | undefined;
  readonly timeoutMs: number;
  /** A connection without traffic is closed after this time. */
  readonly idleMs: number;
  readonly maxInFlight: number;
  /** Filled with each answer. */
  readonly message: Message;
}

interface Pending {
  readonly query: UpstreamQuery;
  readonly done: StreamDone;
  readonly timer: ReturnType<typeof setTimeout>;
  /** It was sent on a reused connection, and may be repeated once on a new one. */
  mayRepeat: boolean;
  isSent: boolean;
  /** Answers that had come when it was sent. */
  answersBefore: number;
}

const NOTHING: Uint8Array = new Uint8Array(0);
const LENGTH_BYTES = 2;
const OUT_BYTES = 16_384;

/**
 * One connection to an upstream, opened when it is needed, on which many queries are in flight at once and answers come in any
 * order (RFC 7766 §6.2.1.1). Servers close idle connections without notice: a query that crossed such a close is sent once
 * more.
 */
export class StreamChannel {
  readonly #options: StreamOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #handler: Handler;
  #connection: Connection | undefined;
  readonly #out = new Uint8Array(OUT_BYTES);
  #outBytes = 0;
  readonly #flushLater = () => this.#flush();
  #isConnecting = false;
  #answers = 0;
  /** This connection has delivered an answer before. */
  #wasUsed = false;
  #stopping = new AbortController();

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#handler = {
      framing: lengthPrefixed({ lengthBytes: LENGTH_BYTES, maxBytes: 65_535 }),
      frame: (connection, bytes) => this.#received(connection, bytes),
      close: (connection) => this.#closed(connection),
    };
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  ask(query: UpstreamQuery, done: StreamDone): void {
    const { maxInFlight, timeoutMs } = this.#options;
    if (this.#stopping.signal.aborted || this.#pending.size >= maxInFlight) {
      done(this.#stopping.signal.aborted ? "stopped" : "busy", NOTHING);
      return;
    }
    const id = prepareForStream(query, (taken) => this.#pending.has(taken));
    const timer = setTimeout(() => this.#timedOut(id), timeoutMs);
    const pending: Pending = { query, done, timer, mayRepeat: true, isSent: false, answersBefore: 0 };
    this.#pending.set(id, pending);
    if (this.#connection !== undefined) this.#send(this.#connection, pending);
    else void this.#connect();
  }

  stop(): void {
    this.#stopping.abort();
    for (const id of [...this.#pending.keys()]) this.#finish(id, "stopped");
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    const { address, ca, timeoutMs, idleMs, lookup } = this.#options;
    const { host, port, protocol, serverName } = address;
    const tls = { ...(serverName === undefined ? {} : { serverName }), ...(ca === undefined ? {} : { ca }) };
    try {
      const { signal } = this.#stopping;
      const secure = protocol === "tls" ? { tls } : {};
      const found = lookup === undefined ? {} : { lookup };
      const options = { host, port, timeoutMs, limits: { idleMs }, signal, ...secure, ...found };
      const connection = await connect(options, this.#handler);
      this.#isConnecting = false;
      if (connection.closed || signal.aborted) return connection.closed ? this.#failAll("closed") : connection.close();
      this.#connection = connection;
      this.#wasUsed = false;
      for (const pending of this.#pending.values()) if (!pending.isSent) this.#send(connection, pending);
    } catch {
      this.#isConnecting = false;
      this.#failAll("unreachable");
    }
  }

  /** Queries of one turn of the event loop leave in one write: by TLS, one record. */
  #send(connection: Connection, pending: Pending): void {
    const { bytes } = pending.query;
    const at = this.#outBytes;
    if (at + LENGTH_BYTES + bytes.length > this.#out.length) {
      this.#flush();
      this.#send(connection, pending);
      return;
    }
    pending.isSent = true;
    pending.answersBefore = this.#answers;
    this.#out[at] = bytes.length >> 8;
    this.#out[at + 1] = bytes.length;
    this.#out.set(bytes, at + LENGTH_BYTES);
    this.#outBytes = at + LENGTH_BYTES + bytes.length;
    if (at === 0) afterTurn(this.#flushLater);
  }

  #flush(): void {
    const length = this.#outBytes;
    this.#outBytes = 0;
    // If `write` took nothing the connection is closing; its `close` event handles the queries.
    if (length > 0) this.#connection?.write(this.#out.subarray(0, length));
  }

  #received(connection: Connection, bytes: Uint8Array): void {
    if (connection !== this.#connection) return;
    this.#answers += 1;
    const id = bytes.length < 2 ? -1 : (bytes[0]! << 8) | bytes[1]!;
    const pending = this.#pending.get(id);
    // A late answer: its query has already ended.
    if (pending === undefined) return;
    this.#wasUsed = true;
    const problem = readReply(this.#options.message, pending.query, bytes);
    if (problem === undefined) this.#finish(id, undefined, bytes);
    else this.#finish(id, problem === "question" || problem === "form" ? "mismatch" : "malformed");
  }

  #closed(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#outBytes = 0;
    const wasUsed = this.#wasUsed;
    for (const [id, pending] of [...this.#pending]) {
      if (!wasUsed || !pending.mayRepeat) this.#finish(id, "closed");
      else {
        pending.mayRepeat = false;
        pending.isSent = false;
      }
    }
    if (this.#pending.size > 0) void this.#connect();
  }

  #timedOut(id: number): void {
    const { isSent, answersBefore } = this.#pending.get(id)!;
    this.#finish(id, "timeout");
    // No answer at all since it was sent: the way is broken, or the server. TCP itself would try on for many minutes.
    if (isSent && answersBefore === this.#answers) this.#connection?.reset();
  }

  #failAll(failure: UpstreamFailure): void {
    for (const id of [...this.#pending.keys()]) this.#finish(id, failure);
  }

  #finish(id: number, failure: UpstreamFailure | undefined, bytes = NOTHING): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.done(failure, bytes);
  }
}
