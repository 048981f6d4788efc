import type { TargetReader } from "../loop/mod.ts";

/** `parts.dns` of `/api/status`, as far as it is read here. */
interface DnsSection {
  readonly port?: number;
  readonly queries?: { readonly total?: number };
}

/** Of DNS a target counts queries, by UDP and TCP on one port. Those of other clients are among them. */
export const dnsTarget: TargetReader = {
  read(parts, port) {
    const { port: own, queries = {} } = (parts.dns ?? {}) as DnsSection;
    return own === port ? { open: 0, peak: 0, counts: { queries: queries.total ?? 0 } } : undefined;
  },
  hasAll: ({ queries = 0 }, { sent }) => queries >= sent,
  report: ({ queries = 0 }) => ({ received: queries, bytesReceived: 0 }),
  expectation: "server.received>=sent",
};
