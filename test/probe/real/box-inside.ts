/** What becomes of real servers in a box: run by `box.test.ts` in namespaces of their own, where all ports are free. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Instance, parseConfig, up } from "../../../src/app/mod.ts";
import { PROBE_SCHEMA, settingsOf } from "../../../src/probe/config.ts";
import { type Found, type ProbeView, servicesText } from "../../../src/probe/mod.ts";
import { checkOf } from "../../../src/probe/probes.ts";
import { keptLog } from "../../app/admin/support.ts";
import { TENK } from "../../cli/tenk.ts";
import { Box } from "./box.ts";
import type { RealServer } from "./server.ts";
import { SERVERS } from "./servers/mod.ts";

const INTERVAL_MS = 3000;
const PATIENT_MS = 240_000;
const NOBODY = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups"];
/** An application of one's own has no known name: it is greeted, and logs nothing. RabbitMQ's broker is one of the program's many ports. */
const PROBES = Number(process.env.TENK_PROBES ?? 20);
const SERVICES = SERVERS.length;

const box = new Box(process.env.DIR!);
const log = keptLog();
const messages: string[] = [];
const sink = createServer((request, response) => {
  let text = "";
  request.on("data", (part) => (text += part)).on("end", () => void (text !== "" && messages.push(text)));
  response.end();
});
let instance: Instance;
let block = "";

beforeAll(async () => {
  await Promise.all(SERVERS.map((server) => box.start(server)));
  await box.quiet(SERVERS);
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
}, 400_000);

afterAll(async () => {
  await instance?.stop(0);
  await Promise.all(SERVERS.map((server) => box.stop(server)));
  sink.close();
});

function discover(...as: readonly string[]): Found[] {
  const [command = "", ...words] = [...as, ...TENK, "discover", "--json"];
  const { stdout, stderr } = spawnSync(command, words, { encoding: "utf8", cwd: "/" });
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Found[];
}

/** Counts what each server logs meanwhile. */
async function linesOf(work: () => void): Promise<Record<string, number>> {
  const before = SERVERS.map((server) => box.lines(server));
  work();
  await box.quiet(SERVERS);
  const pairs = SERVERS.map((server, at) => [server.name, box.lines(server) - before[at]!] as const);
  return Object.fromEntries(pairs.filter(([, count]) => count > 0));
}

const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((all, each) => all + each, 0);
const shown = (found: readonly Pick<Found, "name" | "target">[]) =>
  found.map(({ name, target }) => `${name} ${target}`).sort();
const figure = (text: string) => process.stdout.write(`${text}\n`);

test("root finds each by its program, and no server gets a line in its log", async () => {
  let found: Found[] = [];
  const lines = await linesOf(() => (found = discover()));
  block = servicesText(found.filter(({ name }) => SERVERS.some((server) => server.name === name)));
  figure(`as root: ${found.length} found, lines logged by others: ${JSON.stringify(lines)}`);
  expect(shown(found.filter(({ target }) => !target.endsWith(`:${(sink.address() as AddressInfo).port}`)))).toEqual(
    shown(SERVERS),
  );
  for (const { name, otherPorts = [] } of SERVERS.filter(({ name }) => name !== "rabbitmq"))
    expect([name, found.find((each) => each.name === name)!.otherPorts]).toEqual([name, [...otherPorts]]);
  // Some log of themselves now and then; who was greeted would be among those of the next test.
  expect(sum(lines)).toBeLessThanOrEqual(10);
});

test("without root each is found by what it says", async () => {
  let found: Found[] = [];
  const lines = await linesOf(() => (found = discover(...NOBODY)));
  const rightTargets = SERVERS.filter(({ target }) => found.some((each) => each.target === target));
  const rightNames = rightTargets.filter(({ name, target }) =>
    found.some((each) => each.target === target && each.name === name),
  );
  figure(
    `without root: ${rightTargets.length} of ${SERVICES} protocols, ${rightNames.length} names; ${sum(lines)} lines: ${JSON.stringify(lines)}`,
  );
  figure(`named otherwise: ${SERVERS.filter((server) => !rightNames.includes(server)).map(({ name }) => name)}`);
  expect(shown(SERVERS.filter((server) => !rightTargets.includes(server)))).toEqual([]);
  expect(rightNames.length).toBeGreaterThanOrEqual(SERVICES - 5);
});

/** Servers that log nothing about an honest question; the others have an access log, or note each connection. */
const SILENT = "redis postgres memcached nats samba ups prometheus alertmanager node-exporter etcd node-red".split(" ");

test(`${PROBES} probes of each leave no line where there is a way without`, async () => {
  const { services } = parseConfig(block, "tenk.yaml", process.env.DIR!);
  expect(services.length).toBe(SERVICES);
  const before = new Map(SERVERS.map((server) => [server.name, box.lines(server)]));
  await Promise.all(
    services.map(async (service) => {
      const check = checkOf(service, {
        settings: settingsOf(service, PROBE_SCHEMA.parse({})!)!,
        credentials: {},
        folder: "/",
      })!;
      for (let count = 0; count < PROBES; count++) {
        const { result } = await check(new AbortController().signal);
        expect([service.name, result]).toEqual([service.name, expect.stringMatching(/^(up|restricted)$/)]);
      }
    }),
  );
  await box.quiet(SERVERS);
  const costs = SERVERS.map(
    (server) => [server.name, (box.lines(server) - before.get(server.name)!) / PROBES] as const,
  );
  figure(
    `lines a probe: ${costs
      .filter(([, lines]) => lines > 0)
      .map(([name, lines]) => `${name} ${lines.toFixed(2)}`)
      .join(", ")}`,
  );
  for (const [name, lines] of costs) if (SILENT.includes(name)) expect([name, lines]).toEqual([name, 0]);
}, 300_000);

const views = async () => ((await instance.status()).parts.probe as ProbeView).services;

/** Resolves when each server is in a state at the same time, with the moments since when it has been seen there. */
async function allIn(state: string): Promise<Map<string, number>> {
  const untilMs = performance.now() + PATIENT_MS;
  const since = new Map<string, number>();
  for (;;) {
    const now = await views();
    for (const { service, state: seen } of now) {
      if (seen !== state) since.delete(service);
      else if (!since.has(service)) since.set(service, performance.now());
    }
    if (since.size === SERVICES) return since;
    if (performance.now() > untilMs) throw new Error(JSON.stringify(now.filter((each) => each.state !== state)));
    await Bun.sleep(20);
  }
}

function figures(what: string, seenMs: ReadonlyMap<string, number>, beganMs: (name: string) => number): void {
  const took = [...seenMs]
    .map(([name, ms]) => [name, ms - beganMs(name)] as const)
    .sort(([, one], [, other]) => one - other);
  const [name, worst] = took.at(-1)!;
  const late = took.filter(([, ms]) => ms > 2 * INTERVAL_MS).length;
  const median = Math.round(took[took.length >> 1]![1]);
  figure(`${what}: median ${median} ms, last ${name} ${Math.round(worst)} ms; later than two intervals: ${late}`);
}

test("a running tenk finds each of them up, by the block as it was printed", async () => {
  const { port } = sink.address() as AddressInfo;
  const more = `proxy: off
dashboard: { listen: "127.0.0.1:0" }
probe: { interval: ${INTERVAL_MS}ms, retries: [300ms, 300ms] }
alerts: { gather: 1s, settle: 1s, channels: { sink: { webhook: { url: "http://127.0.0.1:${port}/", body: "{{title}} {{text}}", contentType: text/plain } } } }
`;
  instance = await up(parseConfig(block + more, "tenk.yaml", process.env.DIR!), { log });
  const startedMs = performance.now();
  figures("up after the start", await allIn("up"), () => startedMs);
  for (const { service, reason } of await views()) {
    const expected = SERVERS.find(({ name }) => name === service)!.reason;
    if (expected === undefined) expect([service, reason]).toEqual([service, null]);
    else expect([service, reason]).toEqual([service, expect.stringMatching(expected)]);
  }
}, 300_000);

const each = async (work: (server: RealServer) => Promise<void>) => {
  const doneMs = new Map<string, number>();
  await Promise.all(SERVERS.map((server) => work(server).then(() => void doneMs.set(server.name, performance.now()))));
  return doneMs;
};

test("each is down when it has been stopped, and says so in words", async () => {
  const beganMs = performance.now();
  const [seenMs] = await Promise.all([allIn("down"), each((server) => box.stop(server))]);
  figures("down after the stop began", seenMs, () => beganMs);
  for (const { service, reason } of await views())
    expect([service, reason]).toEqual([
      service,
      expect.stringMatching(/^nothing listens on (http:\/\/)?127\.0\.0\.1:\d+: is it running\?$/),
    ]);
  await untilTold((text) => SERVERS.every(({ name }) => text.includes(name)));
  figure(`messages that tell of ${SERVICES} servers: ${messages.length}`);
}, 300_000);

/** Resolves when the alerts that were sent say what is wanted. */
async function untilTold(isTold: (text: string) => boolean): Promise<void> {
  const untilMs = performance.now() + PATIENT_MS;
  while (!isTold(messages.join("\n"))) {
    if (performance.now() > untilMs) throw new Error(`Not told: ${messages.join("\n")}`);
    await Bun.sleep(50);
  }
}

test("each is up again when it has been started, without coming and going", async () => {
  const told = messages.length;
  const [seenMs, doneMs] = await Promise.all([allIn("up"), each((server) => box.start(server))]);
  figures("up after it listens again", seenMs, (name) => doneMs.get(name)!);
  const changes = new Map(SERVERS.map(({ name }) => [name, [] as string[]]));
  for (const [, message, { service }] of log.lines)
    if (message.startsWith("service ")) changes.get(String(service))?.push(message.slice(8));
  // upsd listens before its driver has told it anything; RabbitMQ and others may say that they are starting.
  for (const [name, seen] of changes)
    expect(`${name} ${seen.join(" ")}`).toMatch(/^\S+ up down( starting| degraded)* up$/);
  await untilTold(() => messages.slice(told).join("\n").includes("well again"));
  figure(`messages in all: ${messages.length}\n${messages.join("\n---\n").slice(0, 1000)}`);
}, 300_000);
