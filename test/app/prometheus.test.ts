/**
 * The real Prometheus (Debian's): it scrapes a box, is pushed to, and is asked every expression of our dashboards and of the
 * dashboard that everybody has for node_exporter. What a machine cannot tell, node_exporter beside us does not tell either;
 * and a machine of files that has everything must answer everything.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { dashboardFiles, type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { exposition, openHost } from "../../src/metrics/mod.ts";
import { startTenk, tenk } from "../cli/tenk.ts";
import { queryBytes } from "../dns/queries.ts";
import { RASPBERRY_PI_4 } from "../metrics/host-machines.ts";
import { fakeRoot } from "../metrics/host-support.ts";
import {
  expressionsOf,
  filledIn,
  type GrafanaPanel,
  type Prometheus,
  panelsOf,
  startPrometheus,
} from "./prometheus-support.ts";

const PROGRAMS = ["/usr/bin/prometheus", "/usr/bin/promtool"];
const isInstalled = PROGRAMS.every(existsSync);
const NODE_EXPORTER = "/usr/bin/prometheus-node-exporter";
/** Grafana's best known dashboard of a machine, which is not ours to carry: beside the checkout, or the test says so. */
const NODE_FULL = join(import.meta.dirname, "../../../shared/data/node-exporter-full.json");

const ends: (() => unknown)[] = [];
const atEnd = <Thing>(thing: Thing, end: () => unknown): Thing => {
  ends.push(end);
  return thing;
};
let prometheus: Prometheus;
let instance: Instance;
/** job → instance */
const instances: Record<string, string> = {};

/** What the story's machine lacks in the files of a Raspberry Pi: pressure of interrupts, guests, and more of its memory. */
const MORE_FILES = {
  "/proc/pressure/irq": "full avg10=0.00 avg60=0.00 avg300=0.00 total=123456\n",
  ...Object.fromEntries(
    ["cpu", "memory", "io"].map((name) => [
      `/proc/pressure/${name}`,
      "some avg10=0.00 avg60=0.00 avg300=0.00 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1234\n",
    ]),
  ),
  "/proc/meminfo": `${RASPBERRY_PI_4["/proc/meminfo"]}SReclaimable: 1 kB\nSlab: 1 kB\nPageTables: 1 kB\nHardwareCorrupted: 0 kB\n`,
};

/** A machine of files whose guests run on. */
async function startPi(): Promise<string> {
  const machine = fakeRoot({ ...RASPBERRY_PI_4, ...MORE_FILES });
  const statfs = { bsize: 4096, blocks: 1e6, bfree: 5e5, bavail: 4e5, files: 1e5, ffree: 9e4 };
  const host = openHost({ root: machine.root, statfs: async () => statfs, statfsNow: () => statfs });
  const stat = RASPBERRY_PI_4["/proc/stat"]!;
  let scrapes = 0;
  const server = createServer(async (_, response) => {
    scrapes += 1;
    const running = stat.replace(/^(cpu\d+ .*) 0 0$/gm, `$1 ${scrapes * 50} 0`);
    writeFileSync(join(machine.root, "proc/stat"), running);
    response.end(exposition(await host.collect()));
  });
  atEnd(machine, () => machine[Symbol.dispose]());
  return `127.0.0.1:${await listening(atEnd(server, () => server.close()))}`;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });
}

function startNodeExporter(): Promise<string> {
  const child = spawn(NODE_EXPORTER, ["--web.listen-address=127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
  atEnd(child, () => child.kill("SIGKILL"));
  let said = "";
  return new Promise((resolve, reject) => {
    child.stderr.on("data", (text) => {
      said += text;
      const address = /address=(127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (address) resolve(address);
    });
    child.once("close", () => reject(new Error(said)));
  });
}

/** A box with a sink, a relay to it, a service and a name server, and a client of each that goes on sending. */
async function startInstance(): Promise<Instance> {
  const target = await up(parseConfig(configOf("target: { listen: '127.0.0.1:0', handler: sink }"), "target"));
  const { port } = target.listeners[0]!;
  const relay = `via: { listen: "127.0.0.1:0", handler: relay, relay: { targets: ["127.0.0.1:${port}"] } }`;
  const tcp = configOf(`packets: { listen: "127.0.0.1:0", workers: 2 }, ${relay}`);
  const services = `proxy: { https: off, http: "127.0.0.1:0" }\nservices: { app: { target: "http://127.0.0.1:1", plainHttp: serve, hosts: [127.0.0.1] }, probed: "tcp://127.0.0.1:${port}" }`;
  // Its list is never fetched, as nothing listens there.
  const dns = `dns: { listen: "127.0.0.1:0", tls: off, blocklists: ["http://127.0.0.1:1/ads.txt"], upstreams: ["127.0.0.1:1"] }`;
  const made = await up(parseConfig(`${tcp}\n${services}\n${dns}`, "box"));
  const sockets = made.listeners.filter(({ part }) => part === "tcp").map(({ port }) => connect(port, "127.0.0.1"));
  const app = `http://127.0.0.1:${made.listeners.find(({ part }) => part === "proxy")!.port}/`;
  await fetch(app);
  const resolver = createSocket("udp4");
  const askDns = () =>
    resolver.send(queryBytes("www.example"), made.listeners.find(({ name }) => name === "udp")!.port);
  for (const socket of sockets) socket.on("error", () => undefined);
  const timer = setInterval(() => {
    for (const socket of sockets) socket.write("12345");
    void fetch(app).catch(() => undefined);
    askDns();
  }, 50);
  ends.push(async () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    resolver.close();
    await Promise.all([made.stop(0), target.stop(0)]);
  });
  return made;
}

function configOf(tcp: string): string {
  return `tcp: { ${tcp} }\ndashboard: { listen: "127.0.0.1:0" }`;
}

async function scraped(times: number): Promise<void> {
  for (let attempt = 0; attempt < 150; attempt++) {
    const counts = await prometheus.query("sum_over_time(up[1m])");
    if (counts.length === Object.keys(instances).length && counts.every(({ value }) => value >= times)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not scraped: ${JSON.stringify(await prometheus.query("up"))}`);
}

/** The expressions that have no answer. */
async function unanswered(panels: readonly GrafanaPanel[], variables: Record<string, string>, atSeconds?: number) {
  const all = expressionsOf(panels).map(async ({ panel, expression }) => {
    const answers = await prometheus.query(filledIn(expression, variables), atSeconds);
    return answers.length === 0 ? [`${panel}: ${expression}`] : [];
  });
  return (await Promise.all(all)).flat();
}

const files = dashboardFiles({ folder: "/" });
const panelsIn = (name: string) => panelsOf(JSON.parse(files[name]!));

describe.skipIf(!isInstalled)("Prometheus", () => {
  beforeAll(async () => {
    instance = await startInstance();
    instances.tenk = new URL(instance.statusUrl).host;
    instances.pi = await startPi();
    if (existsSync(NODE_EXPORTER)) instances.node = await startNodeExporter();
    const jobs = Object.entries(instances).map(([job, target]) => ({
      job_name: job,
      static_configs: [{ targets: [target] }],
    }));
    prometheus = await startPrometheus(jobs);
    atEnd(prometheus, () => prometheus[Symbol.dispose]());
    await scraped(4);
  }, 30_000);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  test("scrapes an instance as OpenMetrics, with its units", async () => {
    const metadata = async (name: string) => {
      const response = await fetch(`${prometheus.url}/api/v1/metadata?metric=${name}`);
      const { data } = (await response.json()) as { data: Record<string, { type: string; unit: string }[]> };
      return data[name]?.map(({ type, unit }) => [type, unit]);
    };
    expect(await metadata("process_cpu_seconds")).toEqual([["counter", "seconds"]]);
    expect(await metadata("tenk_event_loop_lag_seconds")).toEqual([["histogram", "seconds"]]);
    const [bytes] = await prometheus.query(`tenk_tcp_bytes_read_total{job="tenk",listener="packets"}`);
    expect(bytes?.value).toBeGreaterThan(0);
  });

  test("promtool finds nothing wrong with our own names; node_exporter's are as they are", async () => {
    const text = await (await fetch(`${instance.statusUrl}metrics`)).text();
    const check = (input: string) => {
      const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
      return {
        status,
        complaints: `${stdout}${stderr}`
          .trim()
          .split("\n")
          .filter((line) => line !== ""),
      };
    };
    const own = text.replace(/^(# \w+ )?node_.*\n/gm, "");
    expect(own).toContain("tenk_relay_target_up_ratio");
    expect(check(own)).toEqual({ status: 0, complaints: [] });
    // Those it dislikes for what they are called: the kernel's own words, and bits of entropy.
    const theirs = /^node_\w+ (metric names should be written in 'snake_case'|use base unit "bytes" instead of "bits")/;
    expect(check(text).complaints.filter((line) => !theirs.test(line))).toEqual([]);
  });

  test("answers every expression of an instance's dashboard", async () => {
    const panels = panelsIn("dashboards/tenk.json");
    const filled = { instance: instances.tenk!, __rate_interval: "10s" };
    for (const listener of ["packets", "via"]) {
      const without = await unanswered(panels, { ...filled, listener });
      // A machine may have no thermometer: then the one of files shows that the question is right. No list was fetched yet, and no service has
      // a certificate.
      const isAbsent = /^(Temperature|Age of the lists|Next certificate is over in): /;
      expect(without.filter((each) => !isAbsent.test(each))).toEqual([]);
    }
    const hot = panels.filter(({ title }) => title === "Temperature");
    expect(await unanswered(hot, { instance: instances.pi!, __rate_interval: "10s" })).toEqual([]);
  });

  test.skipIf(!existsSync(NODE_FULL))(
    "answers the first three rows of node_exporter's dashboard as with node_exporter",
    async () => {
      const panels = firstRows(JSON.parse(readFileSync(NODE_FULL, "utf8")), [
        "Quick CPU / Mem / Disk",
        "Basic CPU / Mem / Net / Disk",
        "CPU / Memory / Net / Disk",
      ]);
      expect(expressionsOf(panels).length).toBeGreaterThan(60);
      const of = (job: string) => unanswered(panels, { job, node: instances[job]!, __rate_interval: "10s" });
      expect(await of("pi")).toEqual([]);
      const [own, theirs] = [await of("tenk"), instances.node ? await of("node") : undefined];
      // What this machine does not have, nobody can tell.
      if (theirs) expect(own.filter((each) => !theirs.includes(each))).toEqual([]);
      expect(own.length).toBeLessThan(expressionsOf(panels).length / 2);
    },
  );

  test("is pushed to by an instance, the last time at its end", async () => {
    const words = ["--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--push-every", "1s", "--json"];
    const pushing = startTenk(["up", ...words, "--push", prometheus.url]);
    const { listeners } = JSON.parse((await pushing.sees("stdout", /^{.*}$/m))[0]);
    const socket = connect(listeners[0].port, "127.0.0.1", () => socket.end("x".repeat(12_345)));
    await new Promise((resolve) => socket.resume().once("close", resolve));
    pushing.child.kill("SIGTERM");
    expect((await pushing.ended).code).toBe(0);
    const [series, ...others] = await prometheus.samples(
      'tenk_tcp_bytes_read_total{job="tenk",listener="packets",instance!~"127.*"}',
    );
    expect(others).toEqual([]);
    expect(series!.values.at(-1)![1]).toBe(12_345);
    // Its end is told: nobody sees a box that is gone as if it stood still.
    expect(await prometheus.query('tenk_tcp_bytes_read_total{instance!~"127.*"}')).toEqual([]);
  });

  test("is pushed to by a file that is served, its own counter too, the last time at its end", async () => {
    const file = join(import.meta.dirname, "../../examples/packets.ts");
    const words = ["--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--push-every", "1h", "--json"];
    const pushing = startTenk(["run", file, ...words, "--push", prometheus.url]);
    const { listeners } = JSON.parse((await pushing.sees("stdout", /^{.*}$/m))[0]);
    const socket = connect(listeners[0].port, "127.0.0.1", () => socket.end("x".repeat(4321)));
    await new Promise((resolve) => socket.resume().once("close", resolve));
    pushing.child.kill("SIGTERM");
    expect((await pushing.ended).code).toBe(0);
    // Between its first push and its last lies an hour: it is the last that tells this.
    const pushed = '{job="tenk",listener="run"}';
    const [read] = await prometheus.samples(`tenk_tcp_bytes_read_total${pushed}`);
    expect(read!.values.at(-1)![1]).toBe(4321);
    const [own] = await prometheus.samples('packets_received_total{job="tenk"}');
    expect(own!.values.at(-1)![1]).toBeGreaterThan(0);
    expect(await prometheus.query(`tenk_tcp_bytes_read_total${pushed}`)).toEqual([]);
  });

  test("is pushed to by a load test, and answers every expression of its dashboard", async () => {
    const echo = await up(parseConfig(configOf("echo: { listen: '127.0.0.1:0', handler: echo }"), "echo"));
    ends.push(() => echo.stop(0));
    const target = `127.0.0.1:${echo.listeners[0]!.port}`;
    const plan = [
      // A busy machine is no failure of the push.
      "--expect",
      "failed=0",
      "--wait-reply",
      "-c",
      "20",
      "-r",
      "20",
      "-m",
      "ping",
      "-T",
      "3s",
      "--connect-rate",
      "1000",
      "--stats-url",
      "none",
    ];
    const load = await tenk([
      "load",
      "tcp",
      target,
      ...plan,
      "--no-live",
      "--json",
      "-",
      "--push",
      prometheus.url,
      "--push-every",
      "1s",
    ]);
    expect([load.code, load.stderr.includes("push failed")]).toEqual([0, false]);
    const [sent, ...others] = await prometheus.samples("tenk_load_messages_sent_total");
    expect(others).toEqual([]);
    const [atSeconds, value] = sent!.values.at(-1)!;
    expect(value).toBe(JSON.parse(load.stdout).messages.sent);
    const variables = { run: sent!.metric.run!, __rate_interval: "10s", __range: "1m" };
    expect(await unanswered(panelsIn("dashboards/tenk-load.json"), variables, atSeconds)).toEqual([]);
  });

  test("takes the configuration that tenk dashboards writes", () => {
    const { root, [Symbol.dispose]: remove } = fakeRoot({ "/prometheus.yml": files["prometheus.yml"]! });
    const words = ["check", "config", join(root, "prometheus.yml")];
    const { status, stdout, stderr } = spawnSync("promtool", words, { encoding: "utf8" });
    remove();
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("SUCCESS");
  });
});

if (!isInstalled) {
  test.skipIf(process.env.CI !== "true")("Prometheus cannot be asked: needs prometheus", () => {
    expect(PROGRAMS.filter((program) => !existsSync(program))).toEqual([]);
  });
}
if (!existsSync(NODE_FULL)) {
  test("node_exporter's dashboard is not asked: shared/data/node-exporter-full.json is not beside the checkout", () => {
    expect(existsSync(NODE_FULL)).toBe(false);
  });
}

/** What stands below these rows, which may be open (what follows them) or closed (what they hold). */
function firstRows({ panels }: { panels: readonly GrafanaPanel[] }, titles: readonly string[]): GrafanaPanel[] {
  let isOf = false;
  return panels.flatMap((panel) => {
    if (panel.type === "row") isOf = titles.includes(panel.title);
    return isOf ? [panel, ...(panel.panels ?? [])] : [];
  });
}
