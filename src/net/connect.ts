import { Dialer } from "./dialer.ts";
import type { Connection, ConnectOptions, Handler } from "./types.ts";

/**
 * Connects to a TCP port or a Unix socket.
 *
 * ```ts
 * const connection = await connect({ host: "127.0.0.1", port: 7000 }, { chunk: (_, bytes) => console.log(bytes.length) });
 * ```
 *
 * @throws {TenkError} `connect-refused`, `connect-timeout`, `connect-aborted`, `descriptors-exhausted`,
 *   `address-unavailable`, `name-not-found`, `tls-failed`, `connect-failed`; `cause.code` is the system's own name
 */
export function connect<Data = unknown>(
  options: ConnectOptions<Data>,
  handler: Handler<Data>,
): Promise<Connection<Data>> {
  return new Dialer(options, handler).connect();
}
