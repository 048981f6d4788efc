import { type ClientSession, http2TargetSettings, SessionOwner } from "../../http/mod.ts";
import { type CloseReason, type Connection, Dialer, type Handler } from "../../net/mod.ts";
import { connectCause, type Slice, type Transport } from "../loop/mod.ts";
import { dialOptions } from "./dial-options.ts";
import { DohClient } from "./doh-client.ts";
import { DohRequest } from "./doh-request.ts";
import type { DnsPlan } from "./plan.ts";
import type { DnsShared } from "./query-tracker.ts";

type Socket = Connection<DohClient>;

/** Of all sockets: one object. */
const EVENTS: Handler<DohClient> = {
  readsWhileFull: true,
  keepsNoBytes: true,
  open: (socket: Socket) => socket.data.opened(socket),
  chunk: (socket: Socket, bytes: Uint8Array) => socket.data.read(bytes),
  drain: (socket: Socket) => socket.data.drained(),
  end: (socket: Socket) => socket.close("peer"),
  close: (socket: Socket, reason: CloseReason, cause: Error | undefined) => socket.data.closed(reason, cause),
};

const REFUSED = "TLS: the server does not agree on HTTP/2 (ALPN)";

/** The sessions of one event loop. */
export class DohSessions extends SessionOwner {
  hasRoom(session: ClientSession): void {
    (session.connection.data as DohClient | undefined)?.roomCame();
  }
  sessionClosed(): void {}
  withdrawn(): void {}
  ended(): void {}
}

/** Opens connections to a server of DNS over HTTPS (RFC 8484); sessions and streams are those of the proxy's client. */
export function dohTransport(plan: DnsPlan, slice: Slice, shared: DnsShared): Transport {
  const { sourceAddresses, target, dohPath, pipeline } = plan;
  const settings = http2TargetSettings({ url: `https://${target}${dohPath}`, maxStreams: pipeline });
  const owner = new DohSessions(settings, true);
  const request = new DohRequest(plan);
  const dialer = new Dialer<DohClient>(dialOptions(plan, slice), EVENTS);
  return {
    async connect(slot, uid, signal) {
      const localAddress = sourceAddresses[uid % Math.max(1, sourceAddresses.length)];
      const data = new DohClient(slot, shared, owner, request);
      await dialer.connect(localAddress === undefined ? { data, signal } : { data, signal, localAddress });
      if (data.isRefused) throw new Error(REFUSED);
    },
    causeOf: (error) => (error instanceof Error && error.message === REFUSED ? REFUSED : connectCause(error)),
    readBytesSent: () => dialer.readCounts().bytesWritten,
    readAddresses: () => (slice.addresses === undefined ? {} : dialer.readAddresses()),
  };
}
