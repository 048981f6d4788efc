/**
 * Measures ten thousand members in one room of examples/chat.ts on two event loops, without and with some that never read:
 *
 *     bun bench/chat-many.ts [--subscribers 10000] [--silent 100] [--messages 60] [--rounds 3]
 *
 * Exits with 1 unless each message reached each subscriber once.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { formatBytes } from "../src/base/mod.ts";
import type { ListenerCounts } from "../src/mod.ts";
import { Crowd, type Stretch } from "./chat-crowd.ts";
import { anonymousBytesOf, cpuTimeOf } from "./proc.ts";
import { type Running, start } from "./process.ts";

/** A stretch, with the server's cost per message. */
interface Round extends Stretch {
  readonly cpuMs: number;
}

const WORKERS = 2;
const PUBLISHERS = 4;
const ANSWER_MS = 20_000;

const number = (value: number) => ({ type: "string", default: String(value) }) as const;
const { values } = parseArgs({
  options: {
    subscribers: number(10_000),
    silent: number(100),
    messages: number(60),
    rate: number(3),
    size: number(900),
    queue: number(8 * 1024),
    rounds: number(3),
  },
});
const subscribers = Number(values.subscribers);
const silent = Number(values.silent);

const words = [process.execPath, new URL("chat-many-server.ts", import.meta.url).pathname];
const server = start([...words, String(WORKERS), values.queue]);
const crowd = new Crowd(Number(await server.nextLine(ANSWER_MS)), PUBLISHERS);
let passed = true;

logMemory("start", server);
await crowd.join(subscribers);
await until((counts) => counts.subscriptions === subscribers);
logMemory(`${subscribers} subscribers`, server);
await publish("to warm up");
const without: Round[] = [];
const beside: Round[] = [];
let lostBySilent = 0;
// In turn, so that disturbances of the machine affect both alike.
for (let round = 1; round <= Number(values.rounds); round++) {
  without.push(await publish(`round ${round}, without silent ones`));
  const { publishedDropped: before } = await counts();
  await crowd.joinSilent(silent);
  await until((now) => now.subscriptions === subscribers + silent);
  beside.push(await publish(`round ${round}, with ${silent} that never read`));
  const { publishedDropped, writeQueueBytes } = await counts();
  lostBySilent += publishedDropped - before;
  console.log(
    `  not delivered to them: ${publishedDropped - before} messages; in write queues ${formatBytes(writeQueueBytes)}`,
  );
  crowd.leaveSilent();
  await until((now) => now.subscriptions === subscribers);
}
const lost = (await counts()).publishedDropped - lostBySilent;
console.log(`without silent ones: ${summed(without)}`);
console.log(`with them: ${summed(beside)}`);
console.log(`closed: ${crowd.closed}; lost by others: ${lost}; passed: ${passed}`);
await server.stop();
process.exit(passed ? 0 : 1);

async function publish(name: string): Promise<Round> {
  const before = cpu();
  const got = await crowd.publish(Number(values.messages), Number(values.rate), Number(values.size));
  passed &&= got.received === got.expected && got.wrong === 0;
  console.log(`${name}: ${describe(got)}`);
  logMemory(name, server);
  const after = cpu();
  const ownMs = after.serverMs + after.crowdMs - before.serverMs - before.crowdMs;
  const others = (after.busyMs - before.busyMs - ownMs) / (after.atMs - before.atMs);
  console.log(`  meanwhile other programs took ${others.toFixed(2)} processors`);
  return { ...got, cpuMs: (after.serverMs - before.serverMs) / got.messages };
}

/** Processor time in milliseconds: of this process, and of the whole machine. */
function cpu() {
  const spent = cpuTimeOf(server.pid);
  const own = process.cpuUsage();
  // man 5 proc, /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal in ticks of 10 ms.
  const ticks = readFileSync("/proc/stat", "utf8").split("\n", 1)[0]!.split(/\s+/).slice(1, 9).map(Number);
  const busy = ticks.reduce((sum, value, index) => (index === 3 || index === 4 ? sum : sum + value), 0);
  return {
    ...{ serverMs: spent.userMs + spent.systemMs, crowdMs: (own.user + own.system) / 1000 },
    ...{ busyMs: busy * 10, atMs: performance.now() },
  };
}

/** Describes all rounds; the quietest is the one that other programs disturbed least. */
function summed(rounds: readonly Round[]): string {
  const sorted = (of: (round: Round) => number) => rounds.map(of).sort((left, right) => left - right);
  const middle = (of: (round: Round) => number) => (sorted(of)[rounds.length >> 1] ?? Number.NaN).toFixed(1);
  const least = (sorted(({ p99Ms }) => p99Ms)[0] ?? Number.NaN).toFixed(1);
  const quiet = `p99 ${middle(({ p99Ms }) => p99Ms)} ms, in the quietest round ${least} ms`;
  return `${quiet}; to the last ${middle(({ lastMs }) => lastMs)} ms; server CPU ${middle(({ cpuMs }) => cpuMs)} ms a message`;
}

function describe({ messages, expected, received, wrong, p50Ms, p99Ms, maxMs, lastMs }: Stretch): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const latency = `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}, max ${ms(maxMs)}, to the last ${ms(lastMs)}`;
  return `${messages} messages, ${received} of ${expected} received, ${wrong} wrong; ${latency}`;
}

function logMemory(when: string, { pid }: Running): void {
  console.log(`  memory of the server (${when}): ${formatBytes(anonymousBytesOf(pid))}`);
}

async function counts(): Promise<ListenerCounts> {
  server.write("counts");
  return JSON.parse(await server.nextLine(ANSWER_MS));
}

async function until(holds: (counts: ListenerCounts) => boolean): Promise<void> {
  const endMs = performance.now() + ANSWER_MS;
  while (!holds(await counts())) {
    if (performance.now() > endMs) throw new Error(`the server never reached: ${holds}`);
    await Bun.sleep(50);
  }
}
