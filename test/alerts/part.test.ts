import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AlertsView } from "../../src/alerts/mod.ts";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { keptLog } from "../app/admin/support.ts";
import { closedPort, Sink, until } from "./sink.ts";

/** One that answers for as long as a test wants. */
async function withHome(
  work: (home: { start(text: string): Promise<Instance>; folder: string; token(): string }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "alerts-"));
  const running: Instance[] = [];
  try {
    await work({
      folder,
      token: () => readFileSync(join(folder, "token"), "utf8").trim(),
      async start(text) {
        const common = `\nproxy: off\ndashboard: { listen: "127.0.0.1:0" }\ndata: { folder: ${folder} }\nprobe: { bootGrace: 0s, interval: 1s, retries: [100ms, 100ms] }\n`;
        const instance = await up(parseConfig(text + common, "tenk.yaml", folder), { log: keptLog() });
        running.push(instance);
        return instance;
      },
    });
  } finally {
    for (const each of running) await each.stop(0);
    rmSync(folder, { recursive: true });
  }
}

const viewOf = async (instance: Instance) => (await instance.status()).parts.alerts as AlertsView;

async function post(instance: Instance, token: string, path: string, body: unknown) {
  const response = await fetch(new URL(`api/alerts/${path}`, instance.statusUrl), {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "x-tenk": "1" },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON a test looks into
  return { status: response.status, value: (await response.json()) as any };
}

test("a service that is down is told once, also over a restart, and its end once", async () => {
  await using sink = await Sink.open();
  const port = await closedPort();
  const text = `services: { git: "tcp://127.0.0.1:${port}" }
alerts: { name: pi, gather: 0s, channels: { phone: { ntfy: { server: "${sink.url}", topic: home } } } }`;
  await withHome(async ({ start, folder }) => {
    const first = await start(text);
    await until(() => sink.received.length === 1, "an alert");
    expect(sink.bodies[0]).toMatchObject({ title: "pi: git down", priority: 5 });
    expect(sink.bodies[0].message).toMatch(/^git is down since \d\d:\d\d: nothing listens on .*is it running\?$/);
    await first.stop(0);
    expect(readFileSync(join(folder, "alerts.json"), "utf8")).toContain("service/git");
    const second = await start(text);
    const problems = async () => (await second.status()).problems.length;
    while ((await problems()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const view = await viewOf(second);
    expect(view.incidents).toMatchObject([{ key: "service/git", told: ["phone"], waiting: [] }]);
    expect(view.channels).toMatchObject([{ name: "phone", type: "ntfy", state: "ok" }]);
    expect(sink.received.length).toBe(1);
  });
});

test("maintenance by the route: the state of the service, no alert while it lasts, and one at its end", async () => {
  await using sink = await Sink.open();
  const port = await closedPort();
  const text = `services: { git: "tcp://127.0.0.1:${port}", nas: "tcp://127.0.0.1:${port}" }
alerts: { gather: 0s, channels: { phone: { webhook: { url: "${sink.url}/x" } } }, when: { service/nas: false } }`;
  await withHome(async ({ start, token }) => {
    const instance = await start(text);
    const begun = await post(instance, token(), "maintenance", { services: ["git"], for: "2h", reason: "new disk" });
    expect(begun).toMatchObject({
      status: 200,
      value: [{ services: ["git"], reason: "new disk", isScheduled: false }],
    });
    const stateOf = async (name: string) => {
      const { services } = (await instance.status()).parts.probe as { services: { service: string; state: string }[] };
      return services.find(({ service }) => service === name)?.state;
    };
    while ((await stateOf("nas")) !== "down") await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await stateOf("git")).toBe("maintenance");
    const ofGit = async () => (await instance.status()).problems.find(({ key }) => key === "service/git");
    while ((await ofGit()) === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await ofGit()).toMatchObject({ isMuted: true, state: "under maintenance" });
    await instance.stop(0);
    // It survives a restart, during which nothing is told.
    const again = await start(text);
    expect((await viewOf(again)).maintenance).toMatchObject([{ services: ["git"] }]);
    expect(sink.received).toEqual([]);
    expect((await post(again, token(), "maintenance", { end: ["git"] })).value).toEqual([]);
    await until(() => sink.received.length === 1, "an alert");
    expect(sink.bodies[0].title).toContain("git down");
    expect(await post(again, token(), "maintenance", { end: ["git"] })).toMatchObject({ status: 404 });
  });
});

test.each([
  ["maintenance", { services: ["gitt"], for: "2h" }, "did you mean git?"],
  ["maintenance", { services: ["git"], for: "1s" }, "expected from 1m to 30d"],
  ["maintenance", { services: ["git"], for: "long" }, "Cannot read"],
  ["maintenance", { services: [] }, "expected {"],
  ["maintenance", 7, "expected {"],
  ["test", { channel: "fax" }, "expected one of phone"],
  ["test", { chanel: "phone" }, "expected {"],
])("a request that cannot be meant: %s %j", async (path, body, expected) => {
  await withHome(async ({ start, token }) => {
    const instance = await start(
      'services: { git: "tcp://127.0.0.1:1" }\nalerts: { channels: { phone: { ntfy: { topic: a } } }, when: { service: false } }',
    );
    const { status, value } = await post(instance, token(), path, body);
    expect([status, value.error]).toEqual([400, expect.stringContaining(expected)]);
  });
});

test("a channel that refuses is a problem of its own, told by the others and not by itself; a test message tells why", async () => {
  await using good = await Sink.open();
  await using bad = await Sink.open();
  for (let index = 0; index < 20; index++) bad.answers.push({ status: 401, body: "bad token" });
  const text = `services: { git: "tcp://127.0.0.1:1" }
alerts:
  gather: 0s
  channels:
    good: { webhook: { url: "${good.url}/x" } }
    bad: { webhook: { url: "${bad.url}/x" } }`;
  await withHome(async ({ start, token }) => {
    const instance = await start(text);
    await until(() => good.bodies.some(({ title }) => title.includes("alerts to bad refused")), "it is told");
    expect((await instance.status()).problems.find(({ key }) => key === "alerts/bad")).toMatchObject({
      state: "refused",
    });
    expect((await viewOf(instance)).channels).toMatchObject([
      { name: "good", state: "ok" },
      { name: "bad", state: "refused", why: "it answers with status 401: bad token" },
    ]);
    expect(JSON.stringify(bad.bodies)).not.toContain("alerts to bad");
    const { value } = await post(instance, token(), "test", {});
    expect(value.results).toEqual([
      { channel: "good", isSent: true, why: null },
      { channel: "bad", isSent: false, why: "it answers with status 401: bad token" },
    ]);
    expect(good.bodies.at(-1).text).toBe("This is a test of tenk's alerts. Nothing is wrong.");
  });
});

test("a reload adds a channel, which is told what is open, and one that stays is told nothing twice", async () => {
  await using one = await Sink.open();
  await using two = await Sink.open();
  const channel = (name: string, { url }: Sink) => `${name}: { webhook: { url: "${url}/x" } }`;
  const text = (channels: string) =>
    `services: { git: "tcp://127.0.0.1:1" }\nalerts: { gather: 0s, channels: { ${channels} } }\nproxy: off\nprobe: { bootGrace: 0s, interval: 1s, retries: [100ms, 100ms] }\n`;
  await withHome(async ({ start, folder }) => {
    const instance = await start(text(channel("one", one)).replace(/proxy: off\nprobe.*\n/, ""));
    await until(() => one.received.length === 1, "the first alert");
    const rest = `dashboard: { listen: "127.0.0.1:0" }\ndata: { folder: ${folder} }\n`;
    const both = text(`${channel("one", one)}, ${channel("two", two)}`);
    await instance.reload(parseConfig(both + rest, "tenk.yaml", folder));
    await until(() => two.received.length === 1, "the second alert");
    expect(one.received.length).toBe(1);
  });
});

test.each([
  ["is no longer declared", `services: { other: "tcp://127.0.0.1:1" }`, {}],
  ["is no longer probed", `services: { git: { target: "tcp://127.0.0.1:1", probe: false } }`, {}],
  ["is not probed since no service is", `services: { git: "tcp://127.0.0.1:1" }`, { probe: "off" }],
])(
  "a service that %s is told as no longer watched, not as well again",
  async (_, services, { probe }: { probe?: string }) => {
    await using sink = await Sink.open();
    const alerts = `\nalerts: { name: pi, gather: 0s, channels: { phone: { ntfy: { server: "${sink.url}", topic: home } } } }\n`;
    await withHome(async ({ start, folder }) => {
      const instance = await start(`services: { git: "tcp://127.0.0.1:1" }${alerts}`);
      await until(() => sink.received.length === 1, "an alert");
      const rest = `proxy: off\ndashboard: { listen: "127.0.0.1:0" }\ndata: { folder: ${folder} }\nprobe: ${probe ?? "{ bootGrace: 0s, interval: 1h }"}\n`;
      await instance.reload(parseConfig(services + alerts + rest, "tenk.yaml", folder));
      const lines = () => sink.bodies.flatMap(({ message }) => message.split("\n"));
      await until(() => lines().some((line) => /^git .* was down/.test(line)), "its end");
      expect(lines()).toContainEqual(expect.stringMatching(/^git is no longer watched, was down since \d\d:\d\d$/));
    });
  },
);

test("a schedule of a service that is not there is logged, since containers come and go", async () => {
  const log = keptLog();
  const text =
    'services: { git: "tcp://127.0.0.1:1" }\nalerts: { maintenance: [{ services: [gitt, all], schedule: "Sun 03:00-04:00" }] }\nproxy: off\nprobe: off\ndashboard: { listen: "127.0.0.1:0" }';
  const instance = await up(parseConfig(text, "tenk.yaml"), { log });
  await instance.stop(0);
  const [[, message, fields] = []] = log.lines.filter(([level]) => level === "warn");
  expect([message, fields]).toEqual(["maintenance of a service that is not there", { service: "gitt", meant: "git" }]);
});

test.each([
  ["when: { service: { to: [fax] } }", "alerts.when.service.to: expected names of alerts.channels, found fax"],
  ['maintenance: [{ services: [git], schedule: "Sun 3-4" }]', "expected a schedule such as"],
  ["quiet: at night", "expected a schedule such as"],
  ["timeZone: Mars/Base", "expected a time zone such as Europe/Berlin"],
  ["chanels: {}", "did you mean channels?"],
])("a configuration that names what is not there: %s", async (section, expected) => {
  await withHome(async ({ start }) => {
    await expect(start(`services: { git: "tcp://127.0.0.1:1" }\nalerts: { ${section} }`)).rejects.toThrow(expected);
  });
});
