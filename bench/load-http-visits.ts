import { readFileSync, rmSync } from "node:fs";
import { product } from "./build.ts";
import { freePort } from "./free-port.ts";
import type { Told } from "./generator-output.ts";
import { type Asked, HTTP_GENERATORS, type HttpGenerator } from "./http-generators.ts";
import type { BenchOptions } from "./options.ts";
import { COMPRESSED, type PageServer, startPageServer } from "./page-server.ts";
import type { ServerLog } from "./planned-truth.ts";
import { cpuTimeOf, residentBytesOf } from "./proc.ts";
import { answers, type Running, start } from "./process.ts";

/** How long the server is late, of all answers while it stalls or of single ones. */
export const PAUSE_MS = 500;
export const STALL_EVERY_MS = 5000;
export const SLOW_EVERY = 200;
/** Requests a second, in all, of the open model. */
export const PER_SECOND = 2000;

/** A server that stalls as a whole, and one of which some answers are slow while all others go on. */
export type Lateness = "stalled" | "slow";
const LATENESS: Readonly<Record<Lateness, readonly [stallEveryMs: number, slowEvery: number]>> = {
  stalled: [STALL_EVERY_MS, 0],
  slow: [0, SLOW_EVERY],
};

const START_MS = 10_000;
/** Time that a generator gets beyond its own to start, and to end. */
const SLACK_MS = 20_000;
const GENERATOR = 0;
const SERVER = 1;

/** Which processor a side is kept on. */
function on(processor: number, { pin }: Pick<BenchOptions, "pin">): number | undefined {
  return pin ? processor : undefined;
}

export interface Spent {
  readonly cpuUsPerRequest: number;
  /** Of one processor. */
  readonly cpuPercent: number;
  readonly perSecond: number;
  readonly residentBytes: number;
}

/** Runs a generator as fast as answers come and reads, after its warm-up, its CPU time and nginx's count of requests. */
export async function visitClosed(
  generator: HttpGenerator,
  server: PageServer,
  isTls: boolean,
  options: BenchOptions,
): Promise<Spent> {
  const { warmUpSeconds, seconds } = options;
  const url = `${isTls ? server.tlsUrl : server.url}small.txt`;
  // Longer than the measurement: it is ended afterwards.
  const load = start(generator.command({ url, seconds: warmUpSeconds + seconds + 10 }), on(GENERATOR, options));
  try {
    await untilAnswered(server, load);
    await Bun.sleep(warmUpSeconds * 1000);
    const before = await mark(server, load.pid);
    await Bun.sleep(seconds * 1000);
    const after = await mark(server, load.pid);
    const cpuMs = after.cpuMs - before.cpuMs;
    const tookMs = after.atMs - before.atMs;
    const requests = after.requests - before.requests;
    return {
      cpuUsPerRequest: (cpuMs * 1000) / requests,
      cpuPercent: (cpuMs * 100) / tookMs,
      perSecond: (requests * 1000) / tookMs,
      residentBytes: residentBytesOf(load.pid),
    };
  } finally {
    await load.stop();
  }
}

async function untilAnswered(server: PageServer, load: Running): Promise<void> {
  const before = await server.requests();
  for (const endMs = performance.now() + START_MS; performance.now() < endMs; await Bun.sleep(50)) {
    if ((await server.requests()) > before + 1000) return;
  }
  throw new Error(`had no answers: ${load.complaint() || load.lines.at(-1)}`);
}

async function mark(server: PageServer, pid: number) {
  const requests = await server.requests();
  const { userMs, systemMs } = cpuTimeOf(pid);
  return { requests, cpuMs: userMs + systemMs, atMs: performance.now() };
}

export interface Late {
  readonly told: Told;
  readonly log: ServerLog;
}

/** Runs a generator against a late server. A multiple of its period has the same share of stalls wherever it begins. */
export async function visitLate(
  generator: HttpGenerator,
  lateness: Lateness,
  seconds: number,
  options: Pick<BenchOptions, "pin">,
): Promise<Late> {
  const port = await freePort();
  const file = product(`stall-${port}.log`);
  const words = [port, PAUSE_MS, ...LATENESS[lateness]].map(String);
  const server = start([product("stall-server"), ...words, file], on(SERVER, options));
  try {
    if (!(await answers(port, START_MS))) throw new Error(`the server in C did not listen: ${server.complaint()}`);
    const asked: Asked = { url: `http://127.0.0.1:${port}/`, seconds, perSecond: PER_SECOND };
    const lines = await toItsEnd(generator.command(asked), seconds, options);
    server.signal("SIGTERM");
    const { stallsUs } = JSON.parse(await server.nextLine(START_MS)) as { stallsUs: ServerLog["stallsUs"] };
    await server.exited;
    const bytes = readFileSync(file);
    const timesUs = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return { told: generator.read(lines), log: { stallsUs, timesUs } };
  } finally {
    await server.stop();
    rmSync(file, { force: true });
  }
}

/** @throws {Error} with what it said, when it does not end in its time or printed nothing */
async function toItsEnd(
  command: readonly string[],
  seconds: number,
  options: Pick<BenchOptions, "pin">,
): Promise<readonly string[]> {
  const running = start(command, on(GENERATOR, options));
  const timer = setTimeout(() => running.signal("SIGKILL"), seconds * 1000 + SLACK_MS);
  await running.exited;
  clearTimeout(timer);
  if (running.lines.length === 0) throw new Error(`${command[0]} printed nothing: ${running.complaint()}`);
  return running.lines;
}

/** The same command line to both, against one server. */
export interface Agreement {
  readonly server: string;
  /** The one that is the limit. */
  readonly limit: "server" | "generator";
  readonly wrkPerSecond: number;
  readonly tenkPerSecond: number;
  /** Why tenk calls itself the limit; empty where it does not. */
  readonly saturation: readonly string[];
}

/** `-t 32 -c 64`, as wrk's users write. */
function wrkLine(seconds: number, url: string, ...more: readonly string[]): string[] {
  return ["-t", "32", "-c", "64", "-d", `${seconds}s`, ...more, url];
}

/** A page that the server must compress: its answers are the limit. */
export async function agreeOnPages(
  name: "nginx" | "caddy",
  seconds: number,
  options: Pick<BenchOptions, "pin">,
): Promise<Agreement> {
  const server = await startPageServer(name, on(SERVER, options));
  try {
    const line = wrkLine(seconds, `${server.url}text.txt`, ...COMPRESSED);
    return { server: `${name}, a page of 24 KB compressed`, limit: "server", ...(await agree(line, seconds, options)) };
  } finally {
    await server.stop();
  }
}

/** A server in C whose answers cost less than reading them. */
export async function agreeOnCheapAnswers(seconds: number, options: Pick<BenchOptions, "pin">): Promise<Agreement> {
  const port = await freePort();
  const server = start([product("stall-server"), String(port), "0", "0", "0", "/dev/null"], on(SERVER, options));
  try {
    if (!(await answers(port, START_MS))) throw new Error(`the server in C did not listen: ${server.complaint()}`);
    const line = wrkLine(seconds, `http://127.0.0.1:${port}/`);
    return { server: "C, 100 B", limit: "generator", ...(await agree(line, seconds, options)) };
  } finally {
    await server.stop();
  }
}

async function agree(line: readonly string[], seconds: number, options: Pick<BenchOptions, "pin">) {
  const wrk = (await toItsEnd(["wrk", ...line], seconds, options)).join("\n");
  const tenk = HTTP_GENERATORS[0]!.command({ url: "", seconds });
  const before = tenk.slice(0, tenk.indexOf("http") + 1);
  const lines = await toItsEnd([...before, "--no-save", "--no-live", "--json", "-", ...line], seconds, options);
  const { protocol, generator } = JSON.parse(lines.join("\n")) as {
    protocol: { perSecond: number };
    generator: { saturation: string[] };
  };
  return {
    wrkPerSecond: Number(/^Requests\/sec:\s+([\d.]+)/m.exec(wrk)?.[1]),
    tenkPerSecond: protocol.perSecond,
    saturation: generator.saturation,
  };
}
