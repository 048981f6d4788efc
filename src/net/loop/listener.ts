import {
  flushOccasional,
  logOf,
  messageOf,
  type Occasional,
  occasionally,
  occasionallyEach,
  TenkError,
} from "../../base/mod.ts";
import type { ProxyHeader } from "../../wire/mod.ts";
import { Bandwidth, boundOf } from "../bandwidth/mod.ts";
import { type ConnectionContext, Deadlines, PLAIN, SECURED, TcpConnection } from "../connection/mod.ts";
import { Count, placeOfClose } from "../counts.ts";
import { LISTEN_DEFAULTS } from "../defaults.ts";
import { descriptorOf } from "../ffi.ts";
import { gathering } from "../gathering.ts";
import { subscriberSettings, Topics } from "../publish/mod.ts";
import type { CloseReason, RejectionReason } from "../reasons.ts";
import {
  durationSetting,
  type LimitSettings,
  limitSettings,
  type SocketSettings,
  socketSettings,
} from "../settings.ts";
import { type RawSocket, SOCKET_EVENTS, UNREAD_SOCKET_EVENTS } from "../socket-events.ts";
import { ServerTls, type ServerTlsOptions } from "../tls/mod.ts";
import { addressRanges } from "../trusted.ts";
import type { Handler, Limits, ListenOptions } from "../types.ts";
import { Admission, type SharedState } from "./admission.ts";
import { LoopChanges } from "./changes.ts";
import { DescriptorGuard } from "./descriptor-guard.ts";
import { ListeningSockets, type LoopSockets } from "./listening-sockets.ts";
import { Newcomers } from "./newcomers.ts";
import { PendingConnection, type PendingOwner } from "./pending-connection.ts";
import { callStopped, RetiredHandlers } from "./retired-handlers.ts";

const log = logOf("net");

/** Connections that stay after a hand-over are asked to finish in the last tenth of the grace, or the last seconds. */
const LAST_SHARE = 1 / 10;
const LAST_MS = 5000;

/** Ends of pending connections that are no failure worth a line in the log. */
const EXPECTED_ENDS: ReadonlySet<CloseReason> = new Set(["peer", "reset", "shutdown", "acme-challenge"]);

/** Ids of connections: the worker in the low digits, so that an id names its event loop. */
const IDS_PER_COUNT = 256;

/** The memory that an event loop counts into. */
export interface LoopState extends SharedState {
  /** Of the handler. */
  readonly handlerRow: Float64Array;
}

/** One event loop's share of a listener: it accepts, admits, and keeps its connections. */
export class LoopListener<Data> implements ConnectionContext<Data>, PendingOwner {
  readonly side = "server";
  readonly topics: Topics<TcpConnection<Data>>;
  /** Sends what is published here to the other event loops. */
  forward: (topic: string, message: Uint8Array) => void = () => {};
  readonly #worker: number;
  readonly #tls: ServerTls | undefined;
  readonly #isTrusted: ((address: string) => boolean) | undefined;
  readonly #proxyTimeoutMs: number;
  readonly #pending = new Set<PendingConnection>();
  #handler: Handler<Data>;
  #openedCount = 0;
  readonly counts: Float64Array;
  readonly deadlines = new Deadlines();
  readonly socket: SocketSettings;
  readonly limits: LimitSettings;
  readonly bandwidth: Bandwidth;
  readonly #handlerRow: Float64Array;
  readonly #admission: Admission;
  /** The options that the handler was made of or last configured with. */
  handlerOptions: unknown;
  readonly changes = new LoopChanges(this as LoopListener<unknown>);
  readonly #options: ListenOptions;
  readonly #guard: DescriptorGuard;
  readonly #retired = new RetiredHandlers<Data>((handler) => this.discard(handler));
  readonly #sockets: ListeningSockets;
  #isHandedOn = false;
  /** Once it stops. */
  #newcomers: Newcomers | undefined;
  #emptied: (() => void) | undefined;
  #hasStopped = false;
  readonly #logRejected: (reason: RejectionReason) => void;
  readonly #logFailed: (reason: CloseReason, last: { address: string; error: string }) => void;
  readonly #logCannotAccept: Occasional<unknown>;

  /** @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`, `invalid-option` */
  constructor(options: ListenOptions, handler: Handler<Data>, state: LoopState, worker: number, sockets: LoopSockets) {
    this.#handler = handler;
    this.handlerOptions = options.handlerOptions;
    this.#worker = worker;
    this.#tls = options.tls === undefined ? undefined : new ServerTls(options.tls);
    const { proxyProtocol } = options;
    this.#isTrusted = proxyProtocol === undefined ? undefined : addressRanges(proxyProtocol.trusted);
    this.#proxyTimeoutMs = durationSetting(
      "proxyProtocol.timeoutMs",
      proxyProtocol?.timeoutMs ?? LISTEN_DEFAULTS.proxyTimeoutMs,
    );
    this.topics = new Topics(subscriberSettings(options.subscribers), (change) => {
      this.counts[Count.subscriptions]! += change;
    });
    this.counts = state.rows.row(worker);
    this.socket = socketSettings(options);
    this.limits = limitSettings(options.limits ?? {});
    this.#admission = new Admission(state, worker, this.limits);
    this.bandwidth = new Bandwidth(boundOf(this.socket), state.rows, worker);
    this.bandwidth.update(this.limits, this.deadlines);
    const { name = "tcp" } = options;
    this.#logRejected = occasionallyEach((reason, count) => {
      log.warn("connection rejected", { name, reason, count });
    });
    this.#logFailed = occasionallyEach((reason, count, last) => {
      log.warn(reason === "address-limit" ? "connection rejected" : "handshake failed", {
        name,
        reason,
        ...last,
        count,
      });
    });
    this.#logCannotAccept = occasionally<unknown>((count, error) => {
      log.error("cannot resume accepting", { name, error: messageOf(error), count });
    }, 10_000);
    this.#options = options;
    this.#handlerRow = state.handlerRow;
    this.letCount(handler);
    const events = this.#tls === undefined ? SOCKET_EVENTS : UNREAD_SOCKET_EVENTS;
    const accepting = { ...events, open: (raw: RawSocket) => this.#accepted(raw) };
    this.#sockets = new ListeningSockets(options, this.socket, accepting, sockets);
    gathering.permit(this.#gatherUs);
    this.#guard = new DescriptorGuard(
      () => this.#suspend(),
      () => this.#resume(),
    );
  }

  /** Applies new limits to open connections and to those to come. */
  update(limits: Limits): void {
    Object.assign(this.limits, limitSettings(limits, this.limits));
    this.bandwidth.update(this.limits, this.deadlines);
    this.deadlines.recheck();
  }

  get port(): number {
    return this.#sockets.port;
  }

  /** Accepts nothing until `resumeAccepting`; what comes waits in the kernel. */
  pauseAccepting(): void {
    this.#sockets.pause();
  }

  /** @throws {TenkError} why it cannot accept */
  resumeAccepting(): void {
    this.#sockets.resume();
  }

  get handler(): Handler<Data> {
    return this.#handler;
  }

  /** Serves connections to come with another handler; open ones keep theirs. */
  replaceHandler(handler: Handler<Data>): void {
    const before = this.#handler;
    if (handler === before) return;
    if (this.#hasStopped) return void callStopped(handler);
    this.#handler = handler;
    const ids = this.connections().map(({ id }) => id);
    this.#retired.add(before, ids, this.#openedCount * IDS_PER_COUNT + this.#worker);
  }

  /** Gives a handler that is to serve its row. @throws what the handler throws */
  letCount(handler: Handler<Data>): void {
    handler.counting?.(this.#handlerRow);
  }

  /** Stops a handler that will not serve, or no longer serves. */
  discard(handler: Handler<Data>): void {
    // It may serve again: a module that exports an object yields the same one at each load.
    if (handler !== this.#handler && !this.#retired.has(handler)) void callStopped(handler);
  }

  /** @returns what puts the certificates in force @throws {TenkError} `invalid-option`, `file-unreadable` */
  prepareTls(options: ServerTlsOptions): () => void {
    if (this.#tls === undefined) throw new TenkError("invalid-option", "Cannot change TLS as the listener has none");
    return this.#tls.prepare(options);
  }

  nextId(): number {
    this.#openedCount += 1;
    return this.#openedCount * IDS_PER_COUNT + this.#worker;
  }

  publish(topic: string, message: Uint8Array, except: TcpConnection<Data> | undefined): void {
    this.topics.publish(topic, message, except, deliver);
    this.forward(topic, message);
  }

  /** Delivers what another event loop, or the server itself, published. */
  publishHere(topic: string, message: Uint8Array): void {
    this.topics.publish(topic, message, undefined, deliver);
  }

  left(connection: TcpConnection<Data>): void {
    this.#admission.leave(connection.remoteAddress);
    this.#retired.left(connection.id);
    this.#checkEmpty();
  }

  /** Another process has the sockets, and connections may stay in this one: a stop asks only those whose handlers can finish them. */
  handedOn(): void {
    this.#isHandedOn = true;
    this.#sockets.handedOn();
  }

  /** Stops accepting, asks every connection to finish, closes after `graceMs` those that did not. */
  async stop(graceMs: number): Promise<void> {
    this.#guard.stop();
    this.#sockets.close();
    const lastMs = this.#isHandedOn ? Math.min(graceMs * LAST_SHARE, LAST_MS) : graceMs;
    const newcomers = new Newcomers(graceMs, () => this.#failPending());
    this.#newcomers = newcomers;
    for (const connection of this.connections()) if (!this.#mayStay(connection)) newcomers.add(connection);
    const last = setTimeout(() => {
      for (const connection of this.connections()) if (this.#mayStay(connection)) connection.shutdown(lastMs);
    }, graceMs - lastMs);
    if (!this.#isEmpty) {
      const empty = new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
      const timer = setTimeout(() => this.closeAll(), graceMs);
      await empty;
      clearTimeout(timer);
    }
    newcomers.end();
    clearTimeout(last);
    this.#hasStopped = true;
    gathering.forget(this.#gatherUs);
    await callStopped(this.#handler);
    flushOccasional();
  }

  /** Ends what is open, now. */
  closeAll(): void {
    this.#failPending();
    for (const connection of this.connections()) connection.close("shutdown");
  }

  connections(): TcpConnection<Data>[] {
    return [...this.deadlines.members()] as TcpConnection<Data>[];
  }

  // ---- what pending connections call --------------------------------------------------------------------------------

  ready(
    pending: PendingConnection,
    socket: RawSocket,
    proxy: ProxyHeader | undefined,
    rest: Uint8Array | undefined,
  ): void {
    this.#pending.delete(pending);
    // Limits and logs use the client's own address where the header names it.
    const address = proxy?.sourceAddress || pending.address;
    if (this.#isTrusted?.(pending.address) && !this.#admission.identify(address)) {
      socket.data = undefined;
      socket.terminate();
      this.#countFailed(pending, "address-limit", new Error(`too many connections from ${address}`));
      return;
    }
    const secure = this.#tls !== undefined;
    const origin = proxy === undefined ? (secure ? SECURED : PLAIN) : { secure, proxy };
    const connection = new TcpConnection<Data>(socket, pending.address, this, origin);
    socket.data = connection;
    connection.opened();
    if (rest !== undefined && rest.length > 0 && !connection.closed) connection.received(rest);
    if (!this.#mayStay(connection)) this.#newcomers?.add(connection);
  }

  failed(pending: PendingConnection, reason: CloseReason, cause: Error | undefined): void {
    this.#pending.delete(pending);
    this.#countFailed(pending, reason, cause);
  }

  // ---- inside ------------------------------------------------------------------------------------------------------

  #countFailed(pending: PendingConnection, reason: CloseReason, cause: Error | undefined): void {
    this.counts[placeOfClose(reason)]! += 1;
    this.#admission.leave(this.#isTrusted?.(pending.address) ? undefined : pending.address);
    if (!EXPECTED_ENDS.has(reason)) {
      this.#logFailed(reason, { address: pending.address, error: cause?.message ?? "" });
    }
    this.#checkEmpty();
  }

  #mayStay({ handler }: TcpConnection<Data>): boolean {
    return this.#isHandedOn && handler.shutdown === undefined;
  }

  #failPending(): void {
    for (const pending of [...this.#pending]) pending.fail("shutdown", undefined);
  }

  get #isEmpty(): boolean {
    return this.deadlines.open === 0 && this.#pending.size === 0;
  }

  get #gatherUs(): number {
    return this.#options.gatherUs ?? LISTEN_DEFAULTS.gatherUs;
  }

  #checkEmpty(): void {
    if (this.#isEmpty) this.#emptied?.();
  }

  #suspend(): void {
    this.#sockets.suspend();
    log.error("accepting suspended: no free file descriptor", { name: this.#options.name ?? "tcp" });
  }

  #resume(): boolean {
    try {
      this.#sockets.reopen();
      log.warn("accepting resumed: file descriptors are free", { name: this.#options.name ?? "tcp" });
      return true;
    } catch (error) {
      this.#logCannotAccept(error);
      return false;
    }
  }

  /**
   * Counts a connection that its peer reset before it was accepted, as some health checks do. The kernel has forgotten its
   * address, so neither trust in its PROXY header nor the limit of its address can be decided.
   */
  #resetBefore(raw: RawSocket): void {
    this.counts[Count.accepted]! += 1;
    this.counts[placeOfClose("reset")]! += 1;
    raw.terminate();
  }

  #accepted(raw: RawSocket): void {
    const address = raw.remoteAddress ?? "";
    if (address === "" && this.#options.path === undefined) {
      this.#resetBefore(raw);
      return;
    }
    const isProxy = this.#isTrusted?.(address) ?? false;
    const maxPending = this.#tls?.maxHandshakes ?? 0;
    const refusal = this.#admission.admit(descriptorOf(raw), isProxy ? undefined : address, Date.now(), maxPending);
    if (refusal !== undefined) {
      this.#logRejected(refusal);
      raw.terminate();
      return;
    }
    if (!this.socket.noDelay) raw.setNoDelay(false);
    if (isProxy || this.#tls !== undefined) {
      const steps = { proxyTimeoutMs: isProxy ? this.#proxyTimeoutMs : undefined, tls: this.#tls };
      const pending = new PendingConnection(raw, address, steps, this.counts, this);
      this.#pending.add(pending);
      pending.start();
      return;
    }
    const connection = new TcpConnection<Data>(raw, address, this);
    raw.data = connection;
    connection.opened();
  }
}

/** One function for all publishes, so that none allocates a closure. */
function deliver(member: TcpConnection<unknown>, message: Uint8Array): void {
  member.deliver(message);
}
