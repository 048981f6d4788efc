import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Status } from "../../src/app/mod.ts";
import { tableText } from "../../src/cli/status-text.ts";
import { type Paints, paintsFor } from "../../src/cli/terminal.ts";
import type { RelayStatus, TargetView, TcpView } from "../../src/tcp/mod.ts";
import { targetTable } from "../../src/tcp/monitoring/target-table.ts";
import { listenersIn } from "../app/listeners-of.ts";
import { Client, until } from "../net/support.ts";
import { cleanUp, naming, nowhere } from "../tcp/relay-support.ts";
import { startTenk, tenk } from "./tenk.ts";

afterEach(cleanUp);

const PLAIN = paintsFor({ write: () => undefined });
const AT_MS = Date.parse("2026-01-01T00:00:20.000Z");
const SINCE = "2026-01-01T00:00:08.000Z";

const UP: TargetView = {
  address: "10.0.0.5:5432",
  state: "up",
  weight: 1,
  active: 12,
  total: 81,
  failures: 0,
  bytesToTarget: 0,
  bytesFromTarget: 0,
  connectMs: 1,
  lastError: null,
  lastErrorAt: null,
  outSince: null,
  nextTryAt: null,
};
const OUT: TargetView = {
  ...UP,
  address: "10.0.0.6:5432",
  state: "out",
  active: 0,
  total: 0,
  failures: 3,
  lastError: "no answer",
  lastErrorAt: SINCE,
  outSince: SINCE,
  nextTryAt: "2026-01-01T00:00:28.000Z",
};

function seen(targets: readonly TargetView[], atMs = AT_MS, more: Partial<RelayStatus> = {}) {
  const relay = { pairs: 0, withoutTarget: 0, targetsLeftOut: 0, targets, ...more };
  return { view: { listeners: [{ name: "plain" }, { name: "db", relay }] } as unknown as TcpView, atMs };
}

type Look = ReturnType<typeof seen>;

function targetLines(now: Look, before: Look | undefined, paints: Paints): string[] {
  const tables = targetTable({ ...now, ...(before && { before }) });
  return tables.flatMap((table) => ["", tableText(table, paints, Number.POSITIVE_INFINITY), ...(table.notes ?? [])]);
}

const lines = (...words: Parameters<typeof targetLines>) =>
  targetLines(...words)
    .join("\n")
    .split("\n");

test("a relay's targets are a table: who is out, since when, and why", () => {
  expect(lines(seen([UP, OUT], AT_MS, { targetsLeftOut: 50 }), undefined, PLAIN)).toEqual([
    "",
    "relay  target         state                        open  connected  failures  last error",
    "db     10.0.0.5:5432  up                             12         81         0",
    "db     10.0.0.6:5432  out for 12s, next try in 8s     0          0         3  12s ago: no answer",
    "db: 50 targets more",
  ]);
});

test("of two looks it tells how many a second are connected, of a new target none", () => {
  const before = seen([UP], AT_MS - 2000);
  const text = lines(seen([{ ...UP, total: 101 }, { ...OUT, total: 7 }]), before, PLAIN); // biome-ignore format: one thought
  expect(text[1]).toContain("connected/s");
  expect(text.find((line) => line.includes(UP.address))).toMatch(/ 12 +10 +0$/);
  expect(text.find((line) => line.includes(OUT.address))).toMatch(/ 0 +0 +3 /);
});

test.each<[Partial<TargetView>, string]>([
  [{ nextTryAt: null }, "out for 12s"],
  [{ nextTryAt: SINCE }, "out for 12s, next try is due"],
  [{ state: "draining" }, "draining for 12s"],
  [{ state: "draining", outSince: null }, "draining"],
  [{ state: "partly out" }, "partly out for 12s, next try in 8s"],
])("one that has %j is said to be: %s", (more, words) => {
  expect(lines(seen([{ ...OUT, ...more }]), undefined, PLAIN)[2]).toContain(`  ${words}  `);
});

test("there is no table without a relay, nor for a relay without a report", () => {
  expect(targetLines(seen([]), undefined, PLAIN)).toEqual([]);
});

test("nothing that a target or its error says is obeyed by a terminal", () => {
  const hostile = "\x1b[2J\u0007\u202e\nü";
  const text = targetLines(seen([{ ...OUT, address: hostile, lastError: hostile }]), undefined, PLAIN).join("\n");
  expect(text.split("\\x1b[2J\\x07\\u{202e}\\nü")).toHaveLength(3);
  expect(text.split("\n")).toHaveLength(3);
});

test("a state has its colour on a terminal, and the columns stay", () => {
  const colours = paintsFor({ isTTY: true, write: () => undefined }, { TERM: "xterm" });
  const text = lines(seen([UP, OUT]), undefined, colours);
  expect(text.find((line) => line.includes(UP.address))).toContain("\x1b[32mup\x1b[0m");
  expect(text.find((line) => line.includes(OUT.address))).toContain("\x1b[31mout for 12s");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
  const plain = text.map((line) => line.replace(/\x1b\[\d+m/g, ""));
  expect(plain).toEqual(lines(seen([UP, OUT]), undefined, PLAIN));
});

test("tenk status prints the targets of an instance's relay, and as JSON", async () => {
  const [living, dead] = [(await naming("one")).address, await nowhere()];
  const folder = mkdtempSync(join(tmpdir(), "status-targets-"));
  const file = join(folder, "tenk.yaml");
  const relay = { targets: [living, dead], health: { failures: 1 } };
  const db = { listen: "127.0.0.1:0", handler: "relay", relay };
  writeFileSync(file, JSON.stringify({ tcp: { db }, dashboard: { listen: "127.0.0.1:0" } }));
  const instance = startTenk(["up", "--json", "--config", file]);
  try {
    const [line] = await instance.sees("stdout", /^.*\n/);
    const { statusUrl, listeners } = JSON.parse(line) as { statusUrl: string; listeners: { port: number }[] };
    const clients = [1, 2].map(() => new Client(listeners[0]!.port));
    for (const client of clients) await until(() => client.received === "one:", 10_000);
    await instance.sees("stderr", new RegExp(`target down .*name=db target=${dead} `));
    const { stdout } = await tenk(["status", "--url", statusUrl]);
    expect(stdout).toMatch(new RegExp(`^db +${living} +up +2 +2 +0$`, "m"));
    expect(stdout).toMatch(new RegExp(`^db +${dead} +out for .*, next try .* ago: .*nobody listens there$`, "m"));
    const json = JSON.parse((await tenk(["status", "--json", "--url", statusUrl])).stdout) as Status;
    expect(listenersIn(json)[0]!.relay!.targets.map(({ state }) => state)).toEqual(["up", "out"]);
    for (const { socket } of clients) socket.destroy();
    instance.child.kill("SIGINT");
    await instance.ended;
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 20_000);
