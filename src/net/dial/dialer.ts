import type { ListenerCounts } from "../counts.ts";
import type { Connection, Handler } from "../types.ts";
import type { AddressOutcomes } from "./address-history.ts";
import { Dialling, type DialOverrides } from "./dialling.ts";
import type { ConnectOptions } from "./options.ts";

/**
 * Opens many connections to one target with one handler: they share counts, clock and settings, as those of a listener do.
 *
 * ```ts
 * const dialer = new Dialer({ host: "127.0.0.1", port: 7000, timeoutMs: 1000 }, { chunk() {} });
 * const connections = await Promise.all(Array.from({ length: 100 }, () => dialer.connect()));
 * ```
 */
export class Dialer<Data = unknown> {
  readonly #dialling: Dialling<Data>;

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: ConnectOptions<Data>, handler: Handler<Data>) {
    this.#dialling = new Dialling(options, handler);
  }

  /** What its connections did; `accepted` counts those that were opened. */
  readCounts(): ListenerCounts {
    return this.#dialling.context.readCounts();
  }

  /** What became of each address it tried: of a name the last 32, as `127.0.0.1`; of an address or a path that one. */
  readAddresses(): AddressOutcomes {
    return this.#dialling.history.read();
  }

  /** @throws {TenkError} see {@link connect} */
  connect(overrides: DialOverrides<Data> = {}): Promise<Connection<Data>> {
    return this.#dialling.connect(overrides);
  }
}
