import { TenkError } from "../../base/mod.ts";
import { TcpConnection } from "../connection/mod.ts";
import { durationSetting } from "../settings.ts";
import type { Connection, Handler } from "../types.ts";
import { Dialling } from "./dialling.ts";
import type { ConnectOptions } from "./options.ts";
import { PoolCore, type PoolCounts, type Waiter } from "./pool-core.ts";

export interface PoolOptions {
  /** Connections open or being opened, at most. @default {10} */
  maxOpen?: number;
  /** Of them, those that nobody uses. @default maxOpen */
  maxIdle?: number;
  /** Close one that nobody used for so long. @default {60000} */
  idleMs?: number;
  /** Give up an `acquire` after this long, the connect included. @default {10000} */
  waitMs?: number;
  /** Calls of `acquire` that may wait while `maxOpen` are in use; further ones fail at once. @default {1000} */
  maxWaiting?: number;
}

/**
 * Lends connections to one target, one caller at a time each. The first to ask is served first.
 *
 * An idle connection is closed when the peer says or ends anything: bytes that nobody asked for would be taken for the next
 * caller's answer. So is one that is released with bytes that still wait to go out, or after `end()`.
 *
 * ```ts
 * const pool = new ConnectionPool({ host: "127.0.0.1", port: 6379 }, { maxOpen: 4 });
 * const connection = await pool.acquire({ chunk: (_, bytes) => console.log(bytes.length) });
 * connection.write("PING\r\n");
 * // ... and when the whole answer came:
 * pool.release(connection);
 * ```
 */
export class ConnectionPool<Data = unknown> {
  readonly #dialling: Dialling<Data>;
  readonly #core: PoolCore<Connection<Data>>;
  readonly #stopping = new AbortController();
  readonly #idleMs: number;
  readonly #waitMs: number;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  /** Closes an idle connection when anything comes on it. */
  readonly #resting: Handler<Data> = {
    chunk: (connection) => this.destroy(connection),
    end: (connection) => this.destroy(connection),
  };

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: ConnectOptions<Data>, poolOptions: PoolOptions = {}) {
    const { maxOpen = 10, maxIdle = maxOpen, maxWaiting = 1000, idleMs = 60_000, waitMs = 10_000 } = poolOptions;
    const bounds = {
      maxOpen: wholeNumber("maxOpen", maxOpen, 1),
      maxIdle: wholeNumber("maxIdle", maxIdle, 0),
      maxWaiting: wholeNumber("maxWaiting", maxWaiting, 0),
    };
    this.#idleMs = durationSetting("idleMs", idleMs);
    this.#waitMs = durationSetting("waitMs", waitMs);
    const { signal, ...others } = options;
    this.#dialling = new Dialling(others, this.#resting, (connection) => this.#core.forget(connection));
    this.#core = new PoolCore(bounds, {
      open: () => void this.#open(),
      discard: (connection) => connection.close(),
      rest: () => {
        this.#expiry ??= this.#expireIn(this.#idleMs);
      },
    });
    if (signal?.aborted) this.stop();
    else signal?.addEventListener("abort", () => this.stop(), { once: true, signal: this.#stopping.signal });
  }

  counts(): PoolCounts {
    return this.#core.counts();
  }

  /**
   * A connection of your own until you release or destroy it.
   *
   * @param handler gets its events until then; its `open` is not called
   * @throws {TenkError} `pool-exhausted` after `waitMs`, or at once where `maxWaiting` wait; what `connect` throws
   */
  acquire(handler: Handler<Data> = {}): Promise<Connection<Data>> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter<Connection<Data>> = {
        give: (connection) => {
          clearTimeout(timer);
          connection.handler = handler;
          resolve(connection);
        },
        refuse: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        this.#core.withdraw(waiter);
        reject(this.#exhausted(`none came free in ${this.#waitMs} ms`));
      }, this.#waitMs);
      if (!this.#core.acquire(waiter)) waiter.refuse(this.#exhausted("too many wait already"));
    });
  }

  /**
   * Returns an idle connection, as `acquire` does but at once; undefined where none is idle. It opens nothing, and nobody who
   * waits is overtaken, since nobody waits while one is idle.
   */
  tryAcquire(handler: Handler<Data> = {}): Connection<Data> | undefined {
    const connection = this.#core.tryAcquire();
    if (connection !== undefined) connection.handler = handler;
    return connection;
  }

  /**
   * Gives it back. One that closed meanwhile is only forgotten.
   *
   * @throws {TenkError} `invalid-option` for one that is not in use: it may be another's already
   */
  release(connection: Connection<Data>): void {
    if (connection.closed) return;
    if (!this.#core.isOut(connection)) {
      throw new TenkError(
        "invalid-option",
        "Cannot release a connection that was not acquired, or was released before",
      );
    }
    if (connection.queuedBytes > 0 || (connection instanceof TcpConnection && connection.ended)) {
      this.destroy(connection);
      return;
    }
    // Set first: bytes kept during a pause, or half a frame, are delivered now and close the connection.
    connection.handler = this.#resting;
    connection.resume();
    if (!connection.closed) this.#core.release(connection, performance.now());
  }

  /** Closes it instead of giving it back: the state of its protocol is not known. */
  destroy(connection: Connection<Data>): void {
    connection.close();
  }

  /** Closes what is idle, refuses who waits; what is in use is closed when it is released. Safe to call twice. */
  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    this.#core.stop(new TenkError("connect-aborted", "Cannot acquire a connection: the pool was stopped"));
  }

  async #open(): Promise<void> {
    try {
      const connection = await this.#dialling.connect({ signal: this.#stopping.signal });
      // It closed in the same turn in which it opened, before it had our handler.
      if (connection.closed) throw new TenkError("connect-failed", "The peer closed the connection at once");
      this.#core.opened(connection, performance.now());
    } catch (error) {
      this.#core.failed(error);
    }
  }

  #expireIn(waitMs: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#expiry = undefined;
      this.#core.expire(performance.now() - this.#idleMs);
      const sinceMs = this.#core.idleSinceMs;
      if (sinceMs !== undefined) this.#expiry = this.#expireIn(Math.max(1, sinceMs + this.#idleMs - performance.now()));
    }, waitMs);
    return timer.unref();
  }

  #exhausted(why: string): TenkError {
    const { open, opening, waiting } = this.counts();
    return new TenkError("pool-exhausted", `Cannot acquire a connection to ${this.#dialling.at}: ${why}`, {
      hint: `${open} are open, ${opening} are being opened, ${waiting} others wait`,
    });
  }
}

function wholeNumber(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TenkError(
    "invalid-option",
    `Cannot use ${name} as it must be a whole number ≥ ${least}: current value is ${value}`,
  );
}
