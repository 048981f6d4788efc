import { TenkError } from "../../base/mod.ts";
import { type RawSocket, SOCKET_EVENTS } from "../socket-events.ts";
import { clientTls } from "./client.ts";
import { Handshake } from "./handshake.ts";
import type { ClientTlsOptions, ServerTlsOptions } from "./options.ts";
import { ServerTls } from "./server.ts";

/** How long a client's handshake may take that nothing else bounds. */
const CLIENT_HANDSHAKE_MS = 10_000;

/**
 * Begins TLS on a connected socket, as either side.
 *
 * @param host whom the peer's certificate must be for, where the options name nobody
 * @param begun called with the socket to close from now on
 * @returns the same, when the handshake is done
 * @throws {TenkError} `tls-failed`, `invalid-option`, `file-unreadable`
 */
export function upgrade(
  raw: RawSocket,
  options: ServerTlsOptions | ClientTlsOptions,
  side: "server" | "client",
  host: string,
  begun: (socket: RawSocket) => void,
): Promise<RawSocket> {
  const { request, verify, handshakeMs } = side === "server" ? asServer(options) : asClient(options, host);
  return new Promise((resolve, reject) => {
    const handshake = new Handshake(raw, request, handshakeMs, verify, {
      done: resolve,
      failed: (_, cause) => reject(new TenkError("tls-failed", `TLS did not begin: ${cause.message}`, { cause })),
    });
    begun(handshake.socket);
  });
}

function asServer(options: ServerTlsOptions | ClientTlsOptions) {
  const server = new ServerTls(options as ServerTlsOptions);
  return { request: server.request(), verify: server.verify, handshakeMs: server.handshakeMs };
}

function asClient(options: ClientTlsOptions, host: string) {
  const { request, verify } = clientTls(options, host);
  return { request: { tls: request, socket: SOCKET_EVENTS }, verify, handshakeMs: CLIENT_HANDSHAKE_MS };
}
