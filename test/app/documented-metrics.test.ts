import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { loadFamilies } from "../../src/app/load-families.ts";
import { listenerHistograms, runtimeFamilies } from "../../src/app/loop-families.ts";
import { boxRegistry } from "../../src/app/metrics.ts";
import { relayFamilies } from "../../src/app/relay-metrics.ts";
import type { LoadSnapshot } from "../../src/load/mod.ts";
import { type Family, familiesIn, hostCollector, openProcessReader, unitOf } from "../../src/metrics/mod.ts";
import { openVitals } from "../../src/net/mod.ts";
import { RASPBERRY_PI_4, X86_SERVER } from "../metrics/host-machines.ts";
import { fakeRoot } from "../metrics/host-support.ts";

const PAGE = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");

interface Row {
  /** As the page has it; `*` stands for anything. */
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly help: string;
}

/** Rows of `| `name` | type | unit | labels | help |`. */
const rows: readonly Row[] = PAGE.split("\n").flatMap((line) => {
  const [, names = "", type = "", unit = "", , help = ""] = line.split("|").map((cell) => cell.trim());
  if (!["counter", "gauge", "histogram", "summary", "untyped"].includes(type)) return [];
  return [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => ({ name: name!, type, unit, help }));
});

const SNAPSHOT: LoadSnapshot = {
  elapsedMs: 0,
  phase: "send",
  durationMs: 0,
  connections: { wanted: 0, open: 0, opened: 0, failed: 0, lost: 0 },
  messages: { planned: 0, sent: 0, late: 0, dropped: 0, received: 0, perSecondSent: 0, perSecondReceived: 0 },
  bytes: { sent: 0, received: 0, perSecondSent: 0, perSecondReceived: 0 },
  latencyUs: { p50: 0, p90: 0, p99: 0, max: 0, buckets: [] },
  generator: { cpuPercent: 0, loopLagP99Us: 0, rssBytes: 0, debtMessages: 0 },
};

async function ownFamilies(): Promise<Family[]> {
  const reader = openProcessReader();
  const { registry } = boxRegistry({ process: () => reader.read(), listeners: () => [] });
  const own = await familiesIn(registry);
  reader.close();
  const ofLoops = [...(await runtimeFamilies([], openVitals().read())), ...listenerHistograms([])];
  return [...own, ...ofLoops, ...relayFamilies([{ name: "a", reports: [] }]), ...loadFamilies(SNAPSHOT)];
}

/** What this machine tells, a Raspberry Pi and a server. */
async function hostFamilies(): Promise<Family[]> {
  const statfs = { bsize: 4096, blocks: 1e6, bfree: 5e5, bavail: 4e5, files: 1e5, ffree: 9e4 };
  const answers = { statfs: async () => statfs, statfsNow: () => statfs };
  const machines = [RASPBERRY_PI_4, X86_SERVER].map((files) => fakeRoot(files));
  const options = [{}, ...machines.map(({ root }) => ({ root, ...answers }))];
  const families = await Promise.all(options.map((each) => hostCollector(each).collect()));
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
    expect(wanted.map(({ name }) => rowOf(name) ?? `${name} is missing`)).toEqual(wanted);
  });

  test("has no metric of ours that is not there", async () => {
    const names = new Set((await ownFamilies()).map(({ name }) => name));
    const ours = rows.map(({ name }) => name).filter((name) => /^(tenk_(?!host_)|process_)/.test(name));
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
});
