import {
  type ClientSession,
  HTTP2_TARGET_DEFAULTS,
  http2TargetSettings,
  type RequestBlock,
  SessionOwner,
} from "../../http/mod.ts";
import { type CloseReason, type Connection, Dialer, type Handler } from "../../net/mod.ts";
import { connectCause, type Slice, type Transport, type TransportEvents } from "../loop/mod.ts";
import { AnswerCheck } from "./answer-check.ts";
import { dialOptions } from "./dial-options.ts";
import { Http2Connection, type Http2Shared, type Returned } from "./http2-connection.ts";
import type { OfLoop } from "./of-loop.ts";
import type { HttpPlan } from "./plan.ts";

type Socket = Connection<Http2Connection>;

/** Of all sockets: one object. */
const EVENTS: Handler<Http2Connection> = {
  readsWhileFull: true,
  keepsNoBytes: true,
  open: (socket: Socket) => socket.data.opened(socket),
  chunk: (socket: Socket, bytes: Uint8Array) => socket.data.read(bytes),
  drain: (socket: Socket) => socket.data.drained(),
  // What a server does not send before its FIN will not come.
  end: (socket: Socket) => socket.close("peer"),
  close: (socket: Socket, reason: CloseReason, cause: Error | undefined) => socket.data.closed(reason, cause),
};

const REFUSED = "TLS: the server does not agree on HTTP/2 (ALPN)";

/** The sessions of one event loop. */
export class Http2Sessions extends SessionOwner {
  hasRoom(session: ClientSession): void {
    const connection = session.connection.data as Http2Connection | undefined;
    connection?.roomCame();
  }
  sessionClosed(): void {}
  withdrawn(): void {}
  ended(): void {}
}

/** Opens connections to an HTTP/2 server by `net/`; sessions and streams are those of the proxy's client. */
export function http2Transport(
  plan: HttpPlan,
  slice: Slice,
  events: TransportEvents,
  { counts, requests, observer }: OfLoop,
): Transport {
  const { url, pipeline } = plan;
  // All bodies of a connection may wait: a server that takes none must make requests late, and not fail them here.
  const maxQueuedBytes = Math.max(HTTP2_TARGET_DEFAULTS.maxQueuedBytes, pipeline * requests.maxLengthBytes);
  const settings = http2TargetSettings({ url, maxStreams: pipeline, maxQueuedBytes });
  const shared: Http2Shared = {
    events,
    counts,
    check: new AnswerCheck(plan.expectStatus, plan.expectBody),
    owner: new Http2Sessions(settings, plan.isSecure),
    requests,
    observer,
    block: emptyBlock(),
  };
  const { sourceAddresses } = plan;
  // With the second, a server that does not speak the first says so, where it would otherwise fail the handshake.
  const dialer = new Dialer<Http2Connection>(dialOptions(plan, slice, ["h2", "http/1.1"]), EVENTS);
  return {
    async connect(slot, uid, signal) {
      const localAddress = sourceAddresses[uid % Math.max(1, sourceAddresses.length)];
      const data = new Http2Connection(slot, shared);
      const request = { data, signal };
      await dialer.connect(localAddress === undefined ? request : { ...request, localAddress });
      if (data.isRefused) throw new Error(REFUSED);
    },
    gaveUp(message) {
      const { cause, kind } = message as Returned;
      counts.failed(cause);
      counts.byRequest?.failed(kind);
    },
    causeOf: (error) => (error instanceof Error && error.message === REFUSED ? REFUSED : connectCause(error)),
    readBytesSent: () => dialer.readCounts().bytesWritten,
    readAddresses: () => (slice.addresses === undefined ? {} : dialer.readAddresses()),
  };
}

function emptyBlock(): RequestBlock {
  return {
    bytes: new Uint8Array(0),
    from: 0,
    to: 0,
    bodyBytes: 0,
    framing: "none",
    bodyLength: 0,
    isWhole: true,
    isHead: false,
    isUpgrade: false,
    carriesChunks: false,
    isFresh: false,
  };
}
