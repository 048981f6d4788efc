import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { type HttpTargetOptions, request } from "../../../src/http/mod.ts";
import { freePort, until } from "../../net/support.ts";
import { Bench, GET, type RawConnection, send } from "./support.ts";

const bench = new Bench();
afterEach(() => bench.close());

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/** A raw target that answers only when told, and its client. */
async function held(options: Partial<HttpTargetOptions> = {}) {
  const asked: RawConnection[] = [];
  const raw = await bench.raw((connection) => asked.push(connection));
  const target = bench.target({ url: raw.url, ...options });
  const answer = (text = ANSWER) => asked.shift()!.socket.write(text);
  return { raw, target, asked, answer };
}

describe("connections", () => {
  test("are used again, the one used last first", async () => {
    const { raw, target, asked, answer } = await held();
    const first = [send(target), send(target)];
    await until(() => asked.length === 2);
    asked.sort((a, b) => a.index - b.index);
    answer();
    await Promise.race(first.map(({ done }) => done));
    answer();
    await Promise.all(first.map(({ done }) => done));
    for (let round = 0; round < 3; round++) {
      const request = send(target);
      expect(request.exchange.isReused).toBe(true);
      await until(() => asked.length === 1);
      expect(asked[0]!.index).toBe(1);
      answer();
      await request.done;
    }
    expect(raw.connections.length).toBe(2);
    expect(target.counts()).toMatchObject({ open: 2, idle: 2, requests: 5, answered: 5, reused: 3, dialled: 2 });
  });

  test("are at most maxConnections, and further requests are served in their order", async () => {
    const { raw, target, asked, answer } = await held({ maxConnections: 2 });
    const requests = Array.from({ length: 6 }, () => send(target));
    const ended: number[] = [];
    for (const [index, request] of requests.entries()) void request.done.then(() => ended.push(index));
    await until(() => asked.length === 2);
    expect(target.counts()).toMatchObject({ open: 2, waiting: 4 });
    asked.sort((a, b) => a.index - b.index);
    for (let count = 0; count < 6; count++) {
      await until(() => asked.length > 0);
      answer();
      await until(() => ended.length === count + 1);
    }
    expect(ended).toEqual([0, 1, 2, 3, 4, 5]);
    expect(raw.connections.length).toBe(2);
    expect(target.counts()).toMatchObject({ open: 2, idle: 2, waiting: 0, answered: 6, dialled: 2, reused: 4 });
  });

  test("a connection that ends makes room for who waits", async () => {
    const { raw, target, asked, answer } = await held({ maxConnections: 1 });
    const requests = [send(target), send(target)];
    await until(() => asked.length === 1);
    answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    await until(() => asked.length === 1);
    answer();
    expect((await requests[1]!.done).text).toBe("hi");
    expect(raw.connections.length).toBe(2);
  });

  test("a request that was withdrawn is not sent", async () => {
    const { raw, target, asked, answer } = await held({ maxConnections: 1 });
    const first = send(target);
    const second = send(target, "GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => asked.length === 1);
    second.exchange.abort();
    answer();
    await first.done;
    expect(target.counts()).toMatchObject({ idle: 1, waiting: 0, aborted: 1 });
    expect(raw.connections[0]!.received).toBe(GET);
  });
});

describe("a request fails, without a byte sent,", () => {
  test("when maxWaiting others wait", async () => {
    const { target, asked } = await held({ maxConnections: 1, maxWaiting: 2 });
    const requests = [send(target), send(target), send(target)];
    await until(() => asked.length === 1);
    const extra = send(target);
    expect(extra.isDone).toBe(false);
    expect((await extra.done).failure).toMatchObject({ phase: "connect", reason: "queue-full", isTimeout: false });
    expect(requests.map(({ isDone }) => isDone)).toEqual([false, false, false]);
  });

  test("when no connection comes free within waitMs", async () => {
    const { target, asked } = await held({ maxConnections: 1, waitMs: 100 });
    const first = send(target);
    const second = await send(target).done;
    expect(second.failure).toMatchObject({ phase: "connect", reason: "queue-timeout", isTimeout: true });
    expect([asked.length, first.isDone]).toEqual([1, false]);
  });

  test("when nobody listens", async () => {
    const target = bench.target({ url: `http://127.0.0.1:${await freePort()}` });
    const { failure } = await send(target).done;
    expect(failure).toMatchObject({ phase: "connect", reason: "connect", isReused: false, isTimeout: false });
    expect(failure?.text).toContain("nobody listens there");
    expect(target.counts()).toMatchObject({ open: 0, opening: 0, waiting: 0, dialsFailed: 1, failed: 1 });
  });

  test("when the connect takes longer than connectMs", async () => {
    const raw = await bench.raw(() => {});
    // It accepts, and never answers the handshake.
    const target = bench.target({ url: raw.url.replace("http:", "https:"), connectMs: 50 });
    const { failure } = await send(target).done;
    expect(failure).toMatchObject({ phase: "connect", reason: "connect-timeout", isTimeout: true });
  });

  test("a failed connect fails one request, and the others get theirs", async () => {
    const port = await freePort();
    const target = bench.target({ url: `http://127.0.0.1:${port}` });
    expect((await send(target).done).failure?.reason).toBe("connect");
    const server = createServer((socket) => socket.on("data", () => socket.write(ANSWER)));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const results = await Promise.all([send(target).done, send(target).done]);
    expect(results.map(({ text }) => text)).toEqual(["hi", "hi"]);
    server.close();
  });
});

describe("an idle connection", () => {
  const keeping = (keepAlive: string) => `HTTP/1.1 200 OK\r\nKeep-Alive: ${keepAlive}\r\nContent-Length: 2\r\n\r\nhi`;

  /** How long one is kept after this answer, roughly. */
  async function keptMs(answer: string, options: Partial<HttpTargetOptions>): Promise<number> {
    const target = await bench.answering(answer, false, options);
    await send(target).done;
    const startedMs = performance.now();
    await until(() => target.counts().open === 0);
    return performance.now() - startedMs;
  }

  test("is closed after keepMs", async () => {
    const ms = await keptMs(ANSWER, { keepMs: 300 });
    expect(ms).toBeGreaterThan(40);
    expect(ms).toBeLessThan(10_000);
  });

  test("is kept a second less than the target promises, and at most maxKeepMs", async () => {
    const [promised, bounded] = await Promise.all([
      keptMs(keeping("timeout=2, max=100"), { keepMs: 100 }),
      keptMs(keeping("timeout=100"), { keepMs: 100, maxKeepMs: 600 }),
    ]);
    expect(promised).toBeGreaterThan(700);
    expect(promised).toBeLessThan(2000);
    expect(bounded).toBeGreaterThan(300);
    expect(bounded).toBeLessThan(1600);
  });

  test.each([["timeout=1"], ["timeout=0"], ["max=5, timeout=1"]])(
    "is not kept where the target says %s",
    async (value) => {
      const target = await bench.answering(keeping(value));
      await send(target).done;
      expect(target.counts().open).toBe(0);
    },
  );

  test("is closed when the target closes it", async () => {
    const { raw, target, asked, answer } = await held();
    const request = send(target);
    await until(() => asked.length === 1);
    answer();
    await request.done;
    raw.connections[0]!.socket.end();
    await until(() => target.counts().open === 0);
    expect(target.counts()).toMatchObject({ idle: 0, failed: 0, unsolicited: 0 });
  });

  test.each(["HTTP/1.1 408 Request Timeout\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"])(
    "that brings bytes which nobody asked for is closed, and they answer nobody: %j",
    async (bytes) => {
      const { raw, target, asked, answer } = await held();
      const request = send(target);
      await until(() => asked.length === 1);
      answer();
      await request.done;
      raw.connections[0]!.socket.write(bytes);
      await until(() => target.counts().open === 0);
      expect(target.counts()).toMatchObject({ unsolicited: 1, failed: 0 });
      const next = send(target);
      await until(() => asked.length === 1);
      answer();
      expect((await next.done).text).toBe("hi");
    },
  );
});

describe("a kept connection that dies under a request", () => {
  async function dying(last: (connection: RawConnection) => void) {
    const raw = await bench.raw((connection) => {
      const count = connection.received.split("\r\n\r\n").length - 1;
      if (count === 1) connection.socket.write(ANSWER);
      else last(connection);
    });
    const target = bench.target({ url: raw.url });
    await send(target).done;
    return { raw, target };
  }

  test.each<[how: string, last: (connection: RawConnection) => void]>([
    ["closed", ({ socket }) => socket.end()],
    ["reset", ({ socket }) => socket.resetAndDestroy()],
  ])("is told apart, so that it can be sent once more on a fresh one: %s", async (how, last) => {
    const { raw, target } = await dying(last);
    const { failure } = await send(target).done;
    expect(failure).toMatchObject({ phase: "before-response", reason: how, isReused: true });
    const again = await send(target, GET, { isFresh: true }).done;
    expect([again.text, again.exchange.isReused, raw.connections.length]).toEqual(["hi", false, 2]);
  });

  test("is not, once a byte of the answer came", async () => {
    const { target } = await dying(({ socket }) => {
      socket.write("HTTP/1.1 2");
      socket.end();
    });
    expect((await send(target).done).failure).toMatchObject({ phase: "before-response", isReused: false });
  });

  test("a fresh one is opened in the place of an idle one where there is no room", async () => {
    const target = await bench.answering(ANSWER, false, { maxConnections: 1 });
    await send(target).done;
    const fresh = await send(target, GET, { isFresh: true }).done;
    expect([fresh.text, fresh.exchange.isReused]).toEqual(["hi", false]);
    expect(target.counts()).toMatchObject({ open: 1, idle: 1, dialled: 2, reused: 0 });
  });
});

describe("time", () => {
  test("a target that never answers fails the request, on its own connection only", async () => {
    const { target } = await held({ responseHeadMs: 50 });
    const { failure } = await send(target).done;
    expect(failure).toMatchObject({ phase: "before-response", reason: "response-timeout", isTimeout: true });
    expect(target.counts()).toMatchObject({ open: 0, failed: 1 });
  });

  test("does not run before the request is sent to its end", async () => {
    const { target, asked } = await held({ responseHeadMs: 50 });
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
    const upload = send(target, head, { framing: "length", bodyLength: 4, isWhole: false });
    const other = await send(target).done;
    expect(other.failure?.reason).toBe("response-timeout");
    expect([upload.isDone, asked.length]).toEqual([false, 2]);
    upload.exchange.write(new Uint8Array(4));
    upload.exchange.end();
    expect((await upload.done).failure?.reason).toBe("response-timeout");
  });

  test("a head that drips is late as well, and a 1xx answer begins the time anew", async () => {
    let sent = "HTTP/1.1 200 OK\r\n";
    const drip = await bench.raw(({ socket }) => {
      const timer = setInterval(() => {
        socket.write(sent);
        sent = "A: b\r\n";
      }, 20);
      socket.on("close", () => clearInterval(timer));
    });
    const patient = await bench.raw(({ socket }) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 102 Processing\r\n\r\n"), 100);
      setTimeout(() => {
        clearInterval(timer);
        socket.write(ANSWER);
      }, 1100);
    });
    const options = { responseHeadMs: 400 };
    const [late, kept] = await Promise.all([
      send(bench.target({ url: drip.url, ...options })).done,
      send(bench.target({ url: patient.url, ...options })).done,
    ]);
    expect(late.failure).toMatchObject({ phase: "before-response", reason: "response-timeout" });
    expect([kept.text, kept.events.includes("102")]).toEqual(["hi", true]);
  });

  test("a silent body is a failure with responseBodyMs, and none without", async () => {
    const half = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhi";
    const patient = send(await bench.answering(half));
    const { failure } = await send(await bench.answering(half, false, { responseBodyMs: 50 })).done;
    expect(failure).toMatchObject({ phase: "in-response", reason: "response-timeout", isTimeout: true });
    expect(patient.events).toEqual(["200", "body"]);
  });
});

describe("stop", () => {
  test("closes what is idle, lets requests end, and refuses new ones", async () => {
    const { target, asked, answer } = await held();
    const requests = [send(target), send(target)];
    await until(() => asked.length === 2);
    answer();
    await Promise.race(requests.map(({ done }) => done));
    let isStopped = false;
    const stopped = target.stop().then(() => {
      isStopped = true;
    });
    expect(target.counts()).toMatchObject({ open: 1, idle: 0 });
    expect((await send(target).done).failure).toMatchObject({ phase: "connect", reason: "stopped" });
    expect(isStopped).toBe(false);
    answer();
    await stopped;
    expect(requests.map(({ text }) => text)).toEqual(["hi", "hi"]);
    expect(target.counts()).toMatchObject({ open: 0, answered: 2 });
  });

  test("ends requests when the grace is over, also those that wait", async () => {
    const { target, asked } = await held({ maxConnections: 1 });
    const requests = [send(target), send(target)];
    await until(() => asked.length === 1);
    await target.stop({ graceMs: 20 });
    const failures = requests.map(({ failure }) => [failure?.phase, failure?.reason]);
    expect(failures).toEqual([
      ["before-response", "stopped"],
      ["connect", "stopped"],
    ]);
    expect(target.counts()).toMatchObject({ open: 0, opening: 0, waiting: 0 });
  });

  test("before anything was sent ends at once, and twice is once", async () => {
    const { target } = await held();
    await Promise.all([target.stop(), target.stop({ graceMs: 0 })]);
    expect(target.counts().open).toBe(0);
  });
});

test("an event that throws ends its own exchange, and the target goes on", async () => {
  const target = await bench.answering(ANSWER);
  const request = send(target);
  request.onEvent = (event) => {
    if (event === "200") throw new Error("a fault of the caller");
  };
  const { failure } = await request.done;
  expect(failure).toMatchObject({ phase: "in-response", reason: "handler-error" });
  expect((await send(target).done).text).toBe("hi");
  expect(target.counts()).toMatchObject({ open: 1, idle: 1, failed: 1, answered: 1 });
});

test("failures are logged once a second for each reason; retries, and requests that throw, not at all", async () => {
  const logged: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { kept: (record) => void logged.push(record) },
    loggers: [
      { category: "tenk", lowestLevel: "debug", sinks: ["kept"] },
      { category: ["logtape", "meta"], lowestLevel: "fatal" },
    ],
  });
  const port = await freePort();
  const target = bench.target({ url: `http://127.0.0.1:${port}` });
  for (let count = 0; count < 20; count++) await send(target).done;
  await expect(request(`http://127.0.0.1:${port}/`)).rejects.toThrow("nobody listens there");
  await reset();
  expect(logged.map(({ rawMessage, properties }) => [rawMessage, properties])).toEqual([
    [
      "request to target failed",
      {
        target: `http://127.0.0.1:${port}`,
        reason: "connect",
        count: 1,
        error: `Cannot connect to 127.0.0.1:${port}: nobody listens there`,
      },
    ],
  ]);
});

test("every request is counted once, as answered, failed or aborted", async () => {
  const { target, asked } = await held({ maxConnections: 3, maxWaiting: 4, waitMs: 60 });
  const requests = Array.from({ length: 10 }, () => send(target));
  requests[9]!.exchange.abort();
  requests[0]!.exchange.abort();
  await until(() => asked.length >= 2);
  asked[0]!.socket.write(ANSWER);
  asked[1]!.socket.destroy();
  await until(() => target.counts().waiting === 0);
  await target.stop({ graceMs: 0 });
  const { requests: sent, answered, failed, aborted, byReason } = target.counts();
  expect(sent).toBe(10);
  expect(answered + failed + aborted).toBe(10);
  expect(Object.values(byReason).reduce((sum, count) => sum + count)).toBe(failed);
});
