import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { parseConfig, up } from "../../src/app/mod.ts";
import { startPush } from "../../src/app/push/push.ts";
import { PushQueue } from "../../src/app/push/queue.ts";
import { pushTarget } from "../../src/app/push/target.ts";
import type { LogFields } from "../../src/base/mod.ts";
import type { Family } from "../../src/metrics/mod.ts";
import { type ReadSeries, readWriteRequest, unsnappy } from "../metrics/remote-write-support.ts";
import { Client, freePort, until } from "../net/support.ts";
import { untilListeners } from "./listeners-of.ts";

interface Received {
  readonly headers: IncomingMessage["headers"];
  readonly path: string;
  readonly body: Buffer;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver that answers with these codes, the last of them again and again. */
async function receiver(...codes: readonly (number | readonly [number, string])[]) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const code = codes[Math.min(received.length, codes.length - 1)]!;
      received.push({ headers: request.headers, path: request.url ?? "", body: Buffer.concat(chunks) });
      const [status, words] = typeof code === "number" ? [code, ""] : code;
      response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end(words);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { received, url: `http://127.0.0.1:${port}/api/v1/write`, port };
}

const seriesIn = ({ body }: Received): ReadSeries[] => readWriteRequest(unsnappy(body));
const family = (value: number, labels: Record<string, string> = {}): Family => ({
  name: "a_total",
  help: "A.",
  type: "counter",
  samples: [{ value, labels }],
});
const batch = (text: string) => ({ body: new Uint8Array(Buffer.from(text)), samples: 1 });
const FAST = { minBackoffMs: 5, maxBackoffMs: 20 };

/** A log that remembers. */
function remembered() {
  const lines: string[] = [];
  const take =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  return { lines, log: { debug: take("debug"), info: take("info"), warn: take("warn"), error: take("error") } };
}

describe("a push", () => {
  test("is what remote write says, at once, again and again, and when it ends", async () => {
    const { url, received } = await receiver(204);
    let value = 0;
    const read = () => [family(++value, { of: "x" })];
    const push = startPush({ target: pushTarget(url), read, labels: { run: "7", instance: "box" }, everyMs: 20 });
    await until(() => received.length >= 3);
    const tally = await push.end();
    for (const { headers, path } of received) {
      expect(path).toBe("/api/v1/write");
      expect(headers["content-type"]).toBe("application/x-protobuf");
      expect(headers["content-encoding"]).toBe("snappy");
      expect(headers["x-prometheus-remote-write-version"]).toBe("0.1.0");
      expect(headers["user-agent"]).toMatch(/^tenk\/\d/);
      expect(headers.authorization).toBeUndefined();
    }
    const series = received.flatMap(seriesIn);
    const labels = { __name__: "a_total", instance: "box", job: "tenk", of: "x", run: "7" };
    for (const each of series) expect(Object.fromEntries(each.labels)).toEqual(labels);
    expect(series.map(({ values }) => values[0])).toEqual(
      [...Array(value).keys()].map((index) => index + 1).concat(Number.NaN),
    );
    expect(series.at(-1)!.bits).toEqual(["7ff0000000000002"]);
    const times = series.map(({ times }) => times[0]!);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(tally).toEqual({ sent: series.length, refused: 0, dropped: 0 });
  });

  test("says of a series that is gone that it has ended, and never goes back in time", async () => {
    const { url, received } = await receiver(200);
    const clock = [5000, 4000, 3000];
    const seen = [[family(1, { of: "x" }), family(2, { of: "y" })], [family(3, { of: "x" })]];
    const options = { target: pushTarget(url), read: () => seen.shift() ?? [], now: () => clock.shift() ?? 1000 };
    const push = startPush({ ...options, everyMs: 1e6 });
    await until(() => received.length === 1);
    await push.end();
    const read = received
      .flatMap(seriesIn)
      .map(({ labels, bits, times }) => [new Map(labels).get("of"), bits[0]!.startsWith("7ff0"), times[0]]);
    expect(read).toEqual([["x", false, 5000], ["y", false, 5000], ["x", false, 5001], ["y", true, 5001], ["x", true, 5002]]); // biome-ignore format: a table
  });

  test("follows a clock that was ten minutes ahead or more", async () => {
    const { url, received } = await receiver(200);
    const clock = [3_600_000, 3_000_000, 2_000_000, 1_990_000];
    const options = { target: pushTarget(url), read: () => [family(1)], now: () => clock.shift() ?? 1_980_000 };
    const push = startPush({ ...options, everyMs: 1e6 });
    await until(() => received.length === 1);
    for (const count of [2, 3, 4]) {
      await push.now();
      await until(() => received.length === count);
    }
    const times = received.flatMap(seriesIn).map((series) => series.times[0]);
    expect(times.map(Number)).toEqual([3_600_000, 3_600_001, 2_000_000, 2_000_001]);
    await push.end();
  });

  test("of many samples is cut into several requests", async () => {
    const { url, received } = await receiver(200);
    const samples = Array.from({ length: 4500 }, (_, index) => ({ value: index, labels: { of: `${index}` } }));
    const push = startPush({ target: pushTarget(url), read: () => [{ ...family(0), samples }], everyMs: 1e6 });
    await until(() => received.length === 3);
    expect(received.map((each) => seriesIn(each).length)).toEqual([2000, 2000, 500]);
    expect((await push.end()).sent).toBe(3 * 4500);
  });

  test("that fails is logged once, without the password, and again when it recovers", async () => {
    const { port, received } = await receiver(500, [503, "try\nlater\u001b[31m"], 500, 200);
    const { lines, log } = remembered();
    const target = pushTarget(`http://me:hush@127.0.0.1:${port}`);
    const push = startPush({ target, read: () => [family(1)], log, ...FAST });
    await until(() => received.length === 4);
    await push.end();
    expect(received[0]!.headers.authorization).toBe(`Basic ${btoa("me:hush")}`);
    expect(lines.map((line) => line.split(" {")[0])).toEqual([
      "warn push failed",
      "info push recovered",
      "info pushed",
    ]);
    expect(lines.join()).not.toContain("hush");
    expect(lines.join()).not.toContain(btoa("me:hush"));
  });
});

test("a push that nobody took does not end with the word pushed", async () => {
  const { lines, log } = remembered();
  const target = pushTarget(`http://127.0.0.1:${await freePort()}`);
  const push = startPush({ target, read: () => [family(1)], log, ...FAST });
  expect((await push.end(100)).sent).toBe(0);
  expect(lines.at(-1)).toStartWith("warn nothing was pushed ");
});

describe("the queue", () => {
  test.each([
    [[503, 502, 200], 3, { sent: 1, refused: 0, dropped: 0 }],
    [[429, 204], 2, { sent: 1, refused: 0, dropped: 0 }],
    [[400, 200], 1, { sent: 0, refused: 1, dropped: 0 }],
    [[401], 1, { sent: 0, refused: 1, dropped: 0 }],
    [[302], 1, { sent: 0, refused: 1, dropped: 0 }],
  ])("answered with %j asks %d times", async (codes, times, tally) => {
    const { url, received } = await receiver(...codes);
    const queue = new PushQueue(pushTarget(url), FAST);
    queue.add(batch("a"));
    await until(() => received.length === times);
    expect(await queue.close(2000)).toEqual(tally);
    expect(received.length).toBe(times);
    expect(new Set(received.map(({ body }) => `${body}`))).toEqual(new Set(["a"]));
  });

  test("keeps the order, and lets the oldest go when too many wait", async () => {
    const { url, received } = await receiver(503, 200);
    const queue = new PushQueue(pushTarget(url), {
      minBackoffMs: 300,
      maxBackoffMs: 300,
      maxBatches: 3,
      random: () => 0,
    });
    queue.add(batch("a"));
    await until(() => received.length === 1);
    for (const text of ["b", "c", "d", "e"]) queue.add(batch(text));
    expect(await queue.close(4000)).toEqual({ sent: 3, refused: 0, dropped: 2 });
    expect(received.map(({ body }) => `${body}`)).toEqual(["a", "c", "d", "e"]);
  });

  test("lets go of one that was on its way, too, when others filled the queue meanwhile", async () => {
    let answer = () => {};
    const bodies: string[] = [];
    const server = createServer(async (request, response) => {
      for await (const body of request) bodies.push(String(body));
      if (bodies.length > 1) response.writeHead(200).end();
      else answer = () => response.writeHead(503).end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const queue = new PushQueue(pushTarget(`http://127.0.0.1:${port}`), { ...FAST, maxBatches: 2 });
    queue.add(batch("a"));
    await until(() => bodies.length === 1);
    for (const text of ["b", "c"]) queue.add(batch(text));
    answer();
    expect(await queue.close(4000)).toEqual({ sent: 2, refused: 0, dropped: 1 });
    expect(bodies).toEqual(["a", "b", "c"]);
  });

  test("has a bound in bytes", async () => {
    const queue = new PushQueue(
      { url: "http://127.0.0.1:1/", shown: "", authorization: undefined },
      { maxBytes: 10, minBackoffMs: 1e6 },
    );
    for (let index = 0; index < 9; index++) queue.add(batch("12345"));
    expect((await queue.close(0)).dropped).toBe(9);
  });

  test("waits as long as the receiver asks, within bounds", async () => {
    const waits: number[] = [];
    const server = createServer((_, response) => {
      waits.push(performance.now());
      response.writeHead(waits.length === 1 ? 429 : 200, { "retry-after": "1" }).end();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const queue = new PushQueue(pushTarget(`http://127.0.0.1:${port}`), { minBackoffMs: 1, maxBackoffMs: 150 });
    queue.add(batch("a"));
    await until(() => waits.length === 2);
    expect(waits[1]! - waits[0]!).toBeGreaterThanOrEqual(149);
    await queue.close(1000);
  });

  test("gives up at its end what a receiver that is away did not take", async () => {
    const queue = new PushQueue(pushTarget(`http://127.0.0.1:${await freePort()}`), { minBackoffMs: 1e6 });
    queue.add(batch("a"));
    expect(await queue.close(50)).toEqual({ sent: 0, refused: 0, dropped: 1 });
  });

  test("does not wait for a receiver that never answers", async () => {
    const server = createServer(() => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const failures: unknown[] = [];
    const onOutcome = (failure: unknown) => void failures.push(failure);
    const queue = new PushQueue(pushTarget(`http://127.0.0.1:${port}`), { timeoutMs: 20, ...FAST, onOutcome });
    queue.add(batch("a"));
    await until(() => failures.length >= 2);
    expect((await queue.close(10)).dropped).toBe(1);
  });
});

test("no line of the log has what the address's query says", async () => {
  const { port } = await receiver(503, 204);
  const { lines, log } = remembered();
  const target = pushTarget(`http://me:hush@127.0.0.1:${port}/w?key=hush`);
  const push = startPush({ target, read: () => [family(1)], everyMs: 1e6, log, ...FAST });
  await until(() => lines.some((line) => line.includes("push recovered")));
  await push.end();
  expect(lines.join("\n")).toContain(`"to":"http://127.0.0.1:${port}/w?key=***"`);
  expect(lines.join("\n")).not.toContain("hush");
});

test("what a receiver says of a failure is read as far as a line of it, however much it says", async () => {
  const isGone: boolean[] = [];
  const server = createServer((_, response) => {
    response.writeHead(400);
    const timer = setInterval(() => response.write("no such tenant ".repeat(1000)), 1);
    response.on("close", () => {
      clearInterval(timer);
      isGone.push(true);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const failures: (string | undefined)[] = [];
  const onOutcome = (failure: string | undefined) => void failures.push(failure);
  const queue = new PushQueue(pushTarget(`http://127.0.0.1:${port}`), { ...FAST, timeoutMs: 1e6, onOutcome });
  queue.add(batch("a"));
  await until(() => failures.length === 1 && isGone.length === 1);
  expect(failures[0]).toMatch(/^400 (no such tenant )+/);
  expect(failures[0]!.length).toBeLessThan(210);
  expect((await queue.close(0)).refused).toBe(1);
});

describe("where to push", () => {
  test.each([
    ["http://h", {}, "http://h/api/v1/write", undefined],
    ["http://h:9090/", {}, "http://h:9090/api/v1/write", undefined],
    ["https://h/prom/push?tenant=1", {}, "https://h/prom/push?tenant=1", undefined],
    ["http://u:p%40ss@h/w", {}, "http://h/w", `Basic ${btoa("u:p@ss")}`],
    ["http://u:100%@h/w", {}, "http://h/w", `Basic ${btoa("u:100%")}`],
    ["http://h/w", { TENK_PUSH_USER: "u", TENK_PUSH_PASSWORD: "p" }, "http://h/w", `Basic ${btoa("u:p")}`],
    ["http://u@h/w", { TENK_PUSH_PASSWORD: "p" }, "http://h/w", `Basic ${btoa("u:p")}`],
    ["http://u:p@h/w", { TENK_PUSH_TOKEN: "t" }, "http://h/w", "Bearer t"],
    ["http://h/w", { TENK_PUSH_TOKEN: "" }, "http://h/w", undefined],
  ])("%s with %j", (text, environment, url, authorization) => {
    const { shown: _, ...rest } = pushTarget(text, environment);
    expect(rest).toEqual({ url, authorization });
  });

  test.each([
    ["http://u:p@h", "http://h/api/v1/write"],
    ["https://h/w?key=hush&tenant=1", "https://h/w?key=***&tenant=***"],
    ["https://h/w?hush&a=&hush=hu=sh?x", "https://h/w?***&a=***&hush=***"],
    ["https://h/hu%3Fsh?", "https://h/hu%3Fsh?"],
  ])("%s is shown as %s", (text, shown) => {
    expect(pushTarget(text).shown).toBe(shown);
  });

  test.each(["h:9090", "", "ftp://h", "http://", "http://h/#a", "http://me:hush@"])("not %j", (text) => {
    expect(() => pushTarget(text)).toThrow("expected an address that begins with http");
    expect(() => pushTarget(text)).not.toThrow("hush");
  });

  test("a token that would end the header is refused, and not shown", () => {
    expect(() => pushTarget("http://h", { TENK_PUSH_TOKEN: "hush\r\nX: y" })).toThrow(/^(?!.*hush).*TENK_PUSH_TOKEN/);
  });
});

test("an instance pushes what /metrics tells, the last time when its listeners have stopped", async () => {
  const { url, received } = await receiver(204);
  const config = 'tcp: { a: { listen: "127.0.0.1:0" } }\ndashboard: { listen: "127.0.0.1:0" }';
  const instance = await up(parseConfig(config, "tenk.yaml"), { push: { target: pushTarget(url), everyMs: 1e6 } });
  await until(() => received.length > 0);
  const client = await new Client(instance.listeners[0]!.port).connected();
  client.socket.write("12345");
  await untilListeners(instance, ([first]) => first!.counts.bytesRead === 5);
  await instance.stop(0);
  const series = received
    .flatMap(seriesIn)
    .map(({ labels, values, bits }) => ({ labels: new Map(labels), value: values[0]!, bits: bits[0]! }));
  const of = (name: string, reason?: string) =>
    series.filter(({ labels }) => labels.get("__name__") === name && labels.get("reason") === reason);
  expect(of("tenk_tcp_bytes_read_total").map(({ value }) => value)).toEqual([0, 5, 5, Number.NaN]);
  expect(of("tenk_tcp_connections_closed_total", "shutdown").map(({ value }) => value)).toEqual([0, 0, 1, Number.NaN]);
  expect(of("node_load1").length).toBe(4);
  expect(of("tenk_tcp_bytes_read_total").at(-1)!.bits).toBe("7ff0000000000002");
});

test("what a handler counted on workers is pushed before they end", async () => {
  const { url, received } = await receiver(204);
  const config = `tcp: { a: { listen: "127.0.0.1:0", workers: 2, handler: ./counting-handler.ts } }
dashboard: { listen: "127.0.0.1:0" }`;
  const loaded = { ...parseConfig(config, "tenk.yaml"), folder: import.meta.dirname };
  const instance = await up(loaded, { push: { target: pushTarget(url), everyMs: 1e6 } });
  await until(() => received.length > 0);
  const client = await new Client(instance.listeners[0]!.port).connected();
  client.socket.write("12345");
  await untilListeners(instance, ([first]) => first!.counts.bytesRead === 5);
  await instance.stop(0);
  const counted = received
    .flatMap(seriesIn)
    .filter(({ labels }) => new Map(labels).get("__name__") === "packets_received_total");
  expect(Math.max(...counted.map(({ values }) => values[0]!).filter(Number.isFinite))).toBe(1);
});
