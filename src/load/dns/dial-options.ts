import type { Dialer } from "../../net/mod.ts";
import type { Slice } from "../loop/mod.ts";
import type { DnsPlan } from "./plan.ts";

/** A connection whose phases are timed. */
export interface Dialled {
  /** When TCP was connected, on the clock of `performance.now()`. */
  reachedMs: number;
}

const WRITE_QUEUE_BOUND_BYTES = 2 ** 30;

/** Modes with TLS, and what is agreed on (RFC 7858, RFC 8484). With HTTP/1.1 a server without HTTP/2 says so, and does not fail the handshake. */
const ALPN = { dot: ["dot"], doh: ["h2", "http/1.1"] } as const;

/** Returns how connections of a plan are opened. */
export function dialOptions<Data extends Dialled>(
  plan: DnsPlan,
  { addresses }: Slice,
): ConstructorParameters<typeof Dialer<Data>>[0] {
  const { host, serverName, mode, verifyTls, ca, receiveBufferBytes, sendBufferBytes } = plan;
  return {
    host,
    port: plan.port ?? 0,
    // Resolved once, and timed: queries must measure the target and not the name servers.
    ...(addresses === undefined ? {} : { lookup: async () => addresses }),
    timeoutMs: plan.timeoutMs,
    reached(connection) {
      if (connection !== undefined) connection.reachedMs = performance.now();
    },
    halfOpen: true,
    receiveBufferBytes,
    sendBufferBytes,
    // The timeout of a query is its only bound.
    limits: { stallMs: 0 },
    writeQueueMaxBytes: WRITE_QUEUE_BOUND_BYTES,
    ...(mode in ALPN && {
      tls: {
        serverName,
        verify: verifyTls,
        alpn: [...ALPN[mode as keyof typeof ALPN]],
        ...(ca === undefined ? {} : { ca }),
      },
    }),
  };
}
