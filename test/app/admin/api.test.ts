import { describe, expect, test } from "bun:test";
import { PasswordCheck } from "../../../src/auth/mod.ts";
import type { ConnectionQuery } from "../../../src/net/mod.ts";
import { BEARER, HASH, JSON_BODY, worldOf } from "./support.ts";

const here = { peer: "127.0.0.1" };
const program = { ...BEARER, ...JSON_BODY, "x-tenk": "1" };

describe("series routes", () => {
  const { ask, world } = worldOf();
  for (let second = 0; second < 20; second++) {
    world.history.sample(1_700_000_000_000 + second * 1000, second * 1000, (take) => {
      take("open", "gauge", second, { listener: 'a"b' });
      take("open", "gauge", 5, { listener: "c" });
      take("read_bytes_total", "counter", second * 100);
    });
  }
  const range = "from=1700000010000&to=1700000012000&step=1000";

  test("list names, kinds, units and help texts", async () => {
    const { series } = (await (await ask("/api/names", here)).json()) as { series: unknown[] };
    expect(series).toHaveLength(3);
    expect(series[0]).toEqual({
      key: 'open{listener="a\\"b"}',
      name: "open",
      labels: { listener: 'a"b' },
      kind: "gauge",
      unit: "",
      help: "What open is.",
    });
    expect(series[2]).toMatchObject({ key: "read_bytes_total", kind: "rate", unit: "bytes" });
  });

  test("return the requested keys, and a gap for an unknown one", async () => {
    const keys = ['open{listener="a\\"b"}', "read_bytes_total", "unknown"].map(
      (key) => `name=${encodeURIComponent(key)}`,
    );
    const answer = (await (await ask(`/api/series?${keys.join("&")}&${range}`, here)).json()) as {
      stepMs: number;
      series: { key: string; t: number[]; min: unknown[]; mean: unknown[]; max: unknown[] }[];
    };
    expect(answer.stepMs).toBe(1000);
    const [open, rate, unknown] = answer.series;
    expect(open).toMatchObject({ key: 'open{listener="a\\"b"}', mean: [10, 11, 12] });
    expect(open!.t).toEqual([1_700_000_010_000, 1_700_000_011_000, 1_700_000_012_000]);
    expect(rate!.mean).toEqual([100, 100, 100]);
    expect(unknown).toMatchObject({ key: "unknown", mean: [null, null, null] });
  });

  test("of a name without labels are all it has", async () => {
    const answer = (await (await ask(`/api/series?name=open&${range}`, here)).json()) as { series: unknown[] };
    expect(answer.series).toHaveLength(2);
  });

  test("that are named many times, in whatever order of their labels, are read once", async () => {
    const both = ['open{listener="c",at="x"}', 'open{at="x",listener="c"}', "open", "open", "open"];
    const names = both.map((key) => `name=${encodeURIComponent(key)}`).join("&");
    const answer = (await (await ask(`/api/series?${names}&${range}`, here)).json()) as { series: { key: string }[] };
    expect(answer.series.map(({ key }) => key)).toEqual([
      'open{at="x",listener="c"}',
      'open{listener="a\\"b"}',
      'open{listener="c"}',
    ]);
  });

  test.each([
    ["/api/series", "expected name=KEY"],
    ["/api/series?name=a{", 'Cannot read "a{" as a series'],
    ["/api/series?name=a&from=x", "cannot read from: expected a number"],
    ["/api/series?name=a&from=5&to=4", "expected from before to"],
    ["/api/series?name=a&step=-1", "cannot read step"],
    [`/api/series?${"name=a&".repeat(51)}`, "expected at most 50 names"],
    ["/api/log?level=loud", "expected one of debug, info, warn, error"],
    ["/api/tcp/connections?sort=size", "there is no such listener"],
  ])("%s is refused with %j", async (path, words) => {
    const response = await ask(path, here);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toContain(words);
  });
});

test("return the log by level, part and number, the oldest first", async () => {
  const { ask, world } = worldOf();
  for (let count = 0; count < 60; count++) {
    const level = count % 2 === 0 ? "info" : "warn";
    world.log.add(
      { part: count < 55 ? "net" : "app", level, message: `m${count}`, fields: { long: "x".repeat(3000) } },
      count,
    );
  }
  const lines = async (query: string) =>
    (
      (await (await ask(`/api/log?${query}`, here)).json()) as {
        lines: { message: string; fields: { long: string } }[];
      }
    ).lines;
  expect((await lines("")).map(({ message }) => message)).toEqual(Array.from({ length: 50 }, (_, at) => `m${at + 10}`));
  expect((await lines("level=warn&part=app")).map(({ message }) => message)).toEqual(["m55", "m57", "m59"]);
  expect((await lines("limit=2")).map(({ message }) => message)).toEqual(["m58", "m59"]);
  expect((await lines("limit=1"))[0]!.fields.long).toHaveLength(2001);
});

describe("connections over HTTP", () => {
  const queries: ConnectionQuery[] = [];
  const { ask, world } = worldOf();
  world.listeners.push({
    name: "packets",
    server: {
      closeConnection: async (id) => id < 1000,
      async findConnections(query) {
        queries.push(query);
        return { total: 1000, matched: 10, rows: [] };
      },
    },
  });

  test("are asked for by listener, words, order and page, within bounds", async () => {
    const asked = async (query: string) => (await ask(`/api/tcp/connections?${query}`, here)).json();
    expect(await asked("")).toEqual({ total: 1000, matched: 10, rows: [] });
    await asked("listener=packets&sort=read&order=asc&q=192.0.2.7:1&offset=200&limit=50");
    await asked("offset=1e12&limit=1e12");
    await asked(`q=${"x".repeat(5000)}`);
    expect(queries).toEqual([
      { sort: "age", descending: true, search: "", offset: 0, limit: 100 },
      { sort: "read", descending: false, search: "192.0.2.7:1", offset: 200, limit: 50 },
      { sort: "age", descending: true, search: "", offset: 100_000, limit: 500 },
      { sort: "age", descending: true, search: "x".repeat(100), offset: 0, limit: 100 },
    ]);
    for (const wrong of ["sort=size", "order=up", "listener=other", "limit=-1"]) {
      expect(await asked(wrong)).toHaveProperty("error");
    }
  });

  test("close for who has the token", async () => {
    const close = (id: unknown, listener = "packets") =>
      ask("/api/tcp/connections/close", { method: "POST", headers: program, body: JSON.stringify({ listener, id }) });
    expect((await close(7)).status).toBe(200);
    expect((await close(7000)).status).toBe(404);
    expect((await close("7")).status).toBe(400);
    expect((await close(7, "other")).status).toBe(400);
  });
});

describe("load tests over HTTP", () => {
  const latency = { p50: 1, p99: 2 };
  const report = {
    kind: "tcp",
    target: "127.0.0.1:9091",
    plan: { connections: 5 },
    connections: { peak: 5 },
    messages: { perSecondSent: 50 },
    latencyUs: { message: latency },
    timing: { connectMs: 1, sendMs: 2, drainMs: 3 },
    verdict: { pass: true, reason: "every expectation held", checks: [] },
  };
  const run = { startedAt: 1_700_000_000_000, report, series: { elapsedMs: [0, 1000], columns: { sent: [null, 5] } } };

  test("are shown live, dropped when they fall silent, and kept when they end", async () => {
    const { ask, world } = worldOf();
    const post = (path: string, value: unknown) =>
      ask(path, { method: "POST", headers: program, body: JSON.stringify(value) });
    const snapshot = { id: "a", target: "b", snapshot: { elapsedMs: 1000, phase: "send", more: { of: 1 } } };
    expect((await post("/api/runs/live", snapshot)).status).toBe(200);
    const inProgress = async () => (await (await ask("/api/runs/live", here)).json()) as { run: object | null };
    expect(await inProgress()).toEqual({ run: { ...snapshot, series: expect.anything() } });
    world.liveRun.update(snapshot, Date.now() - 6000);
    expect(await inProgress()).toEqual({ run: null });
    await post("/api/runs/live", snapshot);
    const kept = await post("/api/runs", run);
    expect([kept.status, await kept.json()]).toEqual([201, { id: "m1" }]);
    expect(await inProgress()).toEqual({ run: null });
    const { runs } = (await (await ask("/api/runs", here)).json()) as { runs: unknown[] };
    const { startedAt } = run;
    const summary = {
      target: report.target,
      verdict: "pass",
      connections: 5,
      perSecondSent: 50,
      p99Us: 2,
      durationMs: 6,
    };
    expect(runs).toEqual([{ id: "m1", startedAt, reason: "every expectation held", ...summary }]);
    expect(await (await ask("/api/runs/m1", here)).json()).toEqual({ id: "m1", ...run });
    expect((await ask("/api/runs/m2", here)).status).toBe(404);
    expect((await post("/api/runs/live", { id: "a" })).status).toBe(400);
  });

  test("end the one that they were, and none of another generator", async () => {
    const { ask, world } = worldOf();
    const post = (path: string, value: unknown) =>
      ask(path, { method: "POST", headers: program, body: JSON.stringify(value) });
    for (const id of ["a", "b"]) {
      await post("/api/runs/live", { id, target: "t", snapshot: { elapsedMs: 1000, phase: "send" } });
    }
    await post("/api/runs?live=b", run);
    const { run: left } = (await (await ask("/api/runs/live", here)).json()) as { run: { id: string; series: object } };
    expect([left.id, left.series]).toEqual(["a", expect.objectContaining({ elapsedMs: [1000] })]);
    await post("/api/runs?live=a", run);
    expect(world.liveRun.since(-1, Date.now()).value).toBeNull();
  });
});

test("a flood of passwords is not hashed all at once", async () => {
  const check = new PasswordCheck(HASH);
  const answers = await Promise.all(Array.from({ length: 30 }, () => check.verify("wrong")));
  expect(answers.filter((each) => each === undefined)).toHaveLength(20);
  expect(await check.verify("correct horse")).toBe(true);
});
