import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { TenkError } from "../../base/mod.ts";
import type { DialOptions } from "../ffi.ts";
import { addressText } from "../listen-error.ts";
import { checkPath, durationSetting } from "../settings.ts";
import { internetAddress, unixAddress } from "../socket-address.ts";
import { SOCKET_EVENTS } from "../socket-events.ts";
import { clientTls, resumingEvents } from "../tls/mod.ts";
import type { Connection, Handler } from "../types.ts";
import { AddressHistory, type Candidate } from "./address-history.ts";
import { inTurns } from "./address-order.ts";
import { causeOf } from "./connect-error.ts";
import { Connecting, type DialPlan } from "./connecting.ts";
import { DialContext } from "./context.ts";
import type { ConnectOptions } from "./options.ts";
import { needsNoProxy, parseProxy, type TunnelProxy } from "./proxy.ts";
import { type RetrySettings, retried, retrySettings } from "./retry.ts";

/** Settings that may differ between connects of one dialer. */
export type DialOverrides<Data> = Pick<ConnectOptions<Data>, "data" | "localAddress" | "signal">;

/** Options, read and checked once, and the state that all connects share. `Dialer` and others expose parts of it. */
export class Dialling<Data> {
  readonly context: DialContext<Data>;
  readonly history = new AddressHistory();
  readonly #options: ConnectOptions<Data>;
  readonly #plan: DialPlan<Data>;
  readonly #retry: RetrySettings | undefined;
  /** What a socket is opened to: the target, or the proxy. */
  readonly #host: string;
  readonly #port: number;
  readonly #lookup: (name: string) => Promise<readonly string[]>;
  readonly #dialOptions: DialOptions;
  /** Of what needs no resolver. */
  readonly #fixed: readonly Candidate[] | undefined;

  /**
   * @param left called for each connection that closed, before its handler's `close`
   * @throws {TenkError} `invalid-option`, `file-unreadable`
   */
  constructor(options: ConnectOptions<Data>, handler: Handler<Data>, left?: (connection: Connection<Data>) => void) {
    const { host = "127.0.0.1", port = 0, path, tls = false } = options;
    checkTarget(options);
    const proxy = proxyOf(options);
    this.#options = options;
    this.#host = proxy?.host ?? host;
    this.#port = proxy?.port ?? port;
    this.#lookup = options.lookup ?? systemLookup;
    this.#retry = options.retry === undefined ? undefined : retrySettings(options.retry);
    this.context = new DialContext(options, handler, left);
    const clientSide = tls === false ? undefined : clientTls(tls === true ? {} : tls, path === undefined ? host : "");
    this.#plan = {
      context: this.context,
      at: addressText({ host, port: options.port, path }),
      timeoutMs: durationSetting("timeoutMs", options.timeoutMs ?? 10_000),
      attemptDelayMs: durationSetting("attemptDelayMs", options.attemptDelayMs ?? 250),
      path,
      isNamed: path === undefined && isIP(this.#host) === 0,
      history: this.history,
      reached: options.reached,
      tls: clientSide,
      tlsEvents: clientSide?.sessions === undefined ? SOCKET_EVENTS : resumingEvents(clientSide.sessions),
      proxy: proxy && { text: proxy.text, dialogue: () => proxy.dialogue({ host, port }) },
    };
    this.#dialOptions = this.#dialOptionsFrom(options.localAddress);
    if (path !== undefined) this.#fixed = [{ text: path.replace("\0", "@"), address: unixAddress(path) }];
    else if (isIP(this.#host) > 0) this.#fixed = [this.#candidate(this.#host)];
  }

  /** The target, for people. */
  get at(): string {
    return this.#plan.at;
  }

  /** @throws {TenkError} see `connect` */
  connect(overrides: DialOverrides<Data> = {}): Promise<Connection<Data>> {
    const retry = this.#retry;
    if (retry === undefined) return this.#once(overrides);
    const { signal = this.#options.signal } = overrides;
    return retried(() => this.#once(overrides), retry, this.#plan.at, signal);
  }

  /** One attempt, whatever `retry` says. For an address it starts in this very call. */
  async #once(overrides: DialOverrides<Data>): Promise<Connection<Data>> {
    const { data = this.#options.data, signal = this.#options.signal, localAddress } = overrides;
    const dialOptions = localAddress === undefined ? this.#dialOptions : this.#dialOptionsFrom(localAddress);
    const connecting = new Connecting<Data>(this.#plan, data, signal);
    if (this.#fixed !== undefined) connecting.race(this.#fixed, dialOptions);
    else void this.#resolve(connecting, dialOptions);
    return connecting.result;
  }

  /** A name is asked for each time: its addresses may change, and the system's resolver keeps its own cache. */
  async #resolve(connecting: Connecting<Data>, dialOptions: DialOptions): Promise<void> {
    try {
      const found = await this.#lookup(this.#host);
      const addresses = this.history.inOrder(inTurns(found.map(checkedResult)));
      connecting.race(
        addresses.map((address) => this.#candidate(address)),
        dialOptions,
      );
    } catch (error) {
      const { code } = error as { code?: unknown };
      connecting.fail(causeOf(code === "EAI_AGAIN" ? code : "ENOTFOUND", String(error)));
    }
  }

  #candidate(address: string): Candidate {
    return { text: address, address: internetAddress(address, this.#port) };
  }

  #dialOptionsFrom(localAddress: string | undefined): DialOptions {
    const from = localAddress === undefined ? undefined : internetAddress(checkedAddress(localAddress), 0);
    return { socket: this.context.tuning, from };
  }
}

/** Both families at once, in the order of RFC 6724, which getaddrinfo keeps to. */
async function systemLookup(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

function proxyOf({ proxy, noProxy = [], host = "127.0.0.1", port = 0, path }: ConnectOptions): TunnelProxy | undefined {
  if (proxy === undefined) return undefined;
  const parsed = parseProxy(proxy);
  if (path !== undefined) {
    throw new TenkError("invalid-option", "Cannot use proxy with path: a Unix socket is on this machine");
  }
  if (needsNoProxy(host, noProxy)) return undefined;
  parsed.dialogue({ host, port });
  return parsed;
}

/** @throws {TenkError} `invalid-option` */
function checkTarget({ path, port = 0, localAddress }: Pick<ConnectOptions, "path" | "port" | "localAddress">): void {
  if (localAddress !== undefined) checkedAddress(localAddress);
  checkPath(path);
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

/** Checks the answer of a user's `lookup`. */
function checkedResult(address: string): string {
  if (isIP(address) > 0) return address;
  throw new Error(`lookup must answer addresses, not ${JSON.stringify(address)}`);
}
