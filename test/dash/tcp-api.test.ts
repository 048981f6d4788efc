/** The page and the part declare the JSON between them each for itself, since layers do not import sideways: tsc compares. */
import { expect, test } from "bun:test";
import type {
  ConnectionRow,
  DiscoverAnswer,
  DnsStatisticsAnswer,
  DnsView,
  ListenerView,
  LoggedQuery,
  PanelView,
  ProbeView,
  ProxyView,
  RelayStatus as RelayView,
  ServiceAnswer,
} from "../../src/dash/mod.ts";
import type { ShownQuery } from "../../src/dns/log/shown-query.ts";
import type { Summary } from "../../src/dns/log/statistics.ts";
import type { DnsView as SentDnsView } from "../../src/dns/mod.ts";
import type { ConnectionInfo } from "../../src/net/mod.ts";
import type { Panel } from "../../src/part/mod.ts";
import type {
  DiscoverAnswer as SentDiscoverAnswer,
  ProbeView as SentProbeView,
  ServiceAnswer as SentServiceAnswer,
} from "../../src/probe/mod.ts";
import type { ProxyView as SentProxyView } from "../../src/proxy/mod.ts";
import type { ListenerStatus, RelayStatus } from "../../src/tcp/mod.ts";

const listener = (sent: ListenerStatus): ListenerView => sent;
const relay = (sent: RelayStatus): RelayView => sent;
const panel = (sent: Panel): PanelView => sent;
const proxy = (sent: SentProxyView): ProxyView => sent;
const probe = (sent: SentProbeView): ProbeView => sent;
const service = (sent: SentServiceAnswer): ServiceAnswer => sent;
const discovered = (sent: SentDiscoverAnswer): DiscoverAnswer => sent;
const dns = (sent: SentDnsView): DnsView => sent;
const query = (sent: ShownQuery): LoggedQuery => sent;
/** The route adds the names of clients. */
const statistics = (sent: Omit<Summary, "clients">): Omit<DnsStatisticsAnswer, "clients"> => sent;
const connection = (sent: ConnectionInfo): ConnectionRow => sent;

test("what the page reads is what parts and listeners send", () => {
  expect([listener, relay, panel, proxy, probe, service, discovered, dns, query, statistics, connection]).toHaveLength(
    11,
  );
});
