import { expect, test } from "bun:test";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { FollowedBox } from "../../src/boxes/followed-box.ts";
import type { BoxesView, BoxView } from "../../src/boxes/monitoring.ts";
import { keptLog } from "../app/admin/support.ts";
import { withInstance } from "../app/reload-support.ts";

const PATIENT_MS = 20_000;
const QUIET =
  "proxy: off\ntcp: { packets: { listen: 127.0.0.1:0 } }\nbox: { disk: off, memory: off, temperature: off }\n";

async function until<Found>(what: string, find: () => Promise<Found | undefined>): Promise<Found> {
  const deadline = performance.now() + PATIENT_MS;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what} was not seen`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function boxOf(instance: Instance): Promise<BoxView> {
  return ((await instance.status()).parts.boxes as BoxesView).boxes[0]!;
}

/** Returns the box once it is in this state and `also`. */
function untilBox(instance: Instance, state: string, also: (box: BoxView) => boolean = () => true): Promise<BoxView> {
  return until(`the box ${state}`, async () => {
    const box = await boxOf(instance);
    return box.state === state && also(box) ? box : undefined;
  });
}

async function keysOf(instance: Instance): Promise<string[]> {
  return (await instance.status()).problems.map(({ key }) => key);
}

const follow = (url: string, more = "") => `boxes: { nas: { url: "${url}", interval: 1s${more} } }\n`;

test("a box shows another's vitals, services and problems, and keeps them as unknown while it is away", async () => {
  const text = `${QUIET}services: { git: { target: "tcp://127.0.0.1:1" } }\nprobe: { bootGrace: 0s, interval: 1s, retries: [] }\n`;
  const start = (port: number) =>
    up(parseConfig(`${text}dashboard: { listen: "127.0.0.1:${port}" }\n`, "tenk.yaml"), { log: keptLog() });
  let nas = await start(0);
  const port = Number(new URL(nas.statusUrl).port);
  try {
    await withInstance({}, QUIET + follow(nas.statusUrl), async (instance, reload) => {
      const box = await untilBox(instance, "up", ({ services }) => services[0]?.state === "down");
      expect(box).toMatchObject({ box: "nas", problems: 1, reason: null, tenk: expect.any(String) });
      expect(box.host?.memoryTotalBytes).toBeGreaterThan(0);
      const problem = (await instance.status()).problems.find(({ key }) => key === "boxes/nas/service/git");
      expect(problem).toMatchObject({ subject: "nas: git", state: "down", severity: "critical" });
      expect(problem).not.toHaveProperty("behind");

      await nas.stop(0);
      const away = await untilBox(instance, "unknown");
      expect(away.services).toMatchObject([{ service: "git", state: "unknown" }]);
      expect((await instance.status()).problems).toMatchObject([
        { key: "boxes/nas", subject: "box nas", state: "away" },
        { key: "boxes/nas/service/git", state: "unknown", behind: "boxes/nas" },
      ]);

      nas = await start(port);
      await untilBox(instance, "up");
      expect(await keysOf(instance)).not.toContain("boxes/nas");
      expect(await reload(QUIET)).toBe("reloaded");
      expect((await instance.status()).parts.boxes).toBeUndefined();
    });
  } finally {
    await nas.stop(0);
  }
}, 90_000);

test("two boxes that follow each other pass on their own problems, not each other's", async () => {
  await withInstance({}, QUIET, async (one, reloadOne) => {
    const down = 'services: { git: "tcp://127.0.0.1:1" }\nprobe: { bootGrace: 0s, interval: 1s, retries: [] }\n';
    await withInstance({}, QUIET + down + follow(one.statusUrl), async (other) => {
      expect(await reloadOne(QUIET + follow(other.statusUrl))).toBe("reloaded");
      await untilBox(one, "up", ({ problems }) => problems === 1);
      await untilBox(other, "up", () => true);
      await until("a second look", async () => ((await boxOf(other)).answeredMs ?? 0) > Date.now() - 500 || undefined);
      expect(await keysOf(one)).toEqual(["boxes/nas/service/git"]);
      expect(await keysOf(other)).toEqual(["service/git"]);
    });
  });
}, 60_000);

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Follows a server that answers like this, until the box is in the state. */
async function followed(answer: Answer, state: string, token?: string): Promise<{ box: FollowedBox; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? "nobody"}`);
    answer(request, response);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tenk/`;
  const box = new FollowedBox({ name: "nas", url, token, intervalMs: 10, tls: {}, log: keptLog() });
  box.start();
  try {
    await until(`the box ${state}`, async () => (box.state === state ? true : undefined));
    return { box, asked };
  } finally {
    box.stop();
    server.closeAllConnections();
    server.close();
  }
}

const withStatus =
  (status: number, fields = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, fields).end("{}");

test.each<[string, Answer, string | undefined, string]>([
  ["wants a token", withStatus(401), undefined, "it wants a token: print one with tenk token --read-only there"],
  ["refuses the token", withStatus(401), "secret", "it does not accept the token"],
  ["does not know its name", withStatus(421), undefined, "add the name to its dashboard.names"],
  ["redirects", withStatus(302, { location: "/elsewhere" }), "secret", "it redirects (status 302)"],
  ["is no tenk", (_, response) => void response.end("<html>"), undefined, "it does not answer as tenk does"],
  ["is another program", withStatus(200), undefined, "it does not answer as tenk does"],
  ["answers without an end", (_, response) => void response.write(Buffer.alloc(2 ** 21)), undefined, "longer than"],
])("a box that %s is unknown, and says why; nobody else gets the token", async (_, answer, token, expected) => {
  const { box, asked } = await followed(answer, "unknown", token);
  expect(box.reason).toContain(expected);
  expect(new Set(asked)).toEqual(new Set([`/tenk/api/status ${token === undefined ? "nobody" : "Bearer secret"}`]));
});

test("what a hostile box tells is bounded and has no control characters", async () => {
  const text = `\u001b[2J\u202e<script>alert(1)</script>${"x".repeat(5000)}`;
  const service = { service: text, state: "up", reason: text, latencyMs: "many", url: "javascript:alert(1)" };
  const problem = { key: text, severity: "critical", subject: text, state: text, reason: text, sinceMs: "1" };
  const few = {
    ...{ tenk: text, host: { busy: null, load1: [] }, problems: [problem], undecided: ["service/git", 7] },
    parts: { probe: { services: [service, {}, null, 7] } },
  };
  const many = { ...few, parts: { probe: { services: Array(5000).fill(service) } } };
  const far = await followed((_, response) => void response.end(JSON.stringify(many)), "unknown");
  expect([far.box.answer, far.box.undecided()]).toEqual([undefined, ["boxes/nas/*"]]);
  const { box } = await followed((_, response) => void response.end(JSON.stringify(few)), "up");
  expect(box.answer).toMatchObject({ host: { busy: null, load1: null }, services: [{ latencyMs: null, url: null }] });
  expect(box.problems()).toMatchObject([{ sinceMs: 0 }]);
  expect(box.undecided()).toEqual(["boxes/nas/service/git"]);
  expect(JSON.stringify(box.answer)).not.toMatch(/\\u001b|\u202e/);
  expect(box.answer!.services[0]!.reason!.length).toBe(500);
});

test.each([
  ["nas: nas.home.arpa", "expected the address of its dashboard"],
  ["nas: http://u:p@nas:9190", "expected the address of its dashboard"],
  ["nas: { url: http://nas:9190, tokenFile: absent }", "boxes.nas.tokenFile: "],
  ['"a b": http://nas:9190', "expected a name of letters"],
])("boxes: { %s } is refused", async (text, expected) => {
  const start = async () =>
    up(parseConfig(`${QUIET}boxes: { ${text} }\ndashboard: { listen: 127.0.0.1:0 }\n`, "tenk.yaml"));
  expect(start()).rejects.toThrow(expected);
});
