/** Two boxes of one host name push to the real Prometheus (Debian's). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { parseConfig, pushTarget, startPush } from "../../src/app/mod.ts";
import { claimInstanceName } from "../../src/app/push/instance-name.ts";
import { startTenk, type Tenk, tenk } from "../cli/tenk.ts";
import { until } from "../net/support.ts";
import { hasPrograms } from "./admin/nginx-support.ts";
import { keptLog, newFolder } from "./admin/support.ts";
import { type Prometheus, startPrometheus } from "./prometheus-support.ts";

const OWN = /^[\s\S]+-[0-9a-f]{8}$/;

describe("the name of an instance", () => {
  test("is the host's with an id that is kept, for its owner alone", async () => {
    const folder = join(newFolder(), "data");
    const log = keptLog();
    const first = await claimInstanceName(folder, log);
    first.release();
    const file = join(folder, "instance");
    expect(first.name).toBe(`${hostname()}-${readFileSync(file, "utf8").trim()}`);
    expect([OWN.test(first.name), statSync(file).mode & 0o777]).toEqual([true, 0o600]);
    const again = await claimInstanceName(folder, log);
    again.release();
    const other = await claimInstanceName(newFolder(), log);
    other.release();
    expect([again.name === first.name, other.name === first.name, log.lines]).toEqual([true, false, []]);
  });

  test("is another one for who uses the folder at the same time", async () => {
    const folder = newFolder();
    const claimed = await Promise.all(Array.from({ length: 12 }, () => claimInstanceName(folder, keptLog())));
    expect(new Set(claimed.map(({ name }) => name)).size).toBe(12);
    const id = readFileSync(join(folder, "instance"), "utf8").trim();
    expect(claimed.map(({ name }) => name)).toContain(`${hostname()}-${id}-2`);
    for (const { release } of claimed) release();
  });

  test.each([
    ["a file that holds something else", (folder: string) => writeFileSync(join(folder, "instance"), "../../etc\n")],
    [
      "no folder that can be made",
      (folder: string) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, "");
      },
    ],
  ])("is one for this start alone where there is %s, which is logged", async (_, spoil) => {
    const folder = newFolder();
    spoil(folder);
    const log = keptLog();
    const { name, release } = await claimInstanceName(folder, log);
    release();
    expect(name).toMatch(OWN);
    expect(log.lines.map(([level, message]) => [level, message])).toEqual([
      ["warn", "instance id not saved, each start begins new series"],
    ]);
  });
});

test.each([
  ["{ site: cellar, instance: pi-1 }", { site: "cellar", instance: "pi-1" }],
  ["{ 9site: cellar }", "expected a label's name"],
  ["{ __name__: up }", "expected a label's name"],
  ["{ site: '' }", "expected a label's value"],
  ["[site]", "expected labels by name"],
])("push.labels: %s", (text, expected) => {
  const read = () => parseConfig(`push: { labels: ${text} }`, "tenk.yaml").config.push.labels;
  if (typeof expected === "string") expect(read).toThrow(expected);
  else expect(read()).toEqual(expected);
});

test.each([
  [["--push", "http://127.0.0.1", "--push-label", "a"], '--push-label: Cannot use "a": expected name=value'],
  [["--push-label", "a=b"], "--push-label needs --push"],
])("tenk up %j is refused", async (words, complaint) => {
  const { code, stderr } = await tenk(["up", ...words]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(complaint)]);
});

describe.if(hasPrograms("boxes of one host name", ["/usr/bin/prometheus"]))("Prometheus, to which several push", () => {
  let prometheus: Prometheus;
  const instances: Tenk[] = [];
  const clients: Socket[] = [];
  beforeAll(async () => {
    prometheus = await startPrometheus([]);
  }, 60_000);
  afterAll(async () => {
    for (const client of clients) client.destroy();
    for (const { child } of instances) child.kill("SIGTERM");
    await Promise.all(instances.map(({ ended }) => ended));
    prometheus?.[Symbol.dispose]();
  });

  /** A box with so many connections, by which it is known. */
  async function boxWith(connections: number, words: readonly string[] = []) {
    const instance = startTenk(
      ["up", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--json", "--push", prometheus.url].concat(
        "--push-every",
        "1s",
        words,
      ),
    );
    instances.push(instance);
    const { listeners } = JSON.parse((await instance.sees("stdout", /^{.*}$/m))[0]);
    for (let count = 0; count < connections; count++) clients.push(connect(listeners[0].port, "127.0.0.1"));
  }

  test("has the series of each apart, though they share host name and data folder", async () => {
    await boxWith(2);
    await boxWith(5, ["--push-label", "site=attic"]);
    const found = await untilAsked(
      () => prometheus.query('max by (instance, site) (tenk_tcp_connections_active{job="tenk"})'),
      (answer) =>
        answer
          .map(({ value }) => value)
          .toSorted()
          .join() === "2,5",
    );
    const [two, five] = found.toSorted((a, b) => a.value - b.value);
    expect([two!.metric.instance === five!.metric.instance, two!.metric.site, five!.metric.site]).toEqual([
      false,
      undefined,
      "attic",
    ]);
    for (const { metric } of found) expect(metric.instance).toStartWith(`${hostname()}-`);
    // Each of them is one line that nobody else writes into.
    for (const { values } of await prometheus.samples("tenk_tcp_connections_active"))
      expect(new Set(values.map(([, value]) => value)).size).toBeLessThanOrEqual(2);
  }, 60_000);

  test("refuses what two send under one name by clocks that differ, and the log says why", async () => {
    const log = keptLog();
    const read = () => [
      { name: "clash_total", help: "A.", type: "counter" as const, samples: [{ value: 1, labels: {} }] },
    ];
    const options = { target: pushTarget(prometheus.url), read, labels: { instance: "same" }, everyMs: 1e6 };
    const ahead = startPush({ ...options, log: keptLog() });
    await untilAsked(
      () => prometheus.query("clash_total"),
      (answer) => answer.length === 1,
    );
    const behind = startPush({ ...options, log, now: () => Date.now() - 30_000 });
    await until(() => log.lines.length > 0, 20_000);
    expect(log.lines[0]).toEqual([
      "warn",
      "push rejected, another sender has the same series",
      expect.objectContaining({ instance: "same", fix: expect.stringContaining("push: { labels: { instance: ") }),
    ]);
    await Promise.all([ahead.end(), behind.end()]);
  }, 60_000);
});

async function untilAsked<Answer>(ask: () => Promise<Answer>, isIt: (answer: Answer) => boolean): Promise<Answer> {
  let latest: Answer | undefined;
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    latest = await ask();
    if (isIt(latest)) return latest;
    await Bun.sleep(100);
  }
  throw new Error(`not so within 30 s: ${JSON.stringify(latest)}`);
}
