/** What a flood of logins may cost. A password check never ends within the turn that begins it, so none of this is a matter of time. */
import { afterEach, describe, expect, test } from "bun:test";
import { type ClientHttp2Session, connect } from "node:http2";
import type { Socket } from "node:net";
import { resetSync } from "@logtape/logtape";
import { carryLog, flushOccasional, type LogEntry } from "../../src/base/mod.ts";
import type { Server } from "../../src/net/mod.ts";
import { Caller } from "../../src/proxy/forward/mod.ts";
import { BasicAuth } from "../../src/proxy/guard/basic-auth.ts";
import { CheckQueue } from "../../src/proxy/guard/check-queue.ts";
import { HeldRequest } from "../../src/proxy/guard/held-request.ts";
import { ANYBODY, type Wait } from "../../src/proxy/guard/mod.ts";
import { type GuardedExchange, Rejecter } from "../../src/proxy/guard/rejections.ts";
import { retryAfter } from "../../src/proxy/guard/retry-after.ts";
import type { ProxyOptions } from "../../src/proxy/handler/mod.ts";
import { Head, readRequest } from "../../src/wire/http1/mod.ts";
import { basic, eventually, mirrorTarget, PROTOCOLS, rejected, settled } from "./guard-support.ts";
import { exchange, get, proxyOptions, RawClient, rawTarget, startProxy } from "./support.ts";

/** Of `correct horse`; a cheap one. */
const HASH =
  "$argon2id$v=19$m=8,t=1,p=1$b3ogO0/UzrmsrAHYlspYYGYKd3honcFP/LE7tCfj5xo$HDBy7NLjQirw1/gOp8wi96lvhrqd8d9dcMXLC+2tdpo";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A proxy whose service asks for a password, and believes a chain of addresses. */
async function withPassword() {
  const target = await mirrorTarget();
  stops.push(() => target.stop());
  const auth = `auth: { users: { ada: "${HASH}" } }`;
  const services = `  app: { target: "http://127.0.0.1:${target.port}", ${auth} }\n`;
  const asker = await PROTOCOLS[1][1](proxyOptions(services, { trustedProxies: ["127.0.0.1"] }));
  stops.push(() => asker.stop());
  const login = (address: string, password: string) =>
    asker.ask({ fields: { authorization: basic("ada", password), "x-forwarded-for": address } });
  return { ...asker, login };
}

test("more checks than may wait are turned away, and told when to come again", async () => {
  const { login, proxy } = await withPassword();
  const answers = await Promise.all(
    Array.from({ length: 55 }, (_, index) => login(`192.0.2.${index}`, "correct horse")),
  );
  const busy = answers.filter(({ status }) => status === 503);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
  expect(new Set(busy.map(({ fields }) => fields["retry-after"]))).toEqual(new Set(["1"]));
  expect(rejected(proxy, "auth-busy")).toBe(busy.length);
});

test("guesses of many addresses slow all addresses down that guess", async () => {
  const { login, proxy } = await withPassword();
  let status = 401;
  // One a second is forgiven, so that a slow machine needs more than sixty.
  for (let guess = 0; guess < 250 && status === 401; guess++)
    ({ status } = await login(`192.0.2.${guess}`, `guess ${guess}`));
  expect([status, rejected(proxy, "locked-out")]).toEqual([429, 1]);
});

test("wrong passwords are logged at a bounded rate, and not the first request of each browser", async () => {
  const entries: LogEntry[] = [];
  carryLog((entry) => entries.push(entry));
  stops.push(() => resetSync());
  const { ask, login } = await withPassword();
  for (let count = 0; count < 5; count++) {
    expect((await ask()).status).toBe(401);
    await login(`192.0.2.${count}`, "wrong horse");
  }
  flushOccasional();
  const told = entries.filter(({ message }) => message === "request rejected").map(({ fields }) => fields);
  expect(new Set(told.map(({ reason }) => reason))).toEqual(new Set(["wrong-credentials"]));
  expect(told.reduce((sum, { count }) => sum + Number(count), 0)).toBe(5);
});

describe("basic auth on its own", () => {
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ${basic("ada", "correct horse")}\r\n\r\n`);
  const head = new Head();
  readRequest(head, bytes, 0, bytes.length);

  function started() {
    const auth = new BasicAuth({ realm: "x", users: { ada: HASH } }, new Rejecter("app"), false, undefined);
    const statuses: number[] = [];
    const exchange = { data: {}, fail: (status: number) => statuses.push(status) } as unknown as GuardedExchange;
    /** @returns undefined where it is turned away; `granted` is told when it may go on */
    const ask = (address: string, granted: () => void) => {
      const verdict = auth.check(exchange, head, bytes, new Caller(address));
      if (verdict === undefined || !("owner" in verdict)) return undefined;
      verdict.owner = { granted, rejected: () => {} };
      return verdict;
    };
    return { ask, statuses };
  }

  test("lets 250 requests wait for one check, and those who left make room", async () => {
    const { ask, statuses } = started();
    let granted = 0;
    const count = () => {
      granted += 1;
    };
    const waits = Array.from({ length: 251 }, () => ask("192.0.2.1", count));
    expect([waits.filter((each) => each !== undefined).length, statuses]).toEqual([250, [503]]);
    waits[7]!.finished();
    expect([ask("192.0.2.1", count) !== undefined, ask("192.0.2.1", count)]).toEqual([true, undefined]);
    await eventually(() => granted === 250);
  });

  test("checks again what it forgot for others", async () => {
    const { ask, statuses } = started();
    const login = (address: string) => new Promise<void>((resolve) => ask(address, resolve));
    for (let index = 0; index <= 1000; index++) await login(`192.0.${index >> 8}.${index & 255}`);
    await login("192.0.0.0");
    expect(statuses).toEqual([]);
  });
});

test("checks run one after the other, 32 wait, and one that fails stops none", async () => {
  const queue = new CheckQueue();
  const ends: ((error?: Error) => void)[] = [];
  const check = () =>
    new Promise<void>((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error))));
  for (let index = 0; index < 33; index++) {
    expect(queue.isFull).toBe(false);
    queue.add(check);
  }
  expect([queue.isFull, ends.length]).toEqual([true, 1]);
  ends[0]!(new Error("on purpose"));
  await eventually(() => ends.length === 2);
  expect(queue.isFull).toBe(false);
  for (let index = 1; index < 33; index++) {
    ends[index]!();
    await eventually(() => ends.length === Math.min(index + 2, 33));
  }
  queue.add(check);
  await eventually(() => ends.length === 34);
});

describe("a request that was held", () => {
  function held(proceed: () => void) {
    const failed: number[] = [];
    const exchange = { hasBody: false, fail: (status: number) => failed.push(status) };
    const wait: Wait = { owner: undefined, drained: () => {}, finished: () => {} };
    return { request: new HeldRequest(exchange as never, new Head(), new Uint8Array(0), wait, proceed), failed };
  }

  test("is answered with 500 where it cannot go on", () => {
    const { request, failed } = held(() => {
      throw new Error("on purpose");
    });
    request.granted(ANYBODY);
    expect(failed).toEqual([500]);
  });

  test("goes on once, and not once its client has gone", () => {
    let count = 0;
    const { request, failed } = held(() => (count += 1));
    request.granted(ANYBODY);
    request.granted(ANYBODY);
    const gone = held(() => (count += 1));
    gone.request.finished();
    gone.request.granted(ANYBODY);
    expect([count, failed, gone.failed]).toEqual([1, [], []]);
  });
});

test.each([
  [0.2, 1],
  [1000, 1],
  [1001, 2],
  [3_600_001, 3600],
])("a wait of %d ms is told as %i s", (waitMs, seconds) => {
  expect(Buffer.from(retryAfter(waitMs)).toString()).toBe(`Retry-After: ${seconds}\r\n`);
});

describe("a server that is asked", () => {
  /** A server, and the options of a proxy that asks it about each request. */
  async function asked(answer: (socket: Socket) => void) {
    const auth = await rawTarget((text, socket) => void (text.endsWith("\r\n\r\n") && answer(socket)));
    const target = await mirrorTarget();
    stops.push(
      () => auth.stop(),
      () => target.stop(),
    );
    const forward = `{ url: "http://127.0.0.1:${auth.port}/", copyHeaders: [], timeout: 10m }`;
    const service = `{ target: "http://127.0.0.1:${target.port}", auth: { forward: ${forward} } }`;
    return { auth, options: proxyOptions(`  app: ${service}\n`) };
  }

  async function overHttp1(options: ProxyOptions): Promise<Server> {
    const proxy = await startProxy(options);
    stops.push(() => proxy.stop({ graceMs: 0 }));
    return proxy;
  }

  /** A proxy, and how to open a session of HTTP/2 with it. */
  async function overHttp2(options: ProxyOptions) {
    const asker = await PROTOCOLS[1][1](options);
    const sessions: ClientHttp2Session[] = [];
    stops.push(async () => {
      for (const session of sessions) session.destroy();
      await asker.stop();
    });
    const open = () => {
      const session = connect(`https://127.0.0.1:${asker.proxy.port}`, { rejectUnauthorized: false });
      sessions.push(session);
      return session;
    };
    return { proxy: asker.proxy, open };
  }

  const upload = (bytes: number) => `POST / HTTP/1.1\r\nHost: app.home.arpa\r\nContent-Length: ${bytes}\r\n\r\n`;

  test("is asked 256 questions at a time, 1024 wait, and further ones are turned away", async () => {
    const { auth, options } = await asked(() => {});
    const { proxy, open } = await overHttp2(options);
    const sessions = Array.from({ length: 6 }, open);
    const turnedAway: string[] = [];
    for (let index = 0; index < 256 + 1024 + 5; index++) {
      const stream = sessions[index % 6]!.request({ ":path": "/", ":authority": "app.home.arpa" });
      stream.on("response", (headers) => turnedAway.push(`${headers[":status"]} ${headers["retry-after"]}`));
      stream.on("error", () => {});
      stream.resume();
    }
    await eventually(() => turnedAway.length >= 5 && auth.sockets.length === 256);
    expect(turnedAway).toEqual(new Array(5).fill("503 5"));
    expect(rejected(proxy, "auth-failed")).toBe(5);
  }, 20_000);

  test("is slowed by clients that do not read its answers", async () => {
    const page = Buffer.alloc(1_000_000, "x");
    const { options } = await asked((socket) => {
      socket.write(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${page.length}\r\n\r\n`);
      socket.write(page);
    });
    const session = (await overHttp2(options)).open();
    // Together their answers are more than a connection may keep waiting.
    const streams = Array.from({ length: 20 }, () => session.request({ ":path": "/", ":authority": "app.home.arpa" }));
    await Promise.all(streams.map((stream) => new Promise((resolve) => stream.on("response", resolve))));
    const lengths = await Promise.all(
      streams.map(async (stream) => {
        let length = 0;
        for await (const chunk of stream) length += (chunk as Buffer).length;
        return length;
      }),
    );
    expect(new Set(lengths)).toEqual(new Set([page.length]));
  });

  test("slows a client that uploads meanwhile", async () => {
    const { auth, options } = await asked(() => {});
    const proxy = await overHttp1(options);
    const client = new RawClient(proxy.port).send(upload(20_000_000) + "x".repeat(20_000_000));
    await eventually(() => auth.sockets.length === 1);
    expect(await settled(() => proxy.counts().bytesRead)).toBeLessThan(2_000_000);
    client.close();
  });

  test("and says no has the client's upload read to the end", async () => {
    const no = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nn";
    const { auth, options } = await asked((socket) => socket.write(no));
    const proxy = await overHttp1(options);
    const client = new RawClient(proxy.port).send(upload(4_000_000));
    await client.until((text) => text.endsWith("\r\n\r\nn"));
    client.send("x".repeat(4_000_000));
    await eventually(() => proxy.counts().bytesRead === upload(4_000_000).length + 4_000_000);
    auth.sockets[0]!.write("o");
    expect(await client.until((text) => text.endsWith("no"))).toStartWith("HTTP/1.1 403 ");
    client.close();
  });

  test("and says yes without end is broken off", async () => {
    const { auth, options } = await asked((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
      };
      socket.on("drain", more);
      more();
    });
    const proxy = await overHttp1(options);
    expect(await exchange(proxy.port, get("/", "app.home.arpa"))).toStartWith("HTTP/1.1 200 ");
    await eventually(() => auth.sockets[0]!.destroyed);
    expect(auth.sockets[0]!.bytesWritten).toBeLessThan(100_000_000);
  });
});
