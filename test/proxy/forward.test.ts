import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import type { Server } from "../../src/net/mod.ts";
import { until } from "../net/support.ts";
import { settled } from "./guard-support.ts";
import {
  bodyOf,
  exchange,
  get,
  proxyOptions,
  RawClient,
  type RawTarget,
  rawTarget,
  startProxy,
  statusOf,
} from "./support.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const OK = (body: string, ...fields: string[]) =>
  `HTTP/1.1 200 OK\r\n${[`Content-Length: ${body.length}`, ...fields].join("\r\n")}\r\n\r\n${body}`;

async function targetOf(answer: (text: string, socket: Socket, index: number) => void): Promise<RawTarget> {
  const target = await rawTarget(answer);
  stops.push(() => target.stop());
  return target;
}

async function proxyTo(section: string): Promise<Server> {
  const proxy = await startProxy(proxyOptions(`  app: ${section}\n`));
  stops.push(() => proxy.stop({ graceMs: 0 }));
  return proxy;
}

const targets = (...all: { port: number }[]) => all.map(({ port }) => `"http://127.0.0.1:${port}"`).join(", ");
const whole = (text: string) => text.endsWith("\r\n\r\n");

/** A port that nobody listens on. */
async function closedPort(): Promise<{ port: number }> {
  const target = await rawTarget(() => {});
  target.stop();
  return target;
}

describe("an answer", () => {
  test.each([
    ["by length", OK("abc"), "Content-Length: 3", "abc"],
    [
      "in chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n",
      "Transfer-Encoding: chunked",
      "3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n",
    ],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204", ""],
    ["304", 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 'ETag: "a"', ""],
  ])("%s goes on as it is", async (_, answer, field, body) => {
    const target = await targetOf((text, socket) => whole(text) && socket.write(answer));
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const got = await exchange(proxy.port, get("/", "app.home.arpa"));
    expect(got).toContain(field);
    expect(bodyOf(got)).toBe(body);
    expect(got).toContain("Via: 1.1 tenk\r\n");
  });

  test("until the target closes is chunked to HTTP/1.1, and closed to HTTP/1.0", async () => {
    const target = await targetOf((text, socket) => whole(text) && socket.end("HTTP/1.1 200 OK\r\n\r\nabc"));
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    expect(bodyOf(await exchange(proxy.port, get("/", "app.home.arpa")))).toBe("3\r\nabc\r\n0\r\n\r\n");
    const old = await exchange(proxy.port, "GET / HTTP/1.0\r\nHost: app.home.arpa\r\n\r\n");
    expect(bodyOf(old)).toBe("abc");
    expect(old).not.toMatch(/transfer-encoding/i);
  });

  test("to HEAD has its length and no body, and the connections are used again", async () => {
    const target = await targetOf(
      (text, socket) => whole(text) && socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
    );
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const client = new RawClient(proxy.port);
    for (let count = 1; count <= 3; count++) {
      client.send("HEAD / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
      await client.until((text) => text.split("Content-Length: 9\r\n").length > count && whole(text));
    }
    client.close();
    expect(target.sockets.length).toBe(1);
  });

  test("of 103 goes before the answer proper", async () => {
    const early = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    const target = await targetOf((text, socket) => whole(text) && socket.write(early + OK("x")));
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const got = await exchange(proxy.port, get("/", "app.home.arpa"));
    expect(got).toStartWith("HTTP/1.1 103 ");
    expect(got).toContain("</a.css>");
    expect(got).toContain("HTTP/1.1 200 ");
  });

  test("that ends too early is never whole: the client is cut off", async () => {
    const target = await targetOf((text, socket) => {
      if (whole(text)) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", () => socket.destroy());
    });
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const client = new RawClient(proxy.port).send(get("/", "app.home.arpa"));
    let failed: unknown;
    client.socket.on("error", (error) => {
      failed = error;
    });
    await client.until(() => false);
    expect([bodyOf(client.text).length <= 3, (failed as { code?: string })?.code]).toEqual([true, "ECONNRESET"]);
  });

  test("of an event stream comes event by event", async () => {
    const target = await targetOf((text, socket) => {
      if (whole(text)) socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    });
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const client = new RawClient(proxy.port).send("GET / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
    await client.until((text) => text.includes("text/event-stream") && whole(text));
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      target.sockets[0]!.write(event);
      expect(await client.until((text) => text.includes(event))).toContain(event);
    }
    client.close();
    await until(() => target.sockets[0]!.destroyed || target.sockets[0]!.readableEnded);
  });
});

describe("a request's content", () => {
  test.each([
    ["by length", "Content-Length: 5\r\n\r\nhello", "Content-Length: 5\r\n\r\nhello"],
    [
      "in chunks",
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    [
      "of a DELETE in chunks",
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
  ])("%s goes on as it is", async (_, sent, arrived) => {
    const target = await targetOf((text, socket) => text.endsWith(arrived) && socket.write(OK("ok")));
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const answer = await exchange(
      proxy.port,
      `DELETE / HTTP/1.1\r\nHost: app.home.arpa\r\nConnection: close\r\n${sent}`,
    );
    expect([statusOf(answer), target.received[0]!.endsWith(arrived)]).toEqual([200, true]);
  });

  test("of length 0 is said to have that length", async () => {
    const target = await targetOf((text, socket) => whole(text) && socket.write(OK("ok")));
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    await exchange(
      proxy.port,
      "POST / HTTP/1.1\r\nHost: app.home.arpa\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    expect(target.received[0]).toEndWith("Content-Length: 0\r\n\r\n");
  });

  test("whose first chunk is wrong reaches no target", async () => {
    const target = await targetOf(() => {});
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const request = "POST / HTTP/1.1\r\nHost: app.home.arpa\r\nTransfer-Encoding: chunked\r\n\r\n1these-bytes\r\n";
    expect(statusOf(await exchange(proxy.port, request))).toBe(400);
    expect(target.received.join("")).toBe("");
  });

  test("that is too much is refused before any target has it", async () => {
    const target = await targetOf(() => {});
    const proxy = await proxyTo(`{ target: "http://127.0.0.1:${target.port}", maxBody: 10 }`);
    const request =
      "POST / HTTP/1.1\r\nHost: app.home.arpa\r\nConnection: close\r\nContent-Length: 11\r\n\r\n12345678901";
    expect(statusOf(await exchange(proxy.port, request))).toBe(413);
    expect(target.sockets.length).toBe(0);
  });

  test("of 1 MB goes to the second target where the first refuses the connection", async () => {
    const target = await targetOf((text, socket) => text.length > 1_000_000 && socket.write(OK("ok")));
    const proxy = await proxyTo(`{ targets: [${targets(await closedPort(), target)}], balance: first }`);
    const head = "POST / HTTP/1.1\r\nHost: app.home.arpa\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n";
    expect(statusOf(await exchange(proxy.port, head + "x".repeat(1_000_000)))).toBe(200);
  });
});

describe("a target that fails", () => {
  test("before it has the request is passed over, and 502 is the answer where none is left", async () => {
    const target = await targetOf((text, socket) => whole(text) && socket.write(OK("ok")));
    const [closed, other] = [await closedPort(), await closedPort()];
    const good = await proxyTo(`{ targets: [${targets(closed, target)}], balance: first }`);
    const bad = await proxyTo(`{ targets: [${targets(closed, other)}], balance: first }`);
    expect(statusOf(await exchange(good.port, get("/", "app.home.arpa")))).toBe(200);
    expect(statusOf(await exchange(bad.port, get("/", "app.home.arpa")))).toBe(502);
  });

  test.each([
    ["GET", 200, 2],
    ["PUT", 200, 2],
    ["POST", 502, 1],
    ["PATCH", 502, 1],
  ])("before its answer has a %s repeated only where that is safe: %i after %i", async (method, status, requests) => {
    const target = await targetOf((text, socket, index) => {
      if (!whole(text)) return;
      if (index === 0) socket.destroy();
      else socket.write(OK("ok"));
    });
    const other = await targetOf((text, socket) => whole(text) && socket.write(OK("ok")));
    const proxy = await proxyTo(`{ targets: [${targets(target, other)}], balance: first }`);
    const request = `${method} / HTTP/1.1\r\nHost: app.home.arpa\r\nConnection: close\r\n\r\n`;
    expect(statusOf(await exchange(proxy.port, request))).toBe(status);
    expect(target.sockets.length + other.sockets.length).toBe(requests);
  });

  test("on a kept connection has a GET sent again, on a new one", async () => {
    const target = await targetOf((text, socket, index) => {
      if (index === 0 && text.split("\r\n\r\n").length > 2) socket.destroy();
      else if (whole(text)) socket.write(OK(`${index}`));
    });
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    expect(bodyOf(await exchange(proxy.port, get("/", "app.home.arpa")))).toBe("0");
    expect(bodyOf(await exchange(proxy.port, get("/", "app.home.arpa")))).toBe("1");
  });

  test("to answer in time is answered for with 504", async () => {
    const target = await targetOf(() => {});
    const proxy = await proxyTo(`{ target: "http://127.0.0.1:${target.port}", timeouts: { response: 200ms } }`);
    expect(statusOf(await exchange(proxy.port, get("/", "app.home.arpa")))).toBe(504);
  });

  test("with an answer that is no HTTP is answered for with 502", async () => {
    const target = await targetOf((text, socket) => whole(text) && socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    expect(statusOf(await exchange(proxy.port, get("/", "app.home.arpa")))).toBe(502);
  });
});

test("more requests than a target may have wait for it, and too many are turned away with 503", async () => {
  const waiting: Socket[] = [];
  const target = await targetOf((text, socket) => whole(text) && waiting.push(socket));
  const limits = "{ perTarget: 1, waiting: 1, wait: 10s }";
  const proxy = await proxyTo(`{ target: "http://127.0.0.1:${target.port}", limits: ${limits} }`);
  const first = exchange(proxy.port, get("/1", "app.home.arpa"));
  await until(() => waiting.length === 1);
  const clients = [exchange(proxy.port, get("/2", "app.home.arpa")), exchange(proxy.port, get("/3", "app.home.arpa"))];
  const refused = await Promise.race(clients);
  expect([statusOf(refused), refused.includes("Retry-After: 5\r\n")]).toEqual([503, true]);
  waiting[0]!.write(OK("1"));
  expect(bodyOf(await first)).toBe("1");
  await until(() => waiting.length === 2);
  waiting[1]!.write(OK("2"));
  expect((await Promise.all(clients)).map(statusOf).sort()).toEqual([200, 503]);
});

describe("a WebSocket", () => {
  const HANDSHAKE = [
    "GET /ws HTTP/1.1",
    "Host: app.home.arpa",
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "\r\n",
  ].join("\r\n");
  const SWITCHING =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Other: 1\r\n\r\n";

  test("is a tunnel of bytes both ways, with both ends' own close", async () => {
    const target = await targetOf((text, socket) => {
      if (whole(text)) socket.write(`${SWITCHING}early`);
      else if (text.includes("ping")) socket.write("pong");
    });
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const client = new RawClient(proxy.port).send(HANDSHAKE);
    const head = await client.until((text) => text.endsWith("early"));
    expect(head).toStartWith("HTTP/1.1 101 ");
    expect(head).toMatch(/\r\nConnection: Upgrade\r\n/i);
    expect(head).toMatch(/\r\nUpgrade: websocket\r\n/i);
    expect(target.received[0]).toContain("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    client.send("ping");
    expect(await client.until((text) => text.endsWith("pong"))).toEndWith("earlypong");
    client.socket.end();
    await until(() => target.sockets[0]!.readableEnded);
    await client.until(() => false);
    client.close();
  });

  test.each([
    ["without a key", HANDSHAKE.replace(/Sec-WebSocket-Key.*\r\n/, "")],
    ["of h2c", HANDSHAKE.replace("Upgrade: websocket", "Upgrade: h2c")],
  ])("handshake %s is an ordinary request: no upgrade reaches the target", async (_, request) => {
    const target = await targetOf((text, socket) => whole(text) && socket.write(OK("plain")));
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    const client = new RawClient(proxy.port).send(request);
    const text = await client.until((all) => all.endsWith("plain") || all.includes(" 400 "));
    client.close();
    expect(statusOf(text) === 200 || statusOf(text) === 400).toBe(true);
    expect(target.received[0] ?? "").not.toMatch(/upgrade/i);
  });

  test("that nobody asked for is no answer", async () => {
    const target = await targetOf((text, socket) => whole(text) && socket.write(SWITCHING));
    const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
    expect(statusOf(await exchange(proxy.port, get("/", "app.home.arpa")))).toBe(502);
  });
});

test("a target that leads back to the proxy ends in 508, and not in a storm of requests", async () => {
  const first = await proxyTo("http://127.0.0.1:1");
  await first.configure(proxyOptions(`  app: http://127.0.0.1:${first.port}\n`));
  const answer = await exchange(first.port, get("/", "app.home.arpa"));
  expect([statusOf(answer), answer.match(/^Via: /gim)?.length]).toEqual([508, 8]);
  expect(first.counts().accepted).toBe(9);
});

test("a client that leaves takes its request from the target", async () => {
  const target = await targetOf(() => {});
  const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
  const client = new RawClient(proxy.port).send(get("/", "app.home.arpa"));
  await until(() => target.received[0]?.includes("\r\n\r\n") === true);
  const closed = new Promise((resolve) => target.sockets[0]!.on("close", resolve));
  client.close();
  await closed;
});

test("a slow reader slows its target: 64 MiB wait in the kernel and at the target, not here", async () => {
  const total = 64 * 1024 * 1024;
  let written = 0;
  const target = await targetOf((text, socket) => {
    if (!whole(text)) return;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
    const block = Buffer.alloc(256 * 1024);
    const more = () => {
      while (written < total) {
        written += block.length;
        if (!socket.write(block)) return void socket.once("drain", more);
      }
    };
    more();
  });
  const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
  const before = process.memoryUsage.rss();
  const client = new RawClient(proxy.port).send("GET / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
  client.socket.pause();
  let last = -1;
  // Nothing moves any more once every buffer on the way is full.
  await until(() => {
    const stands = written === last;
    last = written;
    return stands && written > 0;
  }, 300);
  expect(written).toBeLessThan(total / 2);
  expect(process.memoryUsage.rss() - before).toBeLessThan(48 * 1024 * 1024);
  let received = 0;
  client.socket.removeAllListeners("data");
  client.socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  client.socket.resume();
  await until(() => received > total);
  client.close();
});

test("a target that does not read slows the client that uploads, and gets all of it when it reads", async () => {
  const total = 64 * 1024 * 1024;
  const target = await targetOf((_, socket) => void socket.pause());
  const proxy = await proxyTo(`http://127.0.0.1:${target.port}`);
  const client = new RawClient(proxy.port).send(
    `POST / HTTP/1.1\r\nHost: app.home.arpa\r\nContent-Length: ${total}\r\n\r\n`,
  );
  client.socket.write(Buffer.alloc(total));
  expect(await settled(() => proxy.counts().bytesRead)).toBeLessThan(total / 2);
  let received = target.received[0]!.length;
  const socket = target.sockets[0]!;
  socket.removeAllListeners("data");
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    if (received > total) socket.write(OK("ok"));
  });
  socket.resume();
  expect(await client.until((text) => text.endsWith("ok"))).toStartWith("HTTP/1.1 200 ");
  client.close();
});
