import type { CloseReason, Connection, Handler } from "../../net/mod.ts";
import type { TargetConnection } from "./connection.ts";

type Socket = Connection<TargetConnection>;

/** Passes the events of every target's sockets on: one object for all. */
export const TARGET_EVENTS: Handler<TargetConnection> = {
  // An early answer must be read while the request is still being sent.
  readsWhileFull: true,
  readsAfterReset: true,
  keepsNoBytes: true,
  open: (socket: Socket) => socket.data.opened(socket),
  chunk: (socket: Socket, bytes: Uint8Array) => socket.data.read(bytes),
  drain: (socket: Socket) => socket.data.drained(),
  end: (socket: Socket) => socket.data.peerFinished(),
  close: (socket: Socket, reason: CloseReason) => socket.data.closed(reason),
};
