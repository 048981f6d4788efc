import { messageOf } from "../src/base/mod.ts";
import type { Bar } from "./bars.ts";
import { compileC, tenkCommand, tenkVersion } from "./build.ts";
import { freePort } from "./free-port.ts";
import type { BenchOptions } from "./options.ts";
import { type Bench, roundsOf } from "./page.ts";
import { type Mode, PEERS, SENDER } from "./peers.ts";
import { anonymousBytesOf, cpuTimeOf } from "./proc.ts";
import { answers, isInstalled, type Running, start, versionOf } from "./process.ts";
import { type Measured, middle, type Outcome, pairedRatio, ready, visits } from "./rounds.ts";
import { figure, median, type Table, times, withRange } from "./table.ts";

const CONNECTS_PER_SECOND = 2000;
/** Extra time for a generator to open its connections; after it, it is measured with those it has. */
const PATIENCE_SECONDS = 15;

/** A load generator that is measured, against the C peer in `mode`. */
export interface Generator extends Measured {
  /** Uses both processors, although its server runs on one of them, as in normal use. */
  readonly isFree: boolean;
  /** Its standard input. */
  input(options: BenchOptions, seconds: number): string[];
  readonly mode: Mode;
  command(port: number, options: BenchOptions, seconds: number): string[];
}

export const GENERATORS: readonly Generator[] = [
  cSender(),
  tenk("tenk", "sink", []),
  tcpkali("tcpkali", "sink", ["-w", "1"]),
  { ...tcpkali("tcpkali-default", "sink", []), isFree: true },
  tenk("tenk-echo", "echo", []),
  tenk("tenk-echo-latency", "echo", ["--latency-marker", "x"]),
  tcpkali("tcpkali-echo-latency", "echo", ["-w", "1", "--latency-marker", "x"]),
];

export const LOAD: Bench = {
  peers: GENERATORS,
  prepare: () => compileC("sink-epoll"),
  async measure(options, log) {
    const { connections, perSecond, size, seconds } = options;
    const outcome = await measureGenerators(GENERATORS, options, log);
    return {
      plan: `${connections} connections x ${perSecond} messages/s of ${size} B for ${seconds} s a round ${roundsOf(options)}`,
      ...{ outcome, table: generatorTable(outcome.results), bars: generatorBars(outcome.results) },
      remarks: generatorRemarks(outcome.results, options),
    };
  },
};

/** The lower bound: the cost of sending by itself. */
function cSender(): Generator {
  return {
    ...{ name: "c-sender", mode: "sink", isFree: false },
    prepare: () => compileC("sender-epoll"),
    command: (port) => [SENDER, String(port), "0"],
    input: ({ connections, perSecond, size, tickUs }, seconds) => [
      ...[`connect ${connections} ${CONNECTS_PER_SECOND}`, `send ${perSecond} ${seconds} ${size} ${tickUs}`],
    ],
    version: PEERS[0]!.version,
  };
}

function tenk(name: string, mode: Mode, words: readonly string[]): Generator {
  return {
    ...{ name, mode, isFree: false, input: () => [] },
    prepare: () => undefined,
    command: (port, options, seconds) => [
      ...tenkCommand(),
      "load",
      "tcp",
      "-w",
      "1",
      ...shared(port, options, seconds),
      ...words,
    ],
    version: tenkVersion,
  };
}

function tcpkali(name: string, mode: Mode, words: readonly string[]): Generator {
  return {
    ...{ name, mode, isFree: false, input: () => [] },
    prepare: () => (isInstalled("tcpkali") ? undefined : "tcpkali is not on the PATH"),
    command: (port, options, seconds) => ["tcpkali", ...shared(port, options, seconds), ...words],
    version: () => versionOf("tcpkali", "--version"),
  };
}

/** The options that both generators have. */
function shared(port: number, { connections, perSecond, size }: BenchOptions, seconds: number): string[] {
  return [
    ...["-c", String(connections), "-r", String(perSecond), "-m", "x".repeat(size), "-T", `${seconds}s`],
    ...["--connect-rate", String(CONNECTS_PER_SECOND), `127.0.0.1:${port}`],
  ];
}

/** Result of one visit to a generator, by the server's counts. */
export interface GeneratorRound {
  readonly cpuUsPerMessage: number;
  /** As a share of one processor. */
  readonly cpuPercent: number;
  readonly messagesPerSecond: number;
  /** Messages per read: 1 when each was sent alone, as planned; more when several were sent in one write. */
  readonly messagesPerRead: number;
  readonly connections: number;
  readonly bytesPerConnection: number;
}

interface SinkCounts {
  readonly active: number;
  readonly reads: number;
  readonly bytes: number;
}

export type GeneratorResults = ReadonlyMap<string, readonly GeneratorRound[]>;

/** Visits the generators one after the other, each with a new server. A failed visit is logged, and the run goes on. */
export async function measureGenerators(
  generators: readonly Generator[],
  options: BenchOptions,
  log: (line: string) => void,
): Promise<Outcome<readonly GeneratorRound[]>> {
  const { chosen, versions, skipped } = ready(generators, options.only);
  const results = new Map<string, GeneratorRound[]>(chosen.map(({ name }) => [name, []]));
  for (const generator of visits(chosen, options.rounds)) {
    log(`${generator.name} ...`);
    try {
      results.get(generator.name)?.push(await visitGenerator(generator, options));
    } catch (error) {
      skipped[generator.name] = messageOf(error);
    }
  }
  for (const [name, rounds] of results) if (rounds.length === 0) results.delete(name);
  return { results, versions, skipped };
}

async function visitGenerator(generator: Generator, asked: BenchOptions): Promise<GeneratorRound> {
  const options = { ...asked, perSecond: rateOf(generator.mode, asked) };
  const { connections, seconds, warmUpSeconds, size, pin } = options;
  const rampSeconds = Math.ceil(connections / CONNECTS_PER_SECOND);
  const port = await freePort();
  const server = start(PEERS[0]!.command(generator.mode, port), pin ? 1 : undefined);
  try {
    if (!(await answers(port, 5000))) throw new Error(`the C peer did not listen: ${server.complaint()}`);
    // Longer than the measurement: the generator is stopped afterwards.
    const runSeconds = rampSeconds + PATIENCE_SECONDS + warmUpSeconds + seconds + 5;
    const load = start(generator.command(port, options, runSeconds), pin && !generator.isFree ? 0 : undefined);
    for (const line of generator.input(options, runSeconds)) load.write(line);
    try {
      await untilOpen(server, load, connections, (rampSeconds + PATIENCE_SECONDS) * 1000);
      await Bun.sleep(warmUpSeconds * 1000);
      const before = await mark(server, load.pid);
      await Bun.sleep(seconds * 1000);
      const after = await mark(server, load.pid);
      const messages = (after.counts.bytes - before.counts.bytes) / size;
      const tookMs = after.atMs - before.atMs;
      return {
        cpuUsPerMessage: ((after.cpuMs - before.cpuMs) * 1000) / messages,
        cpuPercent: ((after.cpuMs - before.cpuMs) * 100) / tookMs,
        messagesPerSecond: (messages * 1000) / tookMs,
        messagesPerRead: messages / (after.counts.reads - before.counts.reads),
        connections: after.counts.active,
        bytesPerConnection: anonymousBytesOf(load.pid) / after.counts.active,
      };
    } finally {
      await load.stop();
    }
  } finally {
    await server.stop();
  }
}

/** With echo a generator sends and receives each message, so half the rate keeps within one processor. */
function rateOf(mode: Mode, options: BenchOptions): number {
  return mode === "echo" ? options.perSecond / 2 : options.perSecond;
}

/** Waits until the server has the requested connections or the time is over: tcpkali may never get there. */
async function untilOpen(server: Running, load: Running, connections: number, withinMs: number): Promise<void> {
  let hasEnded = false;
  load.exited.then(() => {
    hasEnded = true;
  });
  for (const endMs = performance.now() + withinMs; performance.now() < endMs; await Bun.sleep(250)) {
    if (hasEnded) throw new Error(`ended early: ${load.complaint() || load.lines.at(-1)}`);
    if ((await countsOf(server)).active >= connections) return;
  }
}

async function countsOf(server: Running): Promise<SinkCounts> {
  server.signal("SIGUSR1");
  return JSON.parse(await server.nextLine(5000)) as SinkCounts;
}

async function mark(server: Running, pid: number) {
  const counts = await countsOf(server);
  const { userMs, systemMs } = cpuTimeOf(pid);
  return { counts, cpuMs: userMs + systemMs, atMs: performance.now() };
}

export function generatorTable(results: GeneratorResults): Table {
  return {
    head: [
      "generator",
      "CPU us/message",
      "to tcpkali",
      "CPU % of a core",
      "messages/s",
      "messages a read",
      "connections",
      "B/connection, all in",
    ],
    rows: [...results].map(([name, of]) => [
      name,
      withRange(of.map((round) => round.cpuUsPerMessage)),
      times(cpuRatio(results, name, name.includes("latency") ? "tcpkali-echo-latency" : "tcpkali")),
      withRange(of.map((round) => round.cpuPercent)),
      withRange(of.map((round) => round.messagesPerSecond)),
      figure(median(of.map((round) => round.messagesPerRead))),
      withRange(of.map((round) => round.connections)),
      withRange(of.map((round) => round.bytesPerConnection)),
    ]),
  };
}

export function generatorRemarks(results: GeneratorResults, options: BenchOptions): string[] {
  return [...results].flatMap(([name, of]) => {
    const mode = GENERATORS.find((generator) => generator.name === name)?.mode ?? "sink";
    const planned = options.connections * rateOf(mode, options);
    const held = of.map((round) => round.connections).filter((connections) => connections !== options.connections);
    const rates = of.map((round) => round.messagesPerSecond).filter((rate) => Math.abs(rate / planned - 1) > 0.01);
    return [
      ...(held.length > 0
        ? [`${name}: held ${held.join(", ")} connections where ${options.connections} were asked for`]
        : []),
      ...(rates.length > 0
        ? [`${name}: ${rates.map(figure).join(", ")} messages/s where ${planned} were asked for`]
        : []),
    ];
  });
}

export function generatorBars(results: GeneratorResults): Bar[] {
  const memory = (name: string) => middle(results.get(name), (round) => round.bytesPerConnection);
  const latencyBytes = memory("tenk-echo-latency") - memory("tenk-echo");
  const cpu = "generator, CPU per message, to tcpkali";
  return [
    { name: `${cpu} as it comes`, most: 0.5, got: cpuRatio(results, "tenk", "tcpkali-default"), unit: "x" },
    { name: `${cpu} -w 1`, most: 0.5, got: cpuRatio(results, "tenk", "tcpkali"), unit: "x" },
    { name: "recording every latency, a connection", most: 200, got: latencyBytes, unit: "B" },
  ];
}

function cpuRatio(results: GeneratorResults, name: string, base: string): number {
  const cpu = (of: string) => (results.get(of) ?? []).map((round) => round.cpuUsPerMessage);
  return pairedRatio(cpu(name), cpu(base));
}
