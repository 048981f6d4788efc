/**
 * Checks that the proxy keeps nothing of what it carried. `node_modules/.bin/bun bench/http-soak.ts [REQUESTS]` sends 200 000
 * requests, a hundredth as many downloads and as many uploads that the client aborts, half of each over HTTP/1.1 and half over
 * HTTP/2, all over TLS, and prints the memory and the descriptors after every tenth. Then 1 GiB goes each way past a slow side, and
 * server-sent events are timed. Instance, target (`Bun.serve`) and clients (Node) are processes of their own.
 *
 * Exits with 1 when memory at the end differs by more than 10 % from that after the first 4000 requests, when a descriptor is left,
 * when a request failed, or when a slow side makes memory grow by more than 8 MiB.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseConfig, up } from "../src/app/mod.ts";
import { anonymousBytesOf, cpuTimeOf } from "./proc.ts";

const MEBIBYTE = 1024 * 1024;
const FIRST_REQUESTS = 4000;
const SLOW_BYTES = 1024 * MEBIBYTE;
const SLOW_BYTES_PER_S = 64 * MEBIBYTE;
const MAX_SLOW_GROWTH = 8 * MEBIBYTE;
const EVENTS = 300;

async function runInstance(target: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-soak-"));
  const config = parseConfig(
    `domain: home.arpa
tcp: { packets: { listen: 127.0.0.1:0 } }
services: { app: "${target}" }
proxy: { https: 127.0.0.1:0, http: off, workers: 1 }
dashboard: { listen: 127.0.0.1:0 }
data: { folder: ${folder}, history: false }`,
    "soak.yaml",
  );
  const instance = await up(config, { logDefaults: false });
  console.log(instance.listeners.find(({ name }) => name === "https")!.port);
  for await (const _ of createInterface(process.stdin)) {
    Bun.gc(true);
    console.log("{}");
  }
  const families = await instance.families();
  for (const { name, samples } of families.filter(({ name }) => /reject|error|failed/.test(name)))
    for (const { value, labels } of samples) if (value > 0) console.error(`${name} ${JSON.stringify(labels)} ${value}`);
  await instance.stop(0);
  rmSync(folder, { recursive: true });
  process.exit(0);
}

/** Answers with what its path asks for. */
function runTarget(): void {
  const piece = new Uint8Array(65_536);
  const small = new Uint8Array(100);
  const stream = (bytes: number) => {
    let left = bytes;
    return new ReadableStream({
      pull(controller) {
        controller.enqueue(left < piece.length ? piece.subarray(0, left) : piece);
        left -= piece.length;
        if (left <= 0) controller.close();
      },
    });
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(request) {
      const [, what, argument] = new URL(request.url).pathname.split("/");
      if (what === "endless") return new Response(stream(Number.MAX_SAFE_INTEGER));
      if (what === "bytes") return new Response(stream(Number(argument)));
      if (what === "events")
        return new Response(events(Number(argument)), { headers: { "Content-Type": "text/event-stream" } });
      if (what === "count" || what === "slow-count")
        return new Response(String(await count(request, Number(argument ?? 0))));
      return new Response(small);
    },
  });
  console.log(server.port);
  process.stdin.on("end", () => process.exit(0)).resume();
}

async function* events(count: number): AsyncGenerator<string> {
  for (let sent = 0; sent < count; sent++) {
    await Bun.sleep(10);
    yield `data: ${performance.timeOrigin + performance.now()}\n\n`;
  }
}

async function count(request: Request, perSecond: number): Promise<number> {
  const startMs = performance.now();
  let bytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      bytes += chunk.length;
      const aheadMs = perSecond > 0 ? (bytes / perSecond) * 1000 - (performance.now() - startMs) : 0;
      if (aheadMs > 20) await Bun.sleep(aheadMs);
    }
  } catch {
    // The client aborted.
  }
  return bytes;
}

/** A process that answers each line with a line. */
class Worker {
  readonly pid: number;
  readonly #child;
  readonly #lines: AsyncIterator<string, string>;

  constructor(program: string, words: readonly string[]) {
    this.#child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
    this.pid = this.#child.pid!;
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]() as AsyncIterator<string, string>;
  }

  async next(): Promise<string> {
    return (await this.#lines.next()).value;
  }

  // biome-ignore lint/suspicious/noExplicitAny: figures of a script
  async ask(order: object): Promise<any> {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    return JSON.parse(await this.next());
  }

  end(): void {
    this.#child.stdin.end();
  }
}

const self = (word: string, ...more: string[]) => new Worker(process.execPath, [import.meta.filename, word, ...more]);
const descriptorsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const inMebibytes = (bytes: number) => (bytes / MEBIBYTE).toFixed(1);

/** Returns the least within two seconds: the allocator returns pages some time after the collector ran. */
async function restingBytes(instance: Worker): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 10; turn++) {
    await instance.ask({});
    await Bun.sleep(200);
    least = Math.min(least, anonymousBytesOf(instance.pid));
  }
  return least;
}

/** Descriptors once the kept connections to the target are closed, which is at most so long after the last request. */
async function restingDescriptors(instance: Worker, wanted: number): Promise<number> {
  const deadlineMs = performance.now() + 15_000;
  while (descriptorsOf(instance.pid) > wanted && performance.now() < deadlineMs) await Bun.sleep(100);
  return descriptorsOf(instance.pid);
}

/** @returns by how many bytes memory was above where it began, at most */
async function growth(pid: number, work: Promise<object>): Promise<number> {
  const before = anonymousBytesOf(pid);
  let most = before;
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    most = Math.max(most, anonymousBytesOf(pid));
    await Promise.race([done, Bun.sleep(50)]);
  }
  return most - before;
}

async function soak(requests: number): Promise<boolean> {
  const target = self("target");
  const instance = self("instance", `http://127.0.0.1:${await target.next()}`);
  const client = new Worker("node", [
    join(import.meta.dirname, "peers/http-soak-client.mjs"),
    await instance.next(),
    "app.home.arpa",
  ]);
  const emptyDescriptors = descriptorsOf(instance.pid);
  let failed = 0;
  console.log(
    `requests done  memory MiB  descriptors  requests/s  CPU µs each  (requests, then aborted downloads and uploads)`,
  );
  console.log(
    `${"0".padStart(13)}  ${inMebibytes(await restingBytes(instance)).padStart(10)}  ${String(emptyDescriptors).padStart(11)}`,
  );
  const part = async (count: number, done: number): Promise<number> => {
    const [startMs, startCpu] = [performance.now(), cpuTimeOf(instance.pid)];
    const asked = await client.ask({ what: "requests", count });
    const cpu = cpuTimeOf(instance.pid);
    const perSecond = Math.round(count / ((performance.now() - startMs) / 1000));
    const cpuUs = Math.round(((cpu.userMs + cpu.systemMs - startCpu.userMs - startCpu.systemMs) * 1000) / count);
    const aborted = Math.ceil(count / 100);
    for (const result of [
      asked,
      await client.ask({ what: "downloads", count: aborted }),
      await client.ask({ what: "uploads", count: aborted }),
    ]) {
      failed += result.failed;
      if (result.failed > 0) console.log(`${result.failed} failed: ${result.why}`);
    }
    await client.ask({ what: "close" });
    const bytes = await restingBytes(instance);
    const columns = [done + count, inMebibytes(bytes), descriptorsOf(instance.pid), perSecond, cpuUs];
    const widths = [13, 10, 11, 10, 11];
    console.log(columns.map((column, index) => String(column).padStart(widths[index]!)).join("  "));
    return bytes;
  };
  const first = await part(Math.min(FIRST_REQUESTS, requests), 0);
  let last = first;
  const tenth = Math.ceil((requests - FIRST_REQUESTS) / 10);
  for (let done = FIRST_REQUESTS; done < requests; done += tenth) last = await part(tenth, done);
  // The access log is opened with its first line, and stays open.
  const wantedDescriptors = emptyDescriptors + 1;
  const left = (await restingDescriptors(instance, wantedDescriptors)) - wantedDescriptors;
  const grown = (last / first - 1) * 100;
  console.log(
    `memory ${grown.toFixed(1)} % above that after the first ${FIRST_REQUESTS}; ${failed} failed; ${left} descriptors left`,
  );
  let mostGrown = 0;
  for (const [what, protocol] of [
    ["slowDownload", 1],
    ["slowDownload", 2],
    ["upload", 1],
    ["upload", 2],
  ] as const) {
    await restingBytes(instance);
    const asked = client.ask({ what, protocol, bytes: SLOW_BYTES, perSecond: SLOW_BYTES_PER_S });
    const bytes = await growth(instance.pid, asked);
    const { got } = await asked;
    if (got !== SLOW_BYTES) failed += 1;
    mostGrown = Math.max(mostGrown, bytes);
    console.log(
      `${what} over HTTP/${protocol}: ${inMebibytes(got)} MiB arrived, memory grew by ${inMebibytes(bytes)} MiB at most`,
    );
  }
  for (const protocol of [1, 2]) {
    const { events: seen, p50Ms, p99Ms } = await client.ask({ what: "events", protocol, count: EVENTS });
    if (seen !== EVENTS) failed += 1;
    console.log(
      `events over HTTP/${protocol}: ${seen}, from the target's clock to the client's p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
    );
  }
  for (const each of [client, instance, target]) each.end();
  return Math.abs(grown) <= 10 && left <= 0 && failed === 0 && mostGrown <= MAX_SLOW_GROWTH;
}

const [word, argument] = process.argv.slice(2);
if (word === "instance") await runInstance(argument!);
else if (word === "target") runTarget();
else process.exit((await soak(Number(word ?? 200_000))) ? 0 : 1);
