import { type CloseReason, type Connection, Dialer, type Handler } from "../../net/mod.ts";
import { connectCause, type Slice, type Transport, type TransportEvents } from "../loop/mod.ts";
import { AnswerCheck } from "./answer-check.ts";
import { dialOptions } from "./dial-options.ts";
import { Http1Connection, type Http1Shared } from "./http1-connection.ts";
import { Lingering } from "./lingering.ts";
import type { OfLoop } from "./of-loop.ts";
import type { HttpPlan } from "./plan.ts";
import { ReaderScratch } from "./response-reader.ts";

type Socket = Connection<Http1Connection>;

/** Of all sockets: one object. */
const EVENTS: Handler<Http1Connection> = {
  // An early answer must be read while the request is still being sent.
  readsWhileFull: true,
  readsAfterReset: true,
  keepsNoBytes: true,
  open: (socket: Socket) => socket.data.opened(socket),
  chunk: (socket: Socket, bytes: Uint8Array) => socket.data.read(bytes),
  end: (socket: Socket) => socket.data.peerFinished(),
  close: (socket: Socket, reason: CloseReason, cause: Error | undefined) => socket.data.closed(reason, cause),
};

/** Opens connections to an HTTP/1.1 server by `net/`. */
export function http1Transport(
  plan: HttpPlan,
  slice: Slice,
  events: TransportEvents,
  { counts, requests, observer }: OfLoop,
): Transport {
  const shared: Http1Shared = {
    events,
    counts,
    check: new AnswerCheck(plan.expectStatus, plan.expectBody),
    scratch: new ReaderScratch(),
    lingering: new Lingering(slice.connections),
    requests,
    observer,
    pipeline: plan.pipeline,
    tag: new Uint16Array(1),
    isOnce: !plan.keepAlive,
  };
  const { sourceAddresses } = plan;
  const dialer = new Dialer<Http1Connection>(dialOptions(plan, slice, ["http/1.1"]), EVENTS);
  return {
    connect(slot, uid, signal) {
      const localAddress = sourceAddresses[uid % Math.max(1, sourceAddresses.length)];
      const request = { data: new Http1Connection(slot, shared), signal };
      return dialer.connect(localAddress === undefined ? request : { ...request, localAddress });
    },
    causeOf: connectCause,
    readBytesSent: () => dialer.readCounts().bytesWritten,
    readAddresses: () => (slice.addresses === undefined ? {} : dialer.readAddresses()),
  };
}
