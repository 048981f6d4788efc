/**
 * Measures the block list with a generated million names: `bun bench/dns-list.ts [--names 1000000] [--rounds 5]`. Each measurement
 * is a process of its own, since memory and the compiler's work of one would count for the next.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BlockDecision, BlockLists, RuleIndex } from "../src/dns/blocking/mod.ts";
import { type ListFile, PageReader } from "../src/dns/pages/mod.ts";
import { randomOf, writeLists } from "./dns-list-names.ts";

const ALL_LISTS = 0x7fffffff;
const QUESTIONS = 200_000;
const REFRESHES = 20;
const LIVE_RULES = 500;

const { values } = parseArgs({
  options: {
    names: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
    task: { type: "string" },
    folder: { type: "string" },
  },
});
const rounds = Number(values.rounds);

if (values.task === undefined) runAll();
else await TASKS()[values.task]!(filesIn(values.folder!));

function TASKS(): Record<string, (files: readonly ListFile[]) => void | Promise<void>> {
  return { build: measureBuild, memory: measureMemory, lookup: measureLookups, verify, rule: measureRules };
}

function runAll(): void {
  const folder = mkdtempSync(join(tmpdir(), "tenk-dns-list-"));
  try {
    const { names, meanLength } = writeLists(folder, Number(values.names));
    console.log(`${names} names in three lists, ${meanLength.toFixed(1)} letters on average`);
    for (const task of Object.keys(TASKS())) {
      const words = [import.meta.path, "--task", task, "--folder", folder, "--rounds", values.rounds];
      const { status } = spawnSync(process.execPath, words, { stdio: "inherit" });
      if (status !== 0) throw new Error(`${task} ended with ${status}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function filesIn(folder: string): ListFile[] {
  return ["adblock.txt", "hosts.txt", "domains.txt"].map((name, list) => ({ path: join(folder, name), list }));
}

function print(what: string, figures: readonly number[], unit: string, bar: string): void {
  const sorted = [...figures].sort((one, other) => one - other);
  const text = (value: number) => (value < 10 ? value.toFixed(3) : value.toFixed(value < 100 ? 1 : 0));
  const range = `best ${text(sorted[0]!)}, median ${text(sorted[sorted.length >> 1]!)}, worst ${text(sorted.at(-1)!)}`;
  console.log(`${what.padEnd(34)} ${range} ${unit} (bar ${bar})`);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function timed(work: () => void): number {
  const startMs = cpuMs();
  work();
  return cpuMs() - startMs;
}

/** The first build of a process, which the compiler's work is part of: each in a process of its own. */
function measureBuild(files: readonly ListFile[]): void {
  if (process.env.TENK_BUILD_ONCE !== undefined) {
    console.log(timed(() => void new BlockLists().buildNow(files)));
    return;
  }
  const first = Array.from({ length: rounds }, () => {
    const env = { ...process.env, TENK_BUILD_ONCE: "1" };
    return Number(spawnSync(process.execPath, process.argv.slice(1), { env, encoding: "utf8" }).stdout);
  });
  print("build, a process's first", first, "ms CPU", "≤ 1000");
  const lists = new BlockLists();
  const again = Array.from({ length: rounds + 2 }, () => timed(() => void lists.buildNow(files))).slice(2);
  print("build again", again, "ms CPU", "≤ 1000");
  print("bytes a name", [lists.bytes / lists.countNames()], "", "≤ 14");
}

function statusOf(field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

/** Resident memory with all lists, and its peak over refreshes. */
async function measureMemory(files: readonly ListFile[]): Promise<void> {
  const bare = statusOf("VmRSS");
  const lists = new BlockLists();
  lists.buildNow(files);
  await settle();
  const settled = statusOf("VmRSS");
  print("resident, a process without lists", [bare], "MiB", "");
  print("resident, with lists", [settled], "MiB", "≤ 65");
  const ratios: number[] = [];
  for (let refresh = 0; refresh < REFRESHES; refresh++) {
    writeFileSync("/proc/self/clear_refs", "5");
    await lists.build(files);
    ratios.push(statusOf("VmHWM") / settled);
  }
  print(`peak over ${REFRESHES} refreshes / resident`, ratios, "", "≤ 1.05");
  print("bytes a name, after them", [lists.bytes / lists.countNames()], "", "≤ 14");
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    Bun.gc(true);
    await Bun.sleep(200);
  }
}

interface Questions {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
}

function measureLookups(files: readonly ListFile[]): void {
  const { memory, seed } = new BlockLists().buildNow(files);
  const decision = new BlockDecision(new PageReader(memory), new RuleIndex([], seed));
  const sets = questionSets(files);
  const bars: Record<string, string> = {
    "hit of 4 labels": "≤ 500",
    hit: "≤ 500",
    "miss of 4 labels": "≤ 150",
    miss: "≤ 150",
  };
  const figures = Object.fromEntries(Object.keys(sets).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds * 2 + 2; round++) {
    for (const [name, { bytes, starts }] of Object.entries(sets)) {
      const spent = timed(() => {
        for (let index = 0; index < starts.length; index++) decision.decide(bytes, starts[index]!, 1, ALL_LISTS);
      });
      if (round > 1) figures[name]!.push((spent * 1e6) / starts.length);
    }
  }
  for (const [name, each] of Object.entries(figures)) print(`decide, ${name}`, each, "ns CPU", bars[name] ?? "");
}

function namesOf(path: string): string[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.replace(/^\|\||^0\.0\.0\.0 |\^$/g, ""));
}

function questionSets(files: readonly ListFile[]): Record<string, Questions> {
  const random = randomOf(99);
  const names = namesOf(files[0]!.path);
  const all = new Set(files.flatMap(({ path }) => namesOf(path)));
  const pick = () => names[random(names.length)]!;
  const word = () => Array.from({ length: 4 + random(8) }, () => random(36).toString(36)).join("");
  const make = (question: () => string | undefined) => {
    const made: string[] = [];
    while (made.length < QUESTIONS) {
      const name = question();
      if (name !== undefined) made.push(name);
    }
    return pack(made);
  };
  const top = () => pick().split(".").at(-1)!;
  return {
    hit: make(pick),
    "hit of 4 labels": make(() => {
      const name = pick();
      const missing = 4 - name.split(".").length;
      return missing > 0 ? `${Array.from({ length: missing }, word).join(".")}.${name}` : undefined;
    }),
    miss: make(() => {
      const name = `${word()}.${top()}`;
      return all.has(name) ? undefined : name;
    }),
    "miss of 4 labels": make(() => `${["www", "cdn", "api", "e12", "static"][random(5)]}.${word()}.${word()}.${top()}`),
  };
}

function pack(names: readonly string[]): Questions {
  const wires = names.map((name) => Buffer.concat([...name.split(".").map(label), Uint8Array.of(0)]));
  const starts = new Uint32Array(names.length);
  let at = 0;
  for (const [index, wire] of wires.entries()) {
    starts[index] = at;
    at += wire.length;
  }
  return { bytes: Buffer.concat(wires), starts };
}

function label(text: string): Buffer {
  return Buffer.from(String.fromCharCode(text.length) + text, "latin1");
}

/** Two million questions, against a plain map. */
function verify(files: readonly ListFile[]): void {
  const { memory } = new BlockLists().buildNow(files);
  const reader = new PageReader(memory);
  const plain = new Map<string, number>();
  for (const { path, list } of files)
    for (const name of namesOf(path)) plain.set(name, (plain.get(name) ?? 0) | (1 << list));
  const random = randomOf(7);
  const words = ["www", "x", "ads", "not-there", "m"];
  let wrong = 0;
  let checked = 0;
  const check = (name: string) => {
    const { bytes } = pack([name]);
    const rank = reader.lookup(bytes, 0, ALL_LISTS);
    checked += 1;
    if ((rank < 0 ? 0 : reader.lists) !== expectedLists(plain, name)) wrong += 1;
  };
  for (const name of plain.keys()) {
    check(name);
    check(random(2) === 0 ? `${words[random(5)]}.${name}` : `${words[random(5)]}${name}`);
  }
  console.log(`lookups against a plain map         ${checked}, of which wrong: ${wrong} (bar 0)`);
}

/** The first list is of whole trees, the others of exact names. The shortest name decides. */
function expectedLists(plain: ReadonlyMap<string, number>, name: string): number {
  for (let dot = name.lastIndexOf("."); dot >= 0; dot = dot === 0 ? -1 : name.lastIndexOf(".", dot - 1)) {
    const lists = (plain.get(name.slice(dot + 1)) ?? 0) & 1;
    if (lists !== 0) return lists;
  }
  return plain.get(name) ?? 0;
}

function measureRules(files: readonly ListFile[]): void {
  const lists = new BlockLists();
  lists.buildNow(files);
  const figures = Array.from({ length: LIVE_RULES }, (_, index) => {
    const startMs = performance.now();
    lists.change({ name: `own${index}.example${index * 7}.com`, flags: 1, add: 1, remove: 0 });
    return performance.now() - startMs;
  });
  print("one rule", figures, "ms", "≤ 1");
}
