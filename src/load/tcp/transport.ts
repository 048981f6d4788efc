import { Dialer } from "../../net/mod.ts";
import { connectCause, type Slice, type Transport, type TransportEvents } from "../loop/mod.ts";
import type { TcpPlan } from "./plan.ts";

/** Opens TCP connections by `net/`, whose objects and events go to the loop as they are. */
export function tcpTransport(plan: TcpPlan, slice: Slice, events: TransportEvents): Transport {
  const { sourceAddresses } = plan;
  const dialer = new Dialer<number>(dialOptions(plan, slice), {
    chunk: events.chunk,
    close: events.close,
    open(connection) {
      if (plan.downstreamBytesPerSecond === 0) connection.pause();
      events.open(connection);
    },
    end: (connection) => connection.end(),
  });
  return {
    connect(slot, uid, signal) {
      const localAddress = sourceAddresses[uid % Math.max(1, sourceAddresses.length)];
      const request = { data: slot, signal };
      return dialer.connect(localAddress === undefined ? request : { ...request, localAddress });
    },
    causeOf: connectCause,
    readBytesSent: () => dialer.readCounts().bytesWritten,
    // A target that is an address has only one.
    readAddresses: () => (slice.addresses === undefined ? {} : dialer.readAddresses()),
  };
}

function dialOptions(plan: TcpPlan, { addresses }: Slice): ConstructorParameters<typeof Dialer<number>>[0] {
  const { tls, host } = plan;
  return {
    ...(plan.path === undefined ? { host, port: plan.port ?? 0 } : { path: plan.path }),
    // Resolved once: ten thousand connects must measure the target and not the name servers.
    ...(addresses === undefined ? {} : { lookup: async () => addresses }),
    timeoutMs: plan.connectTimeoutMs,
    noDelay: plan.noDelay,
    receiveBufferBytes: plan.receiveBufferBytes,
    sendBufferBytes: plan.sendBufferBytes,
    // The sender keeps its own bound (`writeQueueBytes`). The library's would pause reading above its mark, and two sides
    // that both wait for the other to read wait for ever.
    writeQueueHighBytes: WRITE_QUEUE_BOUND_BYTES,
    writeQueueMaxBytes: WRITE_QUEUE_BOUND_BYTES,
    // What comes between our FIN and the peer's counts as well; who is to read slowly must not be made to read all at the end.
    halfOpen: plan.downstreamBytesPerSecond === undefined,
    // A peer that reads nothing is something to measure, not to hang up on.
    limits: {
      stallMs: 0,
      readBytesPerSecond: plan.downstreamBytesPerSecond ?? 0,
      // The sender decides when a message may go; this bounds how fast a long one leaves.
      writeBytesPerSecond: plan.upstreamBytesPerSecond ?? 0,
    },
    ...(tls === false ? {} : { tls: { serverName: host, ...(tls === true ? {} : tls) } }),
  };
}

const WRITE_QUEUE_BOUND_BYTES = 2 ** 30;
