import { type CloseReason, type Connection, Dialer, type Handler } from "../../net/mod.ts";
import { connectCause, type Slice, type Transport } from "../loop/mod.ts";
import { HandshakeError, WebSocketConnection, type WebSocketShared } from "./connection.ts";
import type { WebSocketPlan } from "./plan.ts";

type Socket = Connection<WebSocketConnection>;

/** Of all sockets: one object. */
export const SOCKET_EVENTS: Handler<WebSocketConnection> = {
  readsWhileFull: true,
  readsAfterReset: true,
  keepsNoBytes: true,
  open: (socket: Socket) => socket.data.opened(socket),
  chunk: (socket: Socket, bytes: Uint8Array) => socket.data.read(bytes),
  end: (socket: Socket) => socket.data.peerFinished(),
  expired: (socket: Socket) => socket.data.expired(),
  close: (socket: Socket, reason: CloseReason) => socket.data.closed(reason),
};

const WRITE_QUEUE_BOUND_BYTES = 2 ** 30;

/** Opens WebSockets by `net/`: a connection is open when its opening handshake is over. */
export function webSocketTransport(plan: WebSocketPlan, slice: Slice, shared: WebSocketShared): Transport {
  const { sourceAddresses } = plan;
  const dialer = new Dialer<WebSocketConnection>(dialOptions(plan, slice), SOCKET_EVENTS);
  let isWatching = false;
  const abortPending = () => {
    for (const connection of shared.pending) connection.abort();
  };
  return {
    connect(slot, uid, signal) {
      if (!isWatching) {
        isWatching = true;
        signal.addEventListener("abort", abortPending);
      }
      return new Promise((resolve, reject) => {
        const data = new WebSocketConnection(slot, shared, (failure) => {
          if (failure === undefined) resolve(undefined);
          else reject(failure);
        });
        const localAddress = sourceAddresses[uid % Math.max(1, sourceAddresses.length)];
        dialer
          .connect(localAddress === undefined ? { data, signal } : { data, signal, localAddress })
          .catch((error: unknown) => reject(error as Error));
      });
    },
    causeOf: (error) => (error instanceof HandshakeError ? `opening handshake: ${error.message}` : connectCause(error)),
    readBytesSent: () => dialer.readCounts().bytesWritten,
    readAddresses: () => (slice.addresses === undefined ? {} : dialer.readAddresses()),
  };
}

function dialOptions(
  plan: WebSocketPlan,
  { addresses }: Slice,
): ConstructorParameters<typeof Dialer<WebSocketConnection>>[0] {
  const { host, isSecure, verifyTls, ca } = plan;
  return {
    ...(plan.path === undefined ? { host, port: plan.port ?? 0 } : { path: plan.path }),
    // Resolved once, and timed: messages must measure the target and not the name servers.
    ...(addresses === undefined ? {} : { lookup: async () => addresses }),
    timeoutMs: plan.connectTimeoutMs,
    reached(connection) {
      if (connection !== undefined) connection.reachedMs = performance.now();
    },
    noDelay: plan.noDelay,
    receiveBufferBytes: plan.receiveBufferBytes,
    sendBufferBytes: plan.sendBufferBytes,
    // The sender keeps its own bound (`writeQueueBytes`).
    writeQueueHighBytes: WRITE_QUEUE_BOUND_BYTES,
    writeQueueMaxBytes: WRITE_QUEUE_BOUND_BYTES,
    halfOpen: true,
    limits: {
      // A peer that reads nothing is something to measure, not to hang up on.
      stallMs: 0,
      readBytesPerSecond: plan.downstreamBytesPerSecond ?? 0,
      writeBytesPerSecond: plan.upstreamBytesPerSecond ?? 0,
    },
    ...(isSecure && {
      tls: { serverName: host, verify: verifyTls, alpn: ["http/1.1"], ...(ca === undefined ? {} : { ca }) },
    }),
  };
}
