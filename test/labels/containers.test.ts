import { expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseConfig, up } from "../../src/app/mod.ts";
import { request } from "../../src/http/mod.ts";
import type { ContainersView } from "../../src/labels/mod.ts";
import type { ProbeView } from "../../src/probe/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { type FakeContainer, FakeEngine, idOf } from "../containers/fake-engine.ts";

const PATIENT_MS = 30_000;

async function until<Value>(what: string, value: () => Value | Promise<Value>): Promise<NonNullable<Value>> {
  const deadline = performance.now() + PATIENT_MS;
  for (;;) {
    const found = await value();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function website(text: string) {
  const web = createServer((_, response) => response.end(text)).listen(0, "127.0.0.1");
  await new Promise((resolve) => web.once("listening", resolve));
  return {
    port: (web.address() as AddressInfo).port,
    [Symbol.dispose]() {
      web.closeAllConnections();
      web.close();
    },
  };
}

/** A running instance with a fake engine. @param text further sections */
async function withEngine(
  containers: readonly FakeContainer[],
  { text = "", grace = "0s", services = "" }: { text?: string; grace?: string; services?: string },
  work: (world: Awaited<ReturnType<typeof worldOf>>) => Promise<void>,
): Promise<void> {
  await using fake = new FakeEngine();
  await fake.start();
  fake.containers = [...containers];
  const world = await worldOf(fake, text, grace, services);
  try {
    await work(world);
  } finally {
    await world.instance.stop(0);
  }
}

async function worldOf(fake: FakeEngine, text: string, grace: string, services: string) {
  const log = keptLog();
  const parsed = (more: string) =>
    parseConfig(
      `dashboard: { listen: "127.0.0.1:0" }\ndomain: home.arpa\nproxy: { http: "127.0.0.1:0", https: off }\nprobe: { bootGrace: 0s, interval: 1s, retries: [100ms, 100ms], successes: 1 }\ncontainers: { socket: ${fake.socket}, grace: ${grace} }\n${text}\nservices: { ${more} }\n`,
      "tenk.yaml",
    );
  const instance = await up(parsed(services), { log });
  const status = async () => await instance.status();
  return {
    fake,
    instance,
    log,
    lines: (message: string) => log.lines.filter(([, each]) => each === message).map(([, , fields]) => fields),
    reload: (more: string) => instance.reload(parsed(more)),
    async get(host: string, path = "/") {
      const { port } = instance.listeners.find(({ name }) => name === "http")!;
      const response = await request(`http://127.0.0.1:${port}${path}`, { fields: { host } });
      return `${response.status} ${new TextDecoder().decode(response.body)}`;
    },
    served: async () => (await status()).services.map(({ name }) => name),
    view: async () => (await status()).parts.containers as ContainersView,
    async state(name: string) {
      const probes = (await status()).parts.probe as ProbeView | undefined;
      return probes?.services.find(({ service }) => service === name);
    },
  };
}

const labels = (name: string, more: Record<string, string> = {}) => ({
  "tenk.name": name,
  "tenk.plainHttp": "serve",
  ...more,
});

test("a container with labels is routed, named and probed, and leaves; services of the file are not touched", async () => {
  using site = await website("from the container");
  using other = await website("own");
  const web: FakeContainer = { id: idOf("a"), name: "web", labels: labels("git"), ports: { 80: [site.port] } };
  const services = `own: { target: "http://127.0.0.1:${other.port}", plainHttp: serve }`;
  await withEngine([], { services }, async ({ fake, get, served, state, log, view, lines }) => {
    await until("engine", async () => (await view()).engines[0]?.engine);
    expect(await get("git.home.arpa")).toStartWith("404");
    fake.change([web]);
    await until("served", async () => (await served()).includes("git"));
    expect(await get("git.home.arpa")).toBe("200 from the container");
    expect(await get("own.home.arpa")).toBe("200 own");
    expect(
      await until("up", async () => ((await state("git"))?.state === "up" ? await state("git") : undefined)),
    ).toBeDefined();
    expect(await view()).toMatchObject({ services: [{ service: "git", container: "web" }], refused: [] });
    const own = await until("own up", async () => ((await state("own"))?.state === "up" ? state("own") : undefined));
    fake.change([], "destroy");
    await until("gone", async () => !(await served()).includes("git"));
    expect(await get("git.home.arpa")).toStartWith("404");
    expect(await get("own.home.arpa")).toBe("200 own");
    expect((await state("own"))?.sinceMs).toBe(own.sinceMs);
    expect(lines("services of containers changed")).toMatchObject([{ added: "git" }, { removed: "git" }]);
    expect(log.lines.filter(([level]) => level === "warn")).toEqual([]);
  });
});

test("a container that ends by itself keeps its service, which is down with the reason until it runs again", async () => {
  using site = await website("hi");
  const web: FakeContainer = { id: idOf("a"), name: "web", labels: labels("git"), ports: { 80: [site.port] } };
  await withEngine([web], {}, async ({ fake, state, lines }) => {
    await until("up", async () => (await state("git"))?.state === "up");
    fake.event("oom");
    fake.change([{ ...web, state: "exited", exitCode: 137, isOutOfMemory: true }], "die");
    const down = await until("down", async () => ((await state("git"))?.state === "down" ? state("git") : undefined));
    expect(down.reason).toContain("container web exited with 137: out of memory");
    fake.change([web]);
    await until("up again", async () => (await state("git"))?.state === "up");
    expect(lines("services of containers changed")).toHaveLength(1);
  });
});

test("an unhealthy container is degraded, one that is paused or made anew is down meanwhile: none vanishes or moves", async () => {
  using site = await website("hi");
  const web: FakeContainer = { id: idOf("a"), name: "web", labels: labels("git"), ports: { 80: [site.port] } };
  const ill = { ...web, health: "unhealthy", healthText: "no database" };
  await withEngine([ill], { grace: "1h" }, async ({ fake, served, state, lines }) => {
    const is = (expected: string) =>
      until(expected, async () => ((await state("git"))?.state === expected ? state("git") : undefined));
    expect((await is("degraded")).reason).toContain("no database");
    fake.change([{ ...ill, state: "paused" }], "pause");
    expect((await is("down")).reason).toContain("container web is paused");
    fake.change([ill], "unpause");
    await is("degraded");
    fake.event("stop");
    fake.change([], "destroy");
    expect((await is("down")).reason).toContain("container web was removed");
    expect(await served()).toEqual(["git"]);
    fake.change([{ ...web, id: idOf("b") }], "start", idOf("b"));
    await is("up");
    expect(lines("services of containers changed")).toHaveLength(1);
  });
});

test("a service whose container has ended does not lead to the container that has got its port since", async () => {
  using site = await website("of a stranger");
  const web: FakeContainer = { id: idOf("a"), name: "web", labels: labels("git"), ports: { 80: [site.port] } };
  await withEngine([web], { grace: "1h" }, async ({ fake, get, served }) => {
    await until("served", async () => (await served()).length === 1);
    fake.change(
      [
        { ...web, state: "exited", exitCode: 1 },
        { ...web, id: idOf("b"), name: "other", labels: {} },
      ],
      "die",
    );
    await until("down", async () => (await get("git.home.arpa")).startsWith("502"));
    fake.change([web]);
    await until("up", async () => (await get("git.home.arpa")) === "200 of a stranger");
  });
});

test("bad labels are refused with container, label and what was expected, once; the other containers are served", async () => {
  using site = await website("hi");
  const of = (digit: string, more: Record<string, string>): FakeContainer => {
    return { id: idOf(digit), name: `c${digit}`, labels: labels(`s${digit}`, more), ports: { 80: [site.port] } };
  };
  const containers = [
    of("1", {}),
    of("2", { "tenk.hosts": "not a name" }),
    of("3", { "tenk.auth.users.ann": "secret" }),
    of("4", { "tenk.name": "Own Name" }),
    of("5", { "tenk.name": "own" }),
    of("6", { "tenk.hosts": "own.home.arpa" }),
    of("7", { "tenk.after": "nobody" }),
    of("8", { "tenk.maxBody": "lots" }),
    of("9", { "tenk.hosts": "s1.home.arpa" }),
  ];
  const services = `own: { target: "http://127.0.0.1:${site.port}" }`;
  await withEngine(containers, { services }, async ({ fake, served, view, lines, reload }) => {
    await until("served", async () => (await served()).includes("s1"));
    expect(await served()).toEqual(["own", "s1"]);
    const reasons = async () =>
      Object.fromEntries((await view()).refused.map(({ container, reason }) => [container, reason]));
    expect(await reasons()).toEqual({
      c2: 'label tenk.hosts: expected a name such as git.home.arpa, *.apps.home.arpa or *, found "not a name"',
      c3: "label tenk.auth.users.ann: labels may not set this: declare the service in tenk.yaml",
      c4: 'label tenk.name: expected a name of a-z, 0-9 and -, at most 63, a letter first; a name with dots belongs into hosts, found "Own Name"',
      c5: "services.own of the configuration has this name, and is used instead",
      c6: "label tenk.hosts: expected a host and path of its own, own.home.arpa is that of service own",
      c7: 'label tenk.after: expected the name of another service, found "nobody"',
      c8: 'label tenk.maxBody: expected a size such as 64KiB or 1MiB, found "lots"',
      c9: "label tenk.hosts: expected a host and path of its own, s1.home.arpa is that of service s1",
    });
    const logged = lines("service of a container refused").length + lines("labels of a container refused").length;
    expect(logged).toBe(8);
    const lists = (await view()).engines.length;
    for (let at = 0; at < 5; at++) fake.event("start");
    // A reload of the user frees a name: the container's service takes it.
    await reload("");
    expect(await served()).toContain("own");
    expect(lists).toBe(1);
    expect(lines("service of a container refused").length + lines("labels of a container refused").length).toBe(8);
  });
});

test("an answer under way of another service goes on while containers come and go beside reloads of the user", async () => {
  using site = await website("hi");
  let finish = () => {};
  const slow = createServer((_, response) => {
    response.write("begun ");
    finish = () => void response.end("ended");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => slow.once("listening", resolve));
  const services = `slow: { target: "http://127.0.0.1:${(slow.address() as AddressInfo).port}", plainHttp: serve, probe: false }`;
  await withEngine([], { services }, async ({ fake, get, served, reload, lines }) => {
    const answer = get("slow.home.arpa");
    answer.catch(() => undefined);
    for (let at = 1; at <= 5; at++) {
      const name = `s${at}`;
      fake.change([{ id: idOf(String(at)), name, labels: labels(name), ports: { 80: [site.port] } }]);
      await reload(`${services}, more${at}: { target: "http://127.0.0.1:${site.port}", probe: false }`);
      await until(name, async () => (await served()).join() === `slow,more${at},${name}`);
    }
    finish();
    expect(await answer).toBe("200 begun ended");
    expect(lines("services of containers not changed")).toEqual([]);
  });
  slow.closeAllConnections();
  slow.close();
});

test("without proxy and probe in the file a container starts them as a declared service would, and containers: off ends it", async () => {
  using site = await website("hi");
  await using fake = new FakeEngine();
  await fake.start();
  fake.containers = [{ id: idOf("a"), name: "web", labels: labels("git"), ports: { 80: [site.port] } }];
  const log = keptLog();
  const parsed = (containers: string) =>
    parseConfig(
      `dashboard: { listen: "127.0.0.1:0" }\nproxy: { http: "127.0.0.1:0", https: off }\ncontainers: ${containers}\n`,
      "tenk.yaml",
    );
  const instance = await up(parsed(`{ socket: ${fake.socket} }`), { log });
  try {
    const served = async () => (await instance.status()).services.map(({ name, container }) => [name, container]);
    await until("served", async () => (await served()).length === 1);
    expect(await served()).toEqual([["git", "web"]]);
    await instance.reload(parsed("off"));
    expect(await served()).toEqual([]);
    await until("ended", () => fake.streams === 0);
    await instance.reload(parsed(`{ socket: unix://${fake.socket} }`));
    await until("served again", async () => (await served()).length === 1);
  } finally {
    await instance.stop(0);
  }
});

test.each([
  ["containers: { socket: 5 }", "containers.socket: expected the path of a Unix socket"],
  ["containers: { socket: tcp://10.0.0.1:2375 }", "expected the path of a Unix socket"],
  ["containers: { grace: 2h }", "containers.grace: expected a duration from 0s to 1h"],
  ["containers: { sockets: /a }", "containers.sockets: unknown key, did you mean socket?"],
])("%s is refused", (text, said) => {
  expect(() => parseConfig(text, "tenk.yaml")).toThrow(said);
});
