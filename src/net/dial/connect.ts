import type { Connection, Handler } from "../types.ts";
import { Dialling } from "./dialling.ts";
import type { ConnectOptions } from "./options.ts";

/**
 * Connects to a TCP port or a Unix socket.
 *
 * ```ts
 * const connection = await connect({ host: "127.0.0.1", port: 7000 }, { chunk: (_, bytes) => console.log(bytes.length) });
 * ```
 *
 * @throws {TenkError} `connect-refused`, `connect-timeout`, `connect-aborted`, `descriptors-exhausted`,
 *   `address-unavailable`, `name-not-found`, `proxy-refused`, `tls-failed`, `connect-failed`; `cause.code` is the system's
 *   own name. What cannot be an option at all is `invalid-option` or `file-unreadable`.
 */
export async function connect<Data = unknown>(
  options: ConnectOptions<Data>,
  handler: Handler<Data>,
): Promise<Connection<Data>> {
  return new Dialling(options, handler).connect();
}
