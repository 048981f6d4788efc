import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { causeOf, connectError } from "./connect-error.ts";
import { TcpConnection } from "./connection.ts";
import { Count, CountRows, type ListenerCounts } from "./counts.ts";
import { Deadlines } from "./deadlines.ts";
import type { Endpoint, RawSocket, SocketEvents } from "./endpoint.ts";
import { closeDescriptor, type DialOptions, dial, internetAddress, type SocketAddress, unixAddress } from "./ffi.ts";
import { addressText } from "./listen-error.ts";
import { type LimitSettings, limitSettings, type SocketSettings, socketSettings } from "./settings.ts";
import { SOCKET_EVENTS } from "./socket-events.ts";
import type { Connection, ConnectOptions, Handler } from "./types.ts";

/** What may differ from one connect of a dialer to the next. */
export type DialOverrides<Data> = Pick<ConnectOptions<Data>, "data" | "localAddress" | "signal">;

/**
 * Opens many connections to one target with one handler: they share counts, clock and settings, as those of a listener do.
 *
 * ```ts
 * const dialer = new Dialer({ host: "127.0.0.1", port: 7000, timeoutMs: 1000 }, { chunk() {} });
 * const connections = await Promise.all(Array.from({ length: 100 }, () => dialer.connect()));
 * ```
 */
export class Dialer<Data = unknown> implements Endpoint<Data> {
  readonly handler: Handler<Data>;
  readonly deadlines = new Deadlines();
  readonly socket: SocketSettings;
  readonly limits: LimitSettings = limitSettings({});
  readonly counts: Float64Array;
  readonly #rows = new CountRows(1);
  readonly #options: ConnectOptions<Data>;
  readonly #at: string;
  #resolved: SocketAddress | undefined;

  /** @throws {TenkError} `invalid-option` */
  constructor(options: ConnectOptions<Data>, handler: Handler<Data>) {
    this.#options = options;
    this.handler = handler;
    this.socket = socketSettings(options);
    this.counts = this.#rows.row(0);
    this.#at = addressText({ host: options.host ?? "127.0.0.1", port: options.port, path: options.path });
  }

  /** What its connections did; `accepted` counts those that were opened. */
  readCounts(): ListenerCounts {
    return this.#rows.read();
  }

  /** @throws {TenkError} see {@link connect} */
  async connect(overrides: DialOverrides<Data> = {}): Promise<Connection<Data>> {
    const { signal = this.#options.signal, localAddress = this.#options.localAddress } = overrides;
    if (signal?.aborted) throw connectError(this.#at, causeOf("ECANCELED", "cancelled"));
    const target = this.#resolved ?? (await this.#resolve());
    const from = localAddress === undefined ? undefined : internetAddress(localAddress, 0);
    const attempt = new Attempt<Data>(this, overrides.data ?? this.#options.data, this.#at);
    const { receiveBufferBytes, sendBufferBytes } = this.socket;
    attempt.start(target, { receiveBufferBytes, sendBufferBytes, from }, this.#options, signal);
    return attempt.result;
  }

  /** Counts an opened connection in. */
  joined(): void {
    const { counts } = this;
    counts[Count.accepted]! += 1;
    counts[Count.active]! += 1;
    counts[Count.peak] = Math.max(counts[Count.peak]!, counts[Count.active]!);
  }

  left(): void {
    this.counts[Count.active]! -= 1;
  }

  async #resolve(): Promise<SocketAddress> {
    const { host = "127.0.0.1", port = 0, path } = this.#options;
    if (path !== undefined) this.#resolved = unixAddress(path);
    else if (isIP(host)) this.#resolved = internetAddress(host, port);
    // A name is asked for each time: its address may change, and the system's resolver keeps its own cache.
    else return internetAddress(await this.#lookup(host), port);
    return this.#resolved;
  }

  async #lookup(host: string): Promise<string> {
    try {
      return (await lookup(host)).address;
    } catch (error) {
      throw connectError(this.#at, causeOf("ENOTFOUND", String(error)));
    }
  }
}

/**
 * One connect under way. Our own non-blocking socket is handed to the runtime, because its own connect can be neither
 * cancelled nor timed out. The runtime calls `open` at once; connected is what the first "writable" with a peer says.
 */
class Attempt<Data> implements SocketEvents {
  readonly result: Promise<Connection<Data>>;
  readonly #dialer: Dialer<Data>;
  readonly #data: Data | undefined;
  readonly #at: string;
  #resolve!: (connection: Connection<Data>) => void;
  #reject!: (error: unknown) => void;
  #socket: RawSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #signal: AbortSignal | undefined;
  #secure = false;
  #verify = true;
  readonly #aborted = () => this.#fail(causeOf("ECANCELED", "cancelled"));

  constructor(dialer: Dialer<Data>, data: Data | undefined, at: string) {
    this.#dialer = dialer;
    this.#data = data;
    this.#at = at;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(to: SocketAddress, dialOptions: DialOptions, options: ConnectOptions<Data>, signal?: AbortSignal): void {
    let descriptor: number;
    try {
      descriptor = dial(to, dialOptions);
    } catch (error) {
      this.#reject(connectError(this.#at, error));
      return;
    }
    this.#signal = signal;
    signal?.addEventListener("abort", this.#aborted);
    this.#timer = setTimeout(() => this.#fail(causeOf("ETIMEDOUT", "timed out")), options.timeoutMs ?? 10_000);
    const tls = tlsOptions(options);
    this.#secure = tls !== undefined;
    this.#verify = tls?.rejectUnauthorized ?? true;
    const socket = {
      ...SOCKET_EVENTS,
      open: (raw: RawSocket) => {
        this.#socket = raw;
      },
    };
    const request = { fd: descriptor, socket, data: this, allowHalfOpen: true, ...(tls ? { tls } : {}) };
    (Bun.connect as unknown as (request: unknown) => Promise<RawSocket>)(request).catch((error: unknown) => {
      closeDescriptor(descriptor);
      this.#fail(error as Error);
    });
  }

  writable(): void {
    if (!this.#secure && this.#socket?.remotePort !== undefined) this.#connected();
  }

  secured(authorized: boolean, error: Error | null): void {
    if (!authorized && this.#verify) this.#fail(causeOf("ETLS", error?.message ?? "certificate not trusted"));
    else this.#connected();
  }

  gone(error: Error | undefined): void {
    this.#fail(error ?? causeOf(this.#secure ? "ECONNRESET" : "ECONNREFUSED", "closed before it was connected"));
  }

  failed(error: Error): void {
    this.#fail(error);
  }

  received(): void {}

  peerFinished(): void {}

  #connected(): void {
    const raw = this.#socket;
    if (raw === undefined || !this.#settle()) return;
    const { socket } = this.#dialer;
    if (!socket.noDelay) raw.setNoDelay(false);
    if (socket.keepAliveMs > 0) raw.setKeepAlive(true, socket.keepAliveMs);
    const connection = new TcpConnection<Data>(raw, raw.remoteAddress ?? "", this.#dialer);
    connection.data = this.#data as Data;
    raw.data = connection;
    this.#dialer.joined();
    connection.opened();
    this.#resolve(connection);
  }

  #fail(cause: Error): void {
    const raw = this.#socket;
    if (!this.#settle()) return;
    if (raw !== undefined) {
      raw.data = undefined;
      raw.terminate();
    }
    this.#reject(connectError(this.#at, cause));
  }

  /** @returns true the first time */
  #settle(): boolean {
    if (this.#timer === undefined) return false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#signal?.removeEventListener("abort", this.#aborted);
    return true;
  }
}

function tlsOptions(
  options: ConnectOptions<unknown>,
): { rejectUnauthorized: boolean; serverName?: string; ca?: string } | undefined {
  const { tls = false } = options;
  if (tls === false) return undefined;
  const given = tls === true ? {} : tls;
  const serverName = given.serverName ?? options.host;
  return {
    rejectUnauthorized: given.verify ?? true,
    ...(serverName === undefined ? {} : { serverName }),
    ...(given.ca === undefined ? {} : { ca: given.ca }),
  };
}
