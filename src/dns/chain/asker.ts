import type { Transport } from "../log/mod.ts";

/** The client of a query, and its transport: one object per listener, reused for each query. */
export interface Asker {
  /** Sixteen bytes, IPv4 as `::ffff:a.b.c.d`. */
  readonly ip: Uint8Array;
  /** The query came by UDP: the answer must fit the size that the client accepts. */
  isDatagram: boolean;
  /** For the query log. @default {by `isDatagram`: udp or tcp} */
  readonly transport?: Transport;
  /** Milliseconds since 1970. */
  nowMs: number;
}
