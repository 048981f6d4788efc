/** The latencies of a run in the order in which a connection, a message or a request meets them: for the page and the terminal. Pure. */

/** A latency, its title, and from when to when where the title does not say it. */
export type LatencyRow<Latency> = readonly [latency: Latency, title: string, between: string];

type Common = "connect" | "firstByte" | "message" | "service" | "send";
type Own = "lookup" | "tcp" | "tls" | "tlsResumed" | "upgrade" | "ping";

/** The fields of a report that have latencies; older reports lack those of a protocol. */
interface Timed<Latency> {
  readonly latencyUs: Readonly<Record<Common, Latency>>;
  readonly protocol?:
    | {
        readonly kind?: string;
        readonly model?: string;
        readonly latencyUs?: { readonly [Name in Own]?: Latency };
      }
    | undefined;
}

/** Returns the latencies that were measured. */
export function latencyRows<Latency extends { readonly count: number }>(report: Timed<Latency>): LatencyRow<Latency>[] {
  const { latencyUs, protocol } = report;
  const { message, service, send } = latencyUs;
  const { lookup, tcp, tls, tlsResumed, upgrade, ping } = protocol?.latencyUs ?? {};
  const planned = "from its planned moment";
  const sent = "from when it was sent";
  const isClosed = protocol?.model === "closed";
  const isHttp = protocol?.model !== undefined;
  const rows: readonly (readonly [Latency | undefined, string, string])[] = [
    [lookup, "DNS", ""],
    [tcp ?? latencyUs.connect, "connect", ""],
    [tls, "TLS", tlsResumed === undefined ? "" : "full handshake"],
    [tlsResumed, "TLS", "resumed"],
    [upgrade, "opening handshake", ""],
    [protocol?.kind === "ws" ? undefined : latencyUs.firstByte, "first byte", ""],
    ...(isHttp
      ? ([
          [service, "response", isClosed ? "" : sent],
          // In the closed model a request is planned when it is sent.
          [isClosed ? undefined : message, "response", planned],
        ] as const)
      : ([
          [message, "message", planned],
          [service, "service", sent],
        ] as const)),
    [isClosed ? undefined : send, "sending", "from plan to sent"],
    [ping, "ping", "to its pong"],
  ];
  return rows.flatMap(([latency, title, between]) =>
    latency === undefined || latency.count === 0 ? [] : [[latency, title, between] as const],
  );
}
