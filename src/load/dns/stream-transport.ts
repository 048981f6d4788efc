import { type CloseReason, type Connection, Dialer, type Handler } from "../../net/mod.ts";
import { lengthPrefixed } from "../../wire/mod.ts";
import { connectCause, type Slice, type Transport } from "../loop/mod.ts";
import { dialOptions } from "./dial-options.ts";
import type { DnsPlan } from "./plan.ts";
import type { DnsShared } from "./query-tracker.ts";
import { StreamClient } from "./stream-client.ts";

type Socket = Connection<StreamClient>;

/** Over a stream each message follows its length (RFC 1035 §4.2.2). */
export const MESSAGES = lengthPrefixed({ lengthBytes: 2, maxBytes: 65_535 });

/** Of all sockets: one object. */
const EVENTS: Handler<StreamClient> = {
  readsWhileFull: true,
  readsAfterReset: true,
  keepsNoBytes: true,
  framing: MESSAGES,
  open: (socket: Socket) => socket.data.opened(socket),
  frame: (socket: Socket, bytes: Uint8Array) => socket.data.read(bytes),
  // What a server does not send before its FIN will not come.
  end: (socket: Socket) => socket.close("peer"),
  close: (socket: Socket, reason: CloseReason, cause: Error | undefined) => socket.data.closed(reason, cause),
};

/** Opens a connection for each client, by TCP or TLS, on which several queries await their answers in any order (RFC 7766). */
export function streamTransport(plan: DnsPlan, slice: Slice, shared: DnsShared): Transport {
  const { sourceAddresses } = plan;
  const dialer = new Dialer<StreamClient>(dialOptions(plan, slice), EVENTS);
  return {
    connect(slot, uid, signal) {
      const localAddress = sourceAddresses[uid % Math.max(1, sourceAddresses.length)];
      const request = { data: new StreamClient(slot, shared), signal };
      return dialer.connect(localAddress === undefined ? request : { ...request, localAddress });
    },
    gaveUp(message) {
      shared.counts.failed("closed", (message as { readonly file: number }).file);
    },
    causeOf: connectCause,
    readBytesSent: () => dialer.readCounts().bytesWritten,
    readAddresses: () => (slice.addresses === undefined ? {} : dialer.readAddresses()),
  };
}
