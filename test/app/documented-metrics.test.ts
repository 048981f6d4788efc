import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { alertMetrics } from "../../src/alerts/monitoring/mod.ts";
import { loopFamilies } from "../../src/app/monitoring/loop-metrics.ts";
import { loadFamilies } from "../../src/app/push/load-families.ts";
import { logOf } from "../../src/base/mod.ts";
import { boxesMetrics } from "../../src/boxes/monitoring.ts";
import { storeMetrics } from "../../src/certificates/store/metrics.ts";
import { newMdnsCounts } from "../../src/dns/mdns/mod.ts";
import { dnsMetrics, type MeasuredServer, upstreamHistograms } from "../../src/dns/monitoring/mod.ts";
import { ContainerServices } from "../../src/labels/container-services.ts";
import { containersMetrics } from "../../src/labels/status.ts";
import type { LoadSnapshot } from "../../src/load/mod.ts";
import { type Family, familiesOf, openHost, openProcessReader, unitOf } from "../../src/metrics/mod.ts";
import { openVitals } from "../../src/net/mod.ts";
import { publishMetrics } from "../../src/nodes/monitoring.ts";
import { NodeLink } from "../../src/nodes/node-link.ts";
import { NODE_DEFAULTS } from "../../src/nodes/settings.ts";
import { OfferedServices } from "../../src/part/mod.ts";
import { probeMetrics, pushMetrics } from "../../src/probe/monitoring/mod.ts";
import { PushJobs } from "../../src/probe/push/mod.ts";
import { brokenRuleMetric, serviceHistograms, serviceMetrics, targetFamilies } from "../../src/proxy/monitoring/mod.ts";
import { listenerHistograms } from "../../src/tcp/monitoring/histograms.ts";
import { relayFamilies } from "../../src/tcp/monitoring/relay-metrics.ts";
import { CONTAINER, RASPBERRY_PI_4, X86_SERVER } from "../metrics/host-machines.ts";
import { fakeRoot } from "../metrics/host-support.ts";
import { instanceMetrics } from "./instance-metrics.ts";

const PAGE = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");

interface Row {
  /** As the page has it; `*` stands for anything. */
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  /** Names in backquotes; those behind a semicolon are not always there. */
  readonly labels: readonly string[];
  readonly help: string;
}

/** Rows of `| `name` | type | unit | labels | help |`. */
const rows: readonly Row[] = PAGE.split("\n").flatMap((line) => {
  const [, names = "", type = "", unit = "", labels = "", help = ""] = line.split("|").map((cell) => cell.trim());
  if (!["counter", "gauge", "histogram", "summary", "untyped"].includes(type)) return [];
  return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => ({
    name: name!,
    type,
    unit,
    labels: labelsIn(labels),
    help,
  }));
});

function labelsIn(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, label]) => label!).sort();
}

const NO_OFFERS = new OfferedServices(async () => {});
const NO_NODES = new NodeLink({ ...NODE_DEFAULTS, servers: [], name: "a", log: logOf("test"), deliver() {} });
const NO_CONTAINERS = new ContainerServices({
  config: { grace: 0, maxServices: 1 },
  offered: NO_OFFERS,
  log: logOf("containers"),
});

const SNAPSHOT: LoadSnapshot = {
  elapsedMs: 0,
  phase: "send",
  durationMs: 0,
  connections: { wanted: 0, open: 0, opened: 0, failed: 0, lost: 0 },
  messages: {
    planned: 0,
    sent: 0,
    late: 0,
    dropped: 0,
    received: 0,
    unanswered: 0,
    unexpected: 0,
    answersTold: true,
    perSecondSent: 0,
    perSecondReceived: 0,
  },
  bytes: { sent: 0, received: 0, perSecondSent: 0, perSecondReceived: 0 },
  latencyUs: { p50: 0, p90: 0, p99: 0, max: 0, buckets: [] },
  lastSecondUs: { p50: 0, p99: 0, max: 0, delayP99: 0, delayMax: 0 },
  generator: { cpuPercent: 0, loopLagP99Us: 0, rssBytes: 0, debtMessages: 0 },
};

/** A DNS server that has nothing yet. */
const NO_SERVER = {
  counts: new Float64Array(0),
  isBlocking: true,
  resolver: { counts: { rcodes: new Float64Array(16) }, inFlight: 0, members: [] },
  lists: { names: 0, bytes: 0, failures: {}, views: () => [] },
  cache: { count: 0, evicted: 0, buffer: { byteLength: 0 } },
  log: { counts: { entries: 0, dropped: 0, unstored: 0 } },
  mdns: { counts: newMdnsCounts(), interfaces: () => [] },
} as unknown as MeasuredServer;

async function ownFamilies(): Promise<Family[]> {
  const reader = openProcessReader();
  const own = familiesOf(instanceMetrics({ process: () => reader.read(), listeners: () => [] }));
  reader.close();
  const vitals = openVitals().read();
  const loops = loopFamilies(vitals, [{ ...vitals, thread: 0 }]);
  const ofClients = familiesOf([...serviceMetrics(() => []), brokenRuleMetric(() => [])]);
  const ofServices = [...ofClients, ...serviceHistograms([]), ...targetFamilies([])];
  const ofDns = [...familiesOf(dnsMetrics(NO_SERVER)), ...upstreamHistograms(NO_SERVER)];
  const ofCertificates = familiesOf(storeMetrics(() => [], new Map()));
  const ofLoops = [...loops, ...listenerHistograms([])];
  return [
    ...own,
    ...ofServices,
    ...ofDns,
    ...familiesOf(probeMetrics(() => [])),
    ...familiesOf(pushMetrics(new PushJobs({ folder: undefined, log: logOf("test"), onCalled() {} }))),
    ...familiesOf(boxesMetrics(() => [])),
    ...familiesOf(publishMetrics(() => NO_NODES)),
    ...familiesOf(alertMetrics({ incidents: { list: [], dropped: 0 }, senders: [], windows: { list: () => [] } })),
    ...familiesOf(containersMetrics(NO_CONTAINERS, NO_OFFERS)),
    ...ofCertificates,
    ...ofLoops,
    ...relayFamilies([{ name: "a", reports: [] }]),
    ...loadFamilies(SNAPSHOT),
  ];
}

/** What this machine tells, a Raspberry Pi and a server. */
async function hostFamilies(): Promise<Family[]> {
  const statfs = { bsize: 4096, blocks: 1e6, bfree: 5e5, bavail: 4e5, files: 1e5, ffree: 9e4 };
  const answers = { statfs: async () => statfs, statfsNow: () => statfs };
  const machines = [RASPBERRY_PI_4, X86_SERVER, CONTAINER].map((files) => fakeRoot(files));
  const options = [{}, ...machines.map(({ root }) => ({ root, ...answers }))];
  const families = await Promise.all(options.map((each) => openHost(each).collect()));
  for (const machine of machines) machine[Symbol.dispose]();
  return families.flat();
}

function rowOf(name: string): Row | undefined {
  const pattern = (text: string) => new RegExp(`^${text.replaceAll("*", "\\w+")}$`);
  return (
    rows.find((row) => row.name === name) ?? rows.find((row) => row.name.includes("*") && pattern(row.name).test(name))
  );
}

describe("docs/metrics.md", () => {
  test("has each metric of ours with its type, its unit and its help", async () => {
    const families = await ownFamilies();
    expect(families.length).toBeGreaterThan(50);
    const wanted = families.map(({ name, type, help }) => ({ name, type, unit: unitOf(name) ?? "", help }));
    const has = wanted.map(({ name }) => {
      const { labels: _, ...row } = rowOf(name) ?? { name: `${name} is missing`, labels: [] };
      return row as (typeof wanted)[number];
    });
    expect(has).toEqual(wanted);
  });

  test("has no metric of ours that is not there", async () => {
    const names = new Set((await ownFamilies()).map(({ name }) => name));
    const ours = rows.map(({ name }) => name).filter((name) => /^(tenk_(?!host_|cgroup_)|process_)/.test(name));
    expect(ours.filter((name) => !names.has(name))).toEqual([]);
  });

  test("has each metric of the machine with its type and its unit", async () => {
    const families = await hostFamilies();
    expect(families.length).toBeGreaterThan(300);
    const wanted = families.map(({ name, type }) => [name, type, unitOf(name) ?? ""]);
    const has = families.map(({ name }) => {
      const row = rowOf(name);
      return [row === undefined ? `${name} is missing` : name, row?.type, row?.unit];
    });
    expect(has).toEqual(wanted);
  });

  test("has the labels of each metric of the machine", async () => {
    const families = (await hostFamilies()).filter(({ samples }) => samples.length > 0);
    const found = new Map<string, Set<string>>();
    for (const { name, samples } of families) {
      const labels = found.get(name) ?? new Set();
      for (const sample of samples) for (const label in sample.labels) labels.add(label);
      found.set(name, labels);
    }
    const sometimes = (name: string) => (name.startsWith("node_filesystem_") ? ["device_error"] : []);
    const has = [...found].map(([name, labels]) => [name, [...new Set([...labels, ...sometimes(name)])].sort()]);
    const told = (name: string) => [...new Set([...(rowOf(name)?.labels ?? []), ...sometimes(name)])].sort();
    expect([...found.keys()].map((name) => [name, told(name)])).toEqual(has);
  });

  test("has no metric of the machine that is not there", async () => {
    const names = (await hostFamilies()).map(({ name }) => name);
    const told = new Set(names.map((name) => rowOf(name)?.name));
    const ofHost = rows.map(({ name }) => name).filter((name) => /^(node_|tenk_host_|tenk_cgroup_)/.test(name));
    expect(ofHost.filter((name) => !told.has(name))).toEqual([]);
  });
});
