import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { TenkError } from "../base/mod.ts";
import { causeOf, connectError } from "./connect-error.ts";
import { TcpConnection } from "./connection.ts";
import { Count, CountRows, type ListenerCounts } from "./counts.ts";
import { Deadlines } from "./deadlines.ts";
import type { Endpoint, RawSocket, SocketEvents } from "./endpoint.ts";
import { closeDescriptor, type DialOptions, dial, internetAddress, type SocketAddress, unixAddress } from "./ffi.ts";
import { addressText } from "./listen-error.ts";
import { durationSetting, type LimitSettings, limitSettings, type SocketSettings, socketSettings } from "./settings.ts";
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
  readonly limits: LimitSettings;
  readonly counts: Float64Array;
  readonly #rows = new CountRows(1);
  readonly #options: ConnectOptions<Data>;
  readonly #at: string;
  readonly #timeoutMs: number;
  #resolved: SocketAddress | undefined;

  /** @throws {TenkError} `invalid-option` */
  constructor(options: ConnectOptions<Data>, handler: Handler<Data>) {
    this.#options = options;
    this.handler = handler;
    this.socket = socketSettings(options);
    this.limits = limitSettings(options.limits ?? {});
    this.#timeoutMs = durationSetting("timeoutMs", options.timeoutMs ?? 10_000);
    checkTarget(options);
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
    const deadlineMs = performance.now() + this.#timeoutMs;
    const target = this.#resolved ?? (await this.#resolve());
    if (signal?.aborted) throw connectError(this.#at, causeOf("ECANCELED", "cancelled"));
    const from = localAddress === undefined ? undefined : internetAddress(checkedAddress(localAddress), 0);
    const attempt = new Attempt<Data>(this, overrides.data ?? this.#options.data, this.#at);
    const { receiveBufferBytes, sendBufferBytes } = this.socket;
    attempt.start(target, { receiveBufferBytes, sendBufferBytes, from }, this.#options, deadlineMs, signal);
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
  #isLocal = false;
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

  start(
    to: SocketAddress,
    dialOptions: DialOptions,
    options: ConnectOptions<Data>,
    deadlineMs: number,
    signal?: AbortSignal,
  ): void {
    let descriptor: number;
    try {
      descriptor = dial(to, dialOptions);
    } catch (error) {
      this.#reject(connectError(this.#at, error));
      return;
    }
    this.#signal = signal;
    signal?.addEventListener("abort", this.#aborted);
    const waitMs = Math.max(0, deadlineMs - performance.now());
    this.#timer = setTimeout(() => this.#fail(causeOf("ETIMEDOUT", "timed out")), waitMs);
    const tls = tlsOptions(options);
    this.#secure = tls !== undefined;
    this.#isLocal = options.path !== undefined;
    const request = { fd: descriptor, socket: SOCKET_EVENTS, data: this, allowHalfOpen: true, ...(tls ? { tls } : {}) };
    (Bun.connect as unknown as (request: unknown) => Promise<RawSocket>)(request).catch((error: unknown) => {
      closeDescriptor(descriptor);
      this.#fail(error as Error);
    });
  }

  attached(socket: RawSocket): void {
    this.#socket = socket;
  }

  writable(): void {
    // A Unix socket is connected as soon as connect() returns, and never has a port.
    if (!this.#secure && (this.#isLocal || this.#socket?.remotePort !== undefined)) this.#connected();
  }

  secured(authorized: boolean, error: Error | null): void {
    // Without verification this is false only where the handshake itself failed.
    if (!authorized) this.#fail(causeOf("ETLS", error?.message ?? "certificate not trusted"));
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

/** @throws {TenkError} `invalid-option` */
function checkTarget({ path, port = 0, localAddress }: Pick<ConnectOptions, "path" | "port" | "localAddress">): void {
  if (localAddress !== undefined) checkedAddress(localAddress);
  if (path !== undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)) return;
  throw new TenkError("invalid-option", `Cannot use port as it must be 0 to 65535: current value is ${port}`);
}

function checkedAddress(address: string): string {
  if (isIP(address.split("%")[0] ?? "") > 0) return address;
  throw new TenkError(
    "invalid-option",
    `Cannot use localAddress as it must be an IP address: current value is "${address}"`,
  );
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
