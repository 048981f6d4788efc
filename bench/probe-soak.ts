/**
 * Measures what probing costs. `node_modules/.bin/bun bench/probe-soak.ts [SECONDS] [SERVICES]` runs an instance that probes 200 services of real
 * nginx (HTTP and HTTPS), Redis, memcached and NATS every second, thirty times as often as by default: two minutes are an hour. It prints
 * memory, descriptors and bytes written after every tenth, and processor time a probe beside that of an instance without services.
 *
 * Exits with 1 when probing at 30 s would take more than 0.5 % of a core, when memory grows by more than 4 MiB after the first fifth, when
 * a descriptor is left, or when a service is not up.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseConfig, up } from "../src/app/mod.ts";
import { freePort } from "./free-port.ts";
import { anonymousBytesOf, cpuTimeOf } from "./proc.ts";

const MEBIBYTE = 1024 * 1024;
const MAX_CORE = 0.005;
const MAX_GROWTH = 4 * MEBIBYTE;
const USUAL_INTERVAL_S = 30;
const FIXTURES = join(import.meta.dirname, "../test/net/fixtures");

/** Runs an instance; a line on its input has it collect garbage and answer with its counts. */
async function runInstance(folder: string, text: string): Promise<void> {
  const instance = await up(parseConfig(text, "soak.yaml", folder), { logDefaults: false, dataFolder: join(folder, "data") }); // biome-ignore format: one line
  console.log("up");
  for await (const _ of createInterface(process.stdin)) {
    Bun.gc(true);
    const families = await instance.families();
    const samples = (name: string) => families.find((each) => each.name === name)?.samples ?? [];
    const probes = samples("tenk_probe_probes_total").reduce((sum, { value }) => sum + value, 0);
    const well = samples("probe_success").filter(({ value }) => value === 1).length;
    console.log(JSON.stringify({ probes, well }));
  }
  await instance.stop(0);
  process.exit(0);
}

/** Starts the servers. @returns the services' section, and how to end the servers */
async function startServers(folder: string, count: number) {
  const [http, https, redis] = [await freePort(), await freePort(), await freePort()];
  const [memcached, nats] = [await freePort(), await freePort()];
  for (const part of ["cert", "key"]) copyFileSync(join(FIXTURES, `first-${part}.pem`), join(folder, `${part}.pem`));
  const nginx = `daemon off; error_log /dev/null; pid ${folder}/nginx.pid; events {}
http { access_log off; server { listen 127.0.0.1:${http}; listen 127.0.0.1:${https} ssl; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem; return 200 "well"; } }`;
  writeFileSync(join(folder, "nginx.conf"), nginx);
  const commands = [
    ["nginx", "-c", join(folder, "nginx.conf"), "-p", folder],
    ["redis-server", "--port", `${redis}`, "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
    ["memcached", "-l", "127.0.0.1", "-p", `${memcached}`, "-u", "nobody"],
    ["nats-server", "-a", "127.0.0.1", "-p", `${nats}`],
  ];
  const children = commands.map(([program, ...words]) => spawn(program!, words, { stdio: "ignore" }));
  for (const port of [http, https, redis, memcached, nats]) await listens(port);
  const targets = [
    `{ target: "http://127.0.0.1:${http}" }`,
    `{ target: "redis://127.0.0.1:${redis}" }`,
    `{ target: "https://127.0.0.1:${https}", tls: { verify: false } }`,
    `{ target: "http://127.0.0.1:${http}" }`,
    `{ target: "memcached://127.0.0.1:${memcached}" }`,
    `{ target: "nats://127.0.0.1:${nats}" }`,
    `{ target: "http://127.0.0.1:${http}" }`,
    `{ target: "tcp://127.0.0.1:${redis}" }`,
  ];
  const services = Array.from({ length: count }, (_, at) => `  s${at}: ${targets[at % targets.length]}\n`).join("");
  const ended = children.map((child) => new Promise((resolve) => child.once("exit", resolve)));
  const stop = async () => {
    for (const child of children) child.kill();
    await Promise.all(ended);
  };
  return { services, stop };
}

async function listens(port: number): Promise<void> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}: are nginx, redis-server, memcached and nats-server installed?`);
}

interface Sample {
  readonly cpuMs: number;
  readonly bytes: number;
  readonly descriptors: number;
  readonly written: number;
  readonly probes: number;
  readonly well: number;
}

class Measured {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  }

  static async start(folder: string, text: string): Promise<Measured> {
    const words = [import.meta.filename, "instance", folder, text];
    const measured = new Measured(spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] }));
    await measured.#lines.next();
    return measured;
  }

  async sample(): Promise<Sample> {
    const pid = this.#child.pid!;
    // Before its garbage is collected, which probing does not do.
    const { userMs, systemMs } = cpuTimeOf(pid);
    this.#child.stdin!.write("\n");
    const { probes, well } = JSON.parse((await this.#lines.next()).value as string) as Pick<Sample, "probes" | "well">;
    const written = Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    return { cpuMs: userMs + systemMs, bytes: anonymousBytesOf(pid), descriptors, written, probes, well };
  }

  async stop(): Promise<void> {
    this.#child.stdin!.end();
    await new Promise((resolve) => this.#child.once("exit", resolve));
  }
}

/** Measures for a time, in ten parts. */
async function measure(text: string, seconds: number, print: (line: string) => void): Promise<Sample[]> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-probe-"));
  const measured = await Measured.start(folder, text);
  const samples: Sample[] = [];
  try {
    // Just-in-time compilers settle.
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    for (let part = 0; part <= 10; part++) {
      if (part > 0) await new Promise((resolve) => setTimeout(resolve, seconds * 100));
      const sample = await measured.sample();
      samples.push(sample);
      const { bytes, descriptors, written, probes, well } = sample;
      print(`${part * 10} %: ${probes} probes, ${well} up, ${(bytes / MEBIBYTE).toFixed(1)} MiB, ${descriptors} descriptors, ${(written / 1e6).toFixed(1)} MB written`); // biome-ignore format: one line
    }
  } finally {
    await measured.stop();
    rmSync(folder, { recursive: true });
  }
  return samples;
}

async function main(seconds: number, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-probed-"));
  const { services, stop } = await startServers(folder, count);
  const quiet = 'proxy: off\nalerts: off\ndashboard: { listen: "127.0.0.1:0" }\n';
  try {
    const samples = await measure(`${quiet}probe: { interval: 1s }\nservices:\n${services}`, seconds, console.log);
    const idle = await measure(`${quiet}services: { a: { respond: well } }\nprobe: off\n`, Math.min(seconds, 30), () => undefined); // biome-ignore format: one line
    const [first, last] = [samples[0]!, samples.at(-1)!];
    const perSecond = (from: Sample, to: Sample, over: number) => (to.cpuMs - from.cpuMs) / over;
    const idleCpu = perSecond(idle[0]!, idle.at(-1)!, Math.min(seconds, 30));
    const cpu = perSecond(first, last, seconds) - idleCpu;
    const perProbeUs = (cpu * seconds * 1000) / (last.probes - first.probes);
    const share = (perProbeUs * count) / USUAL_INTERVAL_S / 1e6;
    const growth = last.bytes - samples[2]!.bytes;
    console.log(`idle ${(idleCpu / 10).toFixed(2)} % of a core; a probe ${perProbeUs.toFixed(0)} us; ${count} services at ${USUAL_INTERVAL_S} s: ${(share * 100).toFixed(2)} % of a core`); // biome-ignore format: one line
    const wrong = [
      ...(share > MAX_CORE ? [`more than ${MAX_CORE * 100} % of a core`] : []),
      ...(growth > MAX_GROWTH ? [`memory grew by ${(growth / MEBIBYTE).toFixed(1)} MiB`] : []),
      // Those of probes in progress come and go.
      ...(last.descriptors > first.descriptors + count ? ["descriptors are left"] : []),
      ...(last.well < count ? [`${count - last.well} services are not up`] : []),
    ];
    for (const each of wrong) console.error(`probe-soak: ${each}`);
    process.exitCode = wrong.length > 0 ? 1 : 0;
  } finally {
    await stop();
    rmSync(folder, { recursive: true });
  }
}

const [first = "120", second = "200", third = ""] = process.argv.slice(2);
if (first === "instance") await runInstance(second, third);
else await main(Number(first), Number(second));
