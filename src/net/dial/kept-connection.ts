import { logOf, messageOf, type TenkError } from "../../base/mod.ts";
import { durationSetting } from "../settings.ts";
import type { Connection, Handler } from "../types.ts";
import { type BackoffSettings, backoffMs, backoffSettings } from "./backoff.ts";
import { mayPass } from "./connect-error.ts";
import { Dialling } from "./dialling.ts";
import type { BackoffOptions, ConnectOptions } from "./options.ts";

const log = logOf("net");

export interface ReconnectOptions extends BackoffOptions {
  /** A connection that was open for so long begins the back-off anew. @default {10000} */
  steadyMs?: number;
}

export interface KeepOptions<Data = unknown> extends Omit<ConnectOptions<Data>, "retry"> {
  /** How long to wait after a failure or a drop. */
  reconnect?: ReconnectOptions;
  /** A connect failed; `waitMs` until the next, or undefined where waiting will not mend it: it has then given up. */
  failed?: (error: TenkError, waitMs: number | undefined) => void;
}

export interface KeptConnection<Data = unknown> {
  /** Undefined while there is none. */
  readonly connection: Connection<Data> | undefined;
  /** No more connects. What waits in the open connection is sent, and it is ended. Safe to call twice. */
  stop(): void;
}

/**
 * Connects, and connects again whenever the connection is gone, whoever closed it, until `stop()` or the signal. The
 * handler's `open` and `close` are called for each connection; `data` starts each time as the options say.
 *
 * After the n-th failure or drop in a row it waits a random part of `minMs * 2 ** (n - 1)`, `maxMs` at most. It gives up
 * only where waiting mends nothing: a certificate that is not trusted, a name that does not exist, a proxy that says no.
 *
 * ```ts
 * const kept = keepConnected({ port: 7000 }, { open: (connection) => connection.write("hello\n") });
 * kept.connection?.write("are you there?\n");
 * kept.stop();
 * ```
 *
 * @throws {TenkError} `invalid-option`, `file-unreadable`
 */
export function keepConnected<Data = unknown>(
  options: KeepOptions<Data>,
  handler: Handler<Data>,
): KeptConnection<Data> {
  const keeper = new Keeper(options, handler);
  keeper.start();
  return keeper;
}

class Keeper<Data> implements KeptConnection<Data> {
  connection: Connection<Data> | undefined;
  readonly #dialling: Dialling<Data>;
  readonly #failed: KeepOptions<Data>["failed"];
  readonly #backoff: BackoffSettings;
  readonly #steadyMs: number;
  readonly #stopping = new AbortController();
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: KeepOptions<Data>, handler: Handler<Data>) {
    const { signal, failed, reconnect = {}, ...connectOptions } = options;
    this.#backoff = backoffSettings("reconnect", reconnect);
    this.#steadyMs = durationSetting("reconnect.steadyMs", reconnect.steadyMs ?? 10_000);
    this.#failed = failed;
    // The context reports drops, since the connection's handler may have been replaced.
    this.#dialling = new Dialling(connectOptions, handler, (connection) => this.#dropped(connection));
    if (signal?.aborted) this.stop();
    else signal?.addEventListener("abort", () => this.stop(), { once: true, signal: this.#stopping.signal });
  }

  start(): void {
    if (!this.#stopping.signal.aborted) void this.#connect();
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    this.connection?.end();
  }

  async #connect(): Promise<void> {
    try {
      const connection = await this.#dialling.connect({ signal: this.#stopping.signal });
      // Its `open` may have closed it, and then it was counted as dropped already.
      if (connection.closed) return;
      this.connection = connection;
      if (this.#stopping.signal.aborted) connection.end();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const passes = isOurShortage(error) || mayPass(error);
      this.#tell(error as TenkError, passes ? this.#again() : undefined);
    }
  }

  #tell(error: TenkError, waitMs: number | undefined): void {
    try {
      this.#failed?.(error, waitMs);
    } catch (thrown) {
      log.error("`failed` callback threw", { error: messageOf(thrown) });
    }
  }

  #dropped(connection: Connection<Data>): void {
    this.connection = undefined;
    if (connection.ageMs >= this.#steadyMs) this.#failures = 0;
    if (!this.#stopping.signal.aborted) this.#again();
  }

  /** @returns how long it waits */
  #again(): number {
    this.#failures += 1;
    const waitMs = backoffMs(this.#failures, this.#backoff, Math.random);
    this.#timer = setTimeout(() => void this.#connect(), waitMs);
    return waitMs;
  }
}

/** A kept connection also waits where this side has run out of descriptors or ports. */
function isOurShortage(error: unknown): boolean {
  const { code } = error as TenkError;
  return code === "descriptors-exhausted" || code === "address-unavailable";
}
