/** Lines of the security list and public bug reports, from the client's socket to the target's. */
import { afterEach, describe, expect, test } from "bun:test";
import { eventually, mirrorTarget, PROTOCOLS } from "./guard-support.ts";
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

const HOST = "app.home.arpa";

async function proxyTo(target: RawTarget, more = "") {
  const proxy = await startProxy(proxyOptions(`  app: { target: "http://127.0.0.1:${target.port}"${more} }\n`));
  stops.push(
    () => proxy.stop({ graceMs: 0 }),
    () => target.stop(),
  );
  return proxy;
}

/** The head of a request that a mirror answered with. */
const mirrored = (answer: string) => bodyOf(answer).split("\r\n");

describe("of a head that two readers could take for different ones no byte reaches a target:", () => {
  const POST = `POST / HTTP/1.1\r\nHost: ${HOST}\r\n`;
  test.each([
    ["a length and chunks (H01)", `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ["chunks and a length", `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, 400],
    ["an empty coding, then chunks", `${POST}Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ["chunks twice", `${POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, 400],
    ["chunks on HTTP/1.0", `POST / HTTP/1.0\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [
      "a coding that ends with a comma",
      `${POST}Transfer-Encoding: chunked,\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ["two lengths (H02)", `${POST}Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello`, 400],
    ["a chunk with letters behind its size (H03)", `${POST}Transfer-Encoding: chunked\r\n\r\n1these-bytes\r\n`, 400],
    [
      "a line break in a quoted extension",
      `${POST}Transfer-Encoding: chunked\r\n\r\n1;a="\r\n"\r\nx\r\n0\r\n\r\n`,
      400,
    ],
    ["a folded line (H04)", `${POST}X: a\r\n b\r\n\r\n`, 400],
    ["a bare LF", `GET /x\nHost: ${HOST}\r\n\r\n`, 400],
    ["a NUL in front", `\0${get("/", HOST)}`, 400],
    ["CONNECT (H08)", `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`, 501],
  ])("%s", async (_, request, status) => {
    const target = await mirrorTarget();
    const proxy = await proxyTo(target);
    const answer = await exchange(proxy.port, `${request}${get("/smuggled", HOST)}`);
    expect([statusOf(answer), answer.match(/HTTP\/1\.1 \d/g)?.length]).toEqual([status, 1]);
    expect(target.received).toEqual([]);
  });
});

describe.each(PROTOCOLS)("over %s", (_, start) => {
  async function started(more = "") {
    const target = await mirrorTarget();
    const services = `  app: { target: "http://127.0.0.1:${target.port}"${more} }\n`;
    const asker = await start(proxyOptions(services));
    stops.push(
      () => asker.stop(),
      () => target.stop(),
    );
    return { target, ...asker };
  }

  test("what a stranger says of the client reaches no target (H05, H06)", async () => {
    const { ask } = await started();
    const names = ["for", "proto", "host", "port", "prefix", "server", "user", "method", "uri", "anything"];
    const claims = names.map((name) => [`x-forwarded-${name}`, "spoofed"]);
    const others = [
      "x-real-ip",
      "forwarded",
      "proxy",
      "x_forwarded_for",
      "x.forwarded.for",
      "remote_user",
      "remote.user",
    ];
    const fields = Object.fromEntries([...claims, ...others.map((name) => [name, "spoofed"])]);
    const { status, body } = await ask({ fields: { ...fields, "x-kept": "1" } });
    expect([status, body.includes("spoofed")]).toEqual([200, false]);
    expect(body).toMatch(/\r\nx-kept: 1\r\n/i);
    expect(body).toMatch(/\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
  });

  test.each(["/a%2Fb", "/%5c%00;x", "//a///b", "/%2e%2e/x", "/a/../b", "/api../x", "/a\\b?c=/../d"])(
    "the target %s of a service for a whole site is carried unchanged (H09)",
    async (path) => {
      const { ask } = await started();
      expect((await ask({ path })).body).toStartWith(`GET ${path} HTTP/1.1\r\n`);
    },
  );

  test.each([
    ["/api../x", 404],
    ["/api/..%2fx", 400],
    ["/api/%2e%2e/x", 400],
    ["/api\\..\\x", 400],
    ["/API/x", 404],
    ["/%61pi/x", 404],
    ["//api/x", 404],
  ])("%s is no way out of the path of a service, nor into it: %i", async (path, status) => {
    const { ask, target } = await started(", path: /api, strip: true");
    expect([(await ask({ path })).status, target.received]).toEqual([status, []]);
  });
});

test("fields of the target's hop do not reach the client, with 101 neither (H07)", async () => {
  const hop = "X-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nTE: x\r\nProxy: x\r\nX-End: 1\r\n";
  const target = await rawTarget((text, socket) => {
    if (!text.endsWith("\r\n\r\n")) return;
    const switching = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade, X-Hop\r\nUpgrade: websocket\r\n${hop}\r\n`;
    const ok = `HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nContent-Length: 0\r\n${hop}\r\n`;
    socket.write(text.includes("websocket") ? switching : ok);
  });
  const proxy = await proxyTo(target);
  const upgrade = [
    `GET /ws HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket`,
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ].join("\r\n");
  for (const [request, status] of [
    [`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 200],
    [upgrade, 101],
  ] as const) {
    const client = new RawClient(proxy.port).send(request);
    const head = await client.until((text) => text.endsWith("\r\n\r\n"));
    client.close();
    expect([statusOf(head), head.includes("X-End: 1\r\n")]).toEqual([status, true]);
    expect(head).not.toMatch(/x-hop|keep-alive|proxy|^te:/im);
  }
});

test("one connection asks for each host by its own routes, those of the last reload", async () => {
  const services = (text: string) => `  a: { respond: "a ${text}" }\n  b: { respond: "b ${text}" }\n`;
  const proxy = await startProxy(proxyOptions(services("first")));
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const clients = [new RawClient(proxy.port), new RawClient(proxy.port)];
  const ask = async (client: RawClient, name: string) => {
    const before = client.text.length;
    client.send(`GET / HTTP/1.1\r\nHost: ${name}.home.arpa\r\n\r\n`);
    await client.until((text) => /\r\n\r\n\w \w+$/.test(text.slice(before)));
    return bodyOf(client.text.slice(before));
  };
  const answers: string[] = [];
  for (const text of ["first", "later"]) {
    await (await proxy.prepare({ handlerOptions: proxyOptions(services(text)) })).commit();
    for (const name of ["a", "b", "a"]) for (const client of clients) answers.push(await ask(client, name));
  }
  for (const client of clients) client.close();
  const expected = ["a", "a", "b", "b", "a", "a"];
  expect(answers).toEqual([...expected.map((name) => `${name} first`), ...expected.map((name) => `${name} later`)]);
});

test("a head that has no room for the service's own fields is refused, and none is cut", async () => {
  const target = await mirrorTarget();
  const own = "o".repeat(3500);
  const proxy = await proxyTo(target, `, headers: { request: { set: { X-One: "${own}", X-Two: "${own}" } } }`);
  const ask = (bytes: number) => exchange(proxy.port, get("/", HOST, `X-Long: ${"l".repeat(bytes)}`));
  expect(mirrored(await ask(1000))).toContain(`X-Two: ${own}`);
  expect(statusOf(await ask(15_800))).toBe(431);
  expect(target.received).toHaveLength(1);
});

test("HEAD that a target answers as chunks has no content, and both connections are used again", async () => {
  const target = await rawTarget((text, socket) => {
    if (text.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n");
  });
  const proxy = await proxyTo(target);
  const client = new RawClient(proxy.port);
  for (let count = 1; count <= 3; count++) {
    client.send(`HEAD /${count} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await client.until((text) => text.split("X: 1\r\n").length > count && text.endsWith("\r\n\r\n"));
  }
  client.close();
  expect(client.text.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(3);
  expect(target.sockets).toHaveLength(1);
});

test("a target's 413 reaches a client that still uploads", async () => {
  const target = await rawTarget((text, socket) => {
    if (text.endsWith("first")) socket.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
  });
  const proxy = await proxyTo(target);
  const client = new RawClient(proxy.port).send(
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 9000000\r\n\r\nfirst`,
  );
  await client.until((text) => text.endsWith("big"));
  client.send("x".repeat(1_000_000));
  await eventually(() => client.ended);
  expect(client.text).toStartWith("HTTP/1.1 413 ");
  client.close();
});

describe("the response to an ACME challenge (T02)", () => {
  const PATH = "/.well-known/acme-challenge";
  async function started(more: string) {
    const target = await mirrorTarget();
    const services = `  app: { target: "http://127.0.0.1:${target.port}", hosts: ["*"]${more} }\n`;
    const options = { challenges: { "token-1_a": "token-1_a.thumbprint" }, redirectToPort: 443 };
    const proxy = await startProxy(proxyOptions(services, options));
    stops.push(
      () => proxy.stop({ graceMs: 0 }),
      () => target.stop(),
    );
    return { proxy, target };
  }

  test.each([
    ["is redirected", ""],
    ["is served in the clear", ", plainHttp: serve"],
    [
      "asks for a password",
      `, plainHttp: serve, auth: { users: { ada: "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA" } }`,
    ],
    ["is for others", ", plainHttp: serve, allow: [10.0.0.0/8]"],
    ["has that path", `, plainHttp: serve, path: ${PATH}`],
  ])("is given whatever a service does: one that %s", async (_, more) => {
    const { proxy, target } = await started(more);
    const answer = await exchange(proxy.port, get(`${PATH}/token-1_a`, "any.example.org"));
    expect([statusOf(answer), bodyOf(answer), target.received]).toEqual([200, "token-1_a.thumbprint", []]);
  });

  test.each([
    "other",
    "token-1_a/",
    "token-1_a?x",
    "token-1_a/../token-1_a",
    "%74oken-1_a",
    "TOKEN-1_A",
    "__proto__",
    "constructor",
    "",
  ])("is not given for the token %s, which is the service's", async (token) => {
    const { proxy } = await started(", plainHttp: serve");
    const answer = await exchange(proxy.port, get(`${PATH}/${token}`, "any.example.org"));
    expect(mirrored(answer)[0]).toBe(`GET ${PATH}/${token} HTTP/1.1`);
  });
});
