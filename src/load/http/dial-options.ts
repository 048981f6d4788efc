import type { Dialer } from "../../net/mod.ts";
import type { Slice } from "../loop/mod.ts";
import type { HttpPlan } from "./plan.ts";

/** A connection whose phases are timed. */
export interface Dialled {
  /** When TCP was connected, on the clock of `performance.now()`. */
  reachedMs: number;
}

/** Returns how connections of a plan are opened. @param alpn protocols to agree on under TLS */
export function dialOptions<Data extends Dialled>(
  plan: HttpPlan,
  { addresses }: Slice,
  alpn: readonly string[],
): ConstructorParameters<typeof Dialer<Data>>[0] {
  const { host, serverName, isSecure, verifyTls, tlsResume, ca } = plan;
  return {
    ...(plan.path === undefined ? { host, port: plan.port ?? 0 } : { path: plan.path }),
    // Resolved once, and timed: requests must measure the target and not the name servers.
    ...(addresses === undefined ? {} : { lookup: async () => addresses }),
    timeoutMs: plan.timeoutMs,
    reached(connection) {
      if (connection !== undefined) connection.reachedMs = performance.now();
    },
    halfOpen: true,
    // The timeout of a request is its only bound.
    limits: { stallMs: 0 },
    writeQueueMaxBytes: WRITE_QUEUE_BOUND_BYTES,
    ...(isSecure && {
      tls: {
        serverName,
        verify: verifyTls,
        resume: tlsResume,
        alpn: [...alpn],
        ...(ca === undefined ? {} : { ca }),
      },
    }),
  };
}

const WRITE_QUEUE_BOUND_BYTES = 2 ** 30;
