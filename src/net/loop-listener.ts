import { logOf, messageOf, occasionally } from "../base/mod.ts";
import { Admission, type SharedState } from "./admission.ts";
import { TcpConnection } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import { DescriptorGuard } from "./descriptor-guard.ts";
import type { Endpoint, RawSocket } from "./endpoint.ts";
import { setBacklog, setBuffers } from "./ffi.ts";
import { listenError } from "./listen-error.ts";
import type { RefusalReason } from "./reasons.ts";
import { type LimitSettings, limitSettings, type SocketSettings, socketSettings } from "./settings.ts";
import { SOCKET_EVENTS } from "./socket-events.ts";
import type { Connection, Handler, Limits, ListenOptions } from "./types.ts";

const log = logOf("net");

/** The runtime's listener; its types lack the descriptor, and the port where it may be a Unix socket. */
type RawListener = { readonly fd: number; readonly port?: number; stop(closeConnections: boolean): void };

/** One event loop's share of a listener: it accepts, admits, and keeps its connections. */
export class LoopListener<Data> implements Endpoint<Data> {
  readonly handler: Handler<Data>;
  readonly counts: Float64Array;
  readonly deadlines = new Deadlines();
  readonly socket: SocketSettings;
  readonly limits: LimitSettings;
  readonly port: number;
  readonly #admission: Admission;
  readonly #options: ListenOptions;
  readonly #sharePort: boolean;
  readonly #guard: DescriptorGuard;
  #server: RawListener;
  #emptied: (() => void) | undefined;
  #lastRefusal: RefusalReason = "connections";
  readonly #sayRefusal: () => void;
  #lastFailure: unknown;
  readonly #sayNotYet: () => void;

  /** @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`, `invalid-option` */
  constructor(options: ListenOptions, handler: Handler<Data>, state: SharedState, worker: number, sharePort: boolean) {
    this.handler = handler;
    this.counts = state.rows.row(worker);
    this.socket = socketSettings(options);
    this.limits = limitSettings(options.limits ?? {});
    this.#admission = new Admission(state, worker, this.limits);
    this.#sayRefusal = occasionally((count) => {
      log.warn("connection refused", { name: options.name ?? "tcp", reason: this.#lastRefusal, count });
    });
    this.#sayNotYet = occasionally((count) => {
      log.error("cannot accept again", { name: options.name ?? "tcp", error: messageOf(this.#lastFailure), count });
    }, 10_000);
    this.#options = options;
    this.#sharePort = sharePort;
    this.#server = this.#bind(options.port ?? 0);
    this.port = this.#server.port ?? 0;
    this.#guard = new DescriptorGuard(
      () => this.#suspend(),
      () => this.#resume(),
    );
  }

  /** New bounds for connections to come and those that are open. */
  update(limits: Limits): void {
    Object.assign(this.limits, limitSettings(limits, this.limits));
    this.deadlines.recheck();
  }

  left(connection: Connection<Data>): void {
    this.#admission.leave(connection.remoteAddress);
    if (this.deadlines.open === 0) this.#emptied?.();
  }

  /** Stops accepting, asks every connection to finish, closes after `graceMs` those that did not. */
  async stop(graceMs: number): Promise<void> {
    this.#guard.stop();
    this.#server.stop(false);
    for (const connection of this.#connections()) connection.shutdown(graceMs);
    if (this.deadlines.open === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    const timer = setTimeout(() => this.closeAll(), graceMs);
    await empty;
    clearTimeout(timer);
  }

  /** Ends what is open, now. */
  closeAll(): void {
    for (const connection of this.#connections()) connection.close("shutdown");
  }

  #connections(): TcpConnection<Data>[] {
    return [...this.deadlines.members()] as TcpConnection<Data>[];
  }

  #bind(port: number): RawListener {
    const options = this.#options;
    const socket = { ...SOCKET_EVENTS, open: (raw: RawSocket) => this.#accepted(raw) };
    // Half-open always: with the runtime's own closing, an outbox that still waits when the peer's FIN comes would be lost.
    const common = { socket, allowHalfOpen: true };
    // `reusePort` is missing in the runtime's types, not in the runtime.
    const shared = this.#sharePort ? { reusePort: true } : {};
    const address =
      options.path === undefined ? { hostname: options.host ?? "0.0.0.0", port, ...shared } : { unix: options.path };
    try {
      const server = Bun.listen({ ...common, ...address } as never) as unknown as RawListener;
      setBuffers(server.fd, this.socket.receiveBufferBytes, this.socket.sendBufferBytes);
      setBacklog(server.fd, options.backlog ?? 4096);
      return server;
    } catch (error) {
      throw listenError(error, options);
    }
  }

  #suspend(): void {
    this.#server.stop(false);
    log.error("accepting suspended: every file descriptor is in use", { name: this.#options.name ?? "tcp" });
  }

  #resume(): boolean {
    try {
      this.#server = this.#bind(this.port);
      log.warn("accepting again: file descriptors are free", { name: this.#options.name ?? "tcp" });
      return true;
    } catch (error) {
      this.#lastFailure = error;
      this.#sayNotYet();
      return false;
    }
  }

  #accepted(raw: RawSocket): void {
    const address = raw.remoteAddress ?? "";
    const refusal = this.#admission.admit(descriptorOf(raw), address, Date.now());
    if (refusal !== undefined) {
      this.#lastRefusal = refusal;
      this.#sayRefusal();
      raw.terminate();
      return;
    }
    if (!this.socket.noDelay) raw.setNoDelay(false);
    if (this.socket.keepAliveMs > 0) raw.setKeepAlive(true, this.socket.keepAliveMs);
    const connection = new TcpConnection<Data>(raw, address, this);
    raw.data = connection;
    connection.opened();
  }
}

/** The runtime has it on every socket; its types do not. */
function descriptorOf(raw: RawSocket): number {
  return (raw as unknown as { fd: number }).fd;
}
