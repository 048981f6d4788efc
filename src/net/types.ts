import type { Framing, ProxyHeader } from "../wire/mod.ts";
import type { CloseReason } from "./reasons.ts";
import type { ClientTlsOptions, NegotiatedTls, ServerTlsOptions, TlsInfo } from "./tls/mod.ts";
import type { ThreadPool } from "./worker/mod.ts";

/**
 * One TCP (or Unix) connection.
 *
 * ```text
 *   write(bytes) ──► kernel takes all ──────────────────────────► peer
 *        │                                                         ▲
 *        └─ the rest ► write queue ── high mark: reading pauses ───┤ drain: below the low mark reading goes on
 *                        └─────────── maximum: close("write-queue-full")┘
 * ```
 */
export interface Connection<Data = unknown> {
  /** Yours. Set it in `open`; tenk never reads it. */
  data: Data;
  /** Gets the connection's events from the next one on. Starts as the listener's; `pipe` and the like set their own. */
  handler: Handler<Data>;
  /** Unique among the connections of a listener (over all its workers) or a dialer. */
  readonly id: number;
  /** The client's: what a trusted PROXY header said, otherwise the peer on the wire. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The peer on the wire; differs from `remoteAddress` only behind a PROXY header. */
  readonly wireAddress: string;
  /** The PROXY header it came with: both ends, and the TLVs of version 2. */
  readonly proxy: ProxyHeader | undefined;
  /** What the handshake agreed on; undefined without TLS. A server's certificate takes 0.1 ms to read. */
  readonly tls: TlsInfo | undefined;
  /** The same without the certificate. */
  readonly negotiated: NegotiatedTls | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes in the write queue: accepted by `write`, not yet written to the socket. */
  readonly queuedBytes: number;
  /** More than the high mark waits. Writing is still allowed up to the maximum; a kind writer waits for `drain`. */
  readonly full: boolean;
  readonly closed: boolean;
  /** Milliseconds since it opened. */
  readonly ageMs: number;
  /** Milliseconds since bytes last came or went; exact to 50 ms. */
  readonly idleMs: number;

  /**
   * Sends bytes, in order, after what was written before. They are copied if they must wait, so the caller may reuse them.
   *
   * @returns how many bytes were taken: all of them, or 0 when the connection is closed, was ended, or these bytes would
   *   pass `writeQueueMaxBytes`, which closes it with reason `write-queue-full`
   */
  write(bytes: Uint8Array | string): number;
  /**
   * Cuts what comes from now on the new way; from within `frame`, the rest of the chunk too.
   *
   * @throws {TenkError} `invalid-option` where the handler has no `frame`
   */
  setFraming(framing: Framing): void;
  /** Stops reading; the kernel's buffers fill and the peer is slowed. Independent of tenk's own pause on a full write queue. */
  pause(): void;
  resume(): void;
  /** No more writes. What waits is sent, then FIN; unless `halfOpen`, the connection then closes. Safe to call twice. */
  end(): void;
  /** `end()`, and also with `halfOpen` closes soon: 5 seconds after the peer has everything, if it sends no FIN itself. */
  closeWhenSent(): void;
  /**
   * `closeWhenSent()` with a bound on the time, for an answer that ends a connection while the peer still sends. Reads on (a
   * pause ends) and discards what comes; once all that waits and our FIN are with the kernel, waits `lingerMs` for the peer's
   * FIN and closes. The handler gets only `expired` and `close`.
   *
   * @param lingerMs milliseconds. @default {5000}
   * @param reason as `close` will get it. @default {"handler"}
   */
  finish(lingerMs?: number, reason?: CloseReason): void;
  /**
   * Calls the handler's `expired` once, `ms` milliseconds from now: never early, up to 50 ms late. Another call moves it,
   * 0 ends it. It is in force until then whatever happens on the connection, also after `end()` and `finish()`. Costs
   * no timer, and hardly more than reading the clock: call it at every message.
   *
   * @param nowMs what `performance.now()` just returned, where it was read anyway
   */
  deadline(ms: number, nowMs?: number): void;
  /** Closes now. Where bytes wait in the write queue they are dropped, and the peer sees a reset instead of a FIN. */
  close(reason?: CloseReason): void;
  /** Closes now with RST, so that the kernel keeps no TIME_WAIT and the peer sees ECONNRESET. */
  reset(reason?: CloseReason): void;
  /**
   * Begins TLS on a connection that is in the clear (STARTTLS): tell the peer in the clear first, then call this at once, and
   * write again when it resolves. Bytes written before are in the clear, all that comes afterwards is decrypted.
   *
   * @throws {TenkError} `tls-failed` (the connection is then closed), `invalid-option`
   */
  startTls(options: ServerTlsOptions | ClientTlsOptions): Promise<TlsInfo>;
  /**
   * Delivers what anybody publishes to `topic` from now on, once a message, on whichever worker it is published.
   *
   * @throws {TenkError} `invalid-option` for a topic that is empty or longer than 256 characters
   */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Sends `bytes` (copied once, not for each subscriber) to all subscribers of `topic` but this one. */
  publish(topic: string, bytes: Uint8Array | string): void;
}

/** Nothing is done with what a handler returns, but a promise is watched: its rejection closes the connection. */
export type HandlerResult = unknown;

/**
 * What a program does with a connection. One handler serves all connections of a listener: keep per-connection things in
 * `connection.data`. Any of these may be async; one that throws or rejects closes its connection with `handler-error`.
 */
export interface Handler<Data = unknown> {
  open?(connection: Connection<Data>): HandlerResult;
  /**
   * Gets the row of this event loop that the handler counts into, before its first connection: see
   * `ListenOptions.handlerCounts`, without which it is empty. What is in it was counted by those who had it before: add to it.
   */
  counting?(row: Float64Array): void;
  /**
   * `bytes` are borrowed: valid until this call returns. Copy what you keep: `new Uint8Array(bytes)`, as they
   * may be a `Buffer`, whose `slice` copies nothing.
   */
  chunk?(connection: Connection<Data>, bytes: Uint8Array): HandlerResult;
  /** How `frame` gets its frames: one for all connections, each may change its own by `setFraming`. */
  framing?: Framing;
  /**
   * One frame of `framing`, without its delimiter or length; called instead of `chunk`. `bytes` are borrowed, as there.
   * None comes while the connection is paused, by you or by a full write queue: the rest of a chunk waits.
   */
  frame?(connection: Connection<Data>, bytes: Uint8Array): HandlerResult;
  /**
   * Read on while the write queue is full. For a handler that slows another connection instead, as `pipe` does: two programs
   * that each stop reading until the other has read would wait for ever. @default {false}
   */
  readonly readsWhileFull?: boolean;
  /**
   * With `halfOpen`: where a write shows that the peer has reset the connection, what it sent before still comes, then `close`
   * with `reset`; nothing can be written, or paused, meanwhile. For a client that may be answered before it has sent everything:
   * servers answer "413 Content Too Large" and close with most of the request unread, which is a reset. @default {false}
   */
  readonly readsAfterReset?: boolean;
  /**
   * Promises that no byte of a chunk is used after `chunk` returned (or, where it is async, first awaited). The memory of a
   * large chunk is then used again for the next one, and does not wait for the collector. @default {false}
   */
  readonly keepsNoBytes?: boolean;
  /**
   * Whether more is to be sent that was not written yet, such as the rest of a file: a FIN now would make a part look whole.
   * Then the peer's FIN and a stop wait until this is false or the handler is another one, and a close is a reset.
   * @default {() => false}
   */
  isSending?(connection: Connection<Data>, reason: CloseReason): boolean;
  /** The write queue fell below the low mark. */
  drain?(connection: Connection<Data>): HandlerResult;
  /** The time of `connection.deadline(ms)` is over. The connection is open, and may be written to; without this method it is closed. */
  expired?(connection: Connection<Data>): HandlerResult;
  /** The peer sent FIN. With `halfOpen` you may go on writing until you call `end()`. */
  end?(connection: Connection<Data>): HandlerResult;
  /** The server is stopping: finish within `graceMs`. Without this method the connection is ended at once. */
  shutdown?(connection: Connection<Data>, graceMs: number): HandlerResult;
  /** Called exactly once for each connection whose `open` was called. */
  close?(connection: Connection<Data>, reason: CloseReason, cause: Error | undefined): HandlerResult;
  /**
   * Checks new options for a running handler and returns what puts them in force, which is called once every event loop has
   * agreed, and must not throw. Throw here to refuse them on all. Its `drop`, where it has one, is called instead where another
   * refuses: it lets go of what was made for them.
   */
  configure?(options: unknown): Configured | Promise<Configured>;
  /** Plain data for `server.reports()`, gathered from each event loop. */
  report?(): unknown;
  /** The listener stopped, or got another handler, and its last connection is closed: let go of timers and the like. */
  stopped?(): HandlerResult;
}

/** Puts options in force that a handler has accepted. */
export type Configured = (() => void) & { drop?(): void };

/** What a handler module exports as default: a handler, or what makes one (perhaps later) of `ListenOptions.handlerOptions`. */
export type HandlerModule<Data = unknown> =
  | Handler<Data>
  | ((options: unknown) => Handler<Data> | Promise<Handler<Data>>);

/** Socket settings that both sides share. */
export interface SocketOptions {
  /** Send small writes at once (TCP_NODELAY). @default {true} */
  noDelay?: boolean;
  /** Probe a silent peer after this many milliseconds (SO_KEEPALIVE); 0 = never. @default {0} */
  keepAliveMs?: number;
  /** Between two probes that are not answered (TCP_KEEPINTVL); 0 = the system's choice. @default {0} */
  keepAliveIntervalMs?: number;
  /** Probes without an answer that end a connection (TCP_KEEPCNT); 0 = the system's choice. @default {0} */
  keepAliveProbes?: number;
  /** End a connection whose peer acknowledges nothing for so long (TCP_USER_TIMEOUT, RFC 5482); 0 = after about 15 minutes. @default {0} */
  userTimeoutMs?: number;
  /** Of outgoing packets: the DSCP value times four (IP_TOS, IPV6_TCLASS), 0 to 255. @default {0} */
  typeOfService?: number;
  /** Keep the write side open after the peer's FIN. @default {false} */
  halfOpen?: boolean;
  /** SO_RCVBUF in bytes; 0 = the system's choice. @default {0} */
  receiveBufferBytes?: number;
  /** SO_SNDBUF in bytes; 0 = the system's choice. @default {0} */
  sendBufferBytes?: number;
  /** Above this many waiting bytes reading pauses. @default {65536} */
  writeQueueHighBytes?: number;
  /** Below this many waiting bytes reading goes on and `drain` is called. @default {16384} */
  writeQueueLowBytes?: number;
  /** Waiting bytes that close the connection with `write-queue-full`. @default {1048576} */
  writeQueueMaxBytes?: number;
}

/** Bounds on connections, in number and in time. All can change while running; 0 = no bound. */
export interface Limits {
  /** Open connections of this listener, over all workers. @default {0} (descriptors always bound it) */
  maxConnections?: number;
  /** Open connections from one remote address. @default {0} */
  maxPerAddress?: number;
  /** Accepts in a second. @default {0} */
  acceptsPerSecond?: number;
  /** Close when nothing came or went for so long. @default {0} */
  idleMs?: number;
  /** Close when the peer's first byte takes longer (slow-loris). @default {0} */
  firstByteMs?: number;
  /** Close when older. @default {0} */
  lifetimeMs?: number;
  /** Close when the peer takes nothing of a waiting write queue for so long. @default {60000} */
  stallMs?: number;
  /** Bytes read in a second, at most, from each connection: its kernel buffers then fill and the peer is slowed. @default {0} */
  readBytesPerSecond?: number;
  /** Bytes written in a second, at most, to each connection: what is above waits in its write queue. @default {0} */
  writeBytesPerSecond?: number;
  /** Bytes read in a second by the whole listener, shared fairly between connections. @default {0} */
  totalReadBytesPerSecond?: number;
  /** Bytes written in a second by the whole listener, shared fairly between connections. @default {0} */
  totalWriteBytesPerSecond?: number;
}

/** What happens to what is published to a connection that takes it too slowly. */
export interface SubscriberOptions {
  /** Published bytes that may wait for one connection, beside its write queue. @default {262144} */
  maxQueuedBytes?: number;
  /** When they are reached: lose the oldest that wait, lose the new one, or close with `slow-subscriber`. @default {"drop-oldest"} */
  whenFull?: "drop-oldest" | "drop-newest" | "close";
  /** Topics one connection may subscribe to; more throw `invalid-option`. @default {100} */
  maxTopics?: number;
  /** Published bytes that may be on their way to a worker whose loop is blocked; what is above is dropped and counted. @default {16777216} */
  maxRelayedBytes?: number;
}

/** How much a handler counts by itself, in doubles: whole numbers are exact to 2^53. */
export interface HandlerCounts {
  /** They only grow. The first in a row, and kept when a worker is started again. */
  readonly counters: number;
  /** They tell what is now: those of a worker that ended are 0. Behind the counters in a row. @default {0} */
  readonly gauges?: number;
}

/** PROXY protocol in front of a listener (v1 and v2, haproxy.org "The PROXY protocol", 2020). */
export interface ProxyProtocolOptions {
  /** Peers that must begin with a header: addresses, or ranges such as `10.0.0.0/8`. Others are served as they are. */
  trusted: readonly string[];
  /** Close with `proxy-header` when it takes longer. @default {10000} */
  timeoutMs?: number;
}

export interface ListenOptions extends SocketOptions {
  /** @default {"0.0.0.0"} */
  host?: string;
  /** 0 picks a free one; read it back from `server.port`. @default {0} */
  port?: number;
  /** A Unix socket instead of host and port; a path, or `\0name` for the abstract space. */
  path?: string;
  /** For logs and metrics. @default {"tcp"} */
  name?: string;
  /** Connections the kernel keeps waiting for accept. @default {4096} (the system caps it at net.core.somaxconn) */
  backlog?: number;
  /** Clients that may send data in their SYN and wait for accept (TCP_FASTOPEN, RFC 7413); needs net.ipv4.tcp_fastopen & 2. 0 = off. @default {0} */
  fastOpen?: number;
  /**
   * Under dense traffic of small reads, how long the event loop may sleep before its next turn so that one wake-up serves many.
   * Microseconds, up to 1000; 0 = never. Of several listeners on an event loop the least counts. @default {100}
   */
  gatherUs?: number;
  limits?: Limits;
  /** Serve TLS. Changed while running by `server.updateTls`. */
  tls?: ServerTlsOptions;
  proxyProtocol?: ProxyProtocolOptions;
  subscribers?: SubscriberOptions;
  /** Passed to a handler module that exports a function. Must survive structured cloning where there are workers. Without it that is given `{}`. */
  handlerOptions?: unknown;
  /** Counts of the handler's own, a row for each event loop: it gets its row by `counting`, `server.handlerRows()` reads them. */
  handlerCounts?: HandlerCounts;
  /** Event loops that share the port: a number, or "auto" for one a thread of the pool. Needs a handler given by its file. @default {1} */
  workers?: number | "auto";
  /** Whose threads its workers run on. @default {one pool for the process, of a thread a core} */
  threads?: ThreadPool;
}
