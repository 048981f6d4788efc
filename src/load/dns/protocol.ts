import { sourceUrl } from "../../base/mod.ts";
import type { LoopProtocol, Protocol, Slice, TransportEvents } from "../loop/mod.ts";
import { DnsCounts } from "./counts.ts";
import { dohTransport } from "./doh-transport.ts";
import type { DnsPlan } from "./plan.ts";
import { querySource } from "./query-source.ts";
import type { DnsShared } from "./query-tracker.ts";
import { dnsProgress, dnsReport } from "./report.ts";
import { streamTransport } from "./stream-transport.ts";
import { dnsTarget } from "./target-reader.ts";
import { tcpRetry } from "./tcp-retry.ts";
import { udpTransport } from "./udp-transport.ts";

/** Queries over UDP, TCP, TLS and HTTPS, and answers that are held against their questions. */
export const dns: Protocol<DnsPlan> = {
  onLoop,
  workerProgram: sourceUrl("load/dns/worker.ts"),
  target: dnsTarget,
  report: dnsReport,
  progress: dnsProgress,
};

function onLoop(plan: DnsPlan, slice: Slice): LoopProtocol {
  const source = querySource(plan, slice);
  const counts = new DnsCounts(plan.files.map(({ name }) => name));
  const isRight = Uint8Array.from({ length: 16 }, (_, rcode) => (plan.expectRcodes.includes(rcode) ? 1 : 0));
  return {
    source,
    replies: undefined,
    stop: undefined,
    openTransport(events: TransportEvents) {
      const shared: DnsShared = { events, counts, source, isRight, mostOutstanding: plan.pipeline };
      if (plan.mode === "doh") return dohTransport(plan, slice, shared);
      if (plan.mode !== "udp") return streamTransport(plan, slice, shared);
      return udpTransport(plan, slice, shared, plan.retryTruncated ? tcpRetry(plan, slice, shared) : undefined);
    },
    readCounts: (isOver = false) => counts.read(isOver),
  };
}
