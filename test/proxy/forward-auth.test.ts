import { afterEach, describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import type { Server } from "../../src/net/mod.ts";
import type { HttpService } from "../../src/part/mod.ts";
import type { ProxyOptions } from "../../src/proxy/handler/mod.ts";
import { contentOf, eventually, inProgress, mirrorTarget, PROTOCOLS, rejected } from "./guard-support.ts";
import { exchange, proxyOptions, RawClient, type RawTarget, rawTarget, startProxy } from "./support.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

type AnswerQuestion = (question: string, socket: Socket, count: number) => void;

const YES = "HTTP/1.1 200 OK\r\nRemote-User: ada\r\nX-Other: private\r\nContent-Length: 2\r\n\r\nok";
const TO_LOGIN = [
  "HTTP/1.1 302 Found",
  "Location: https://login.home.arpa/?rd=x",
  "Set-Cookie: try=1",
  "Connection: x-hop",
  "X-Hop: 1",
  "Keep-Alive: timeout=5",
  "Proxy: http://10.9.9.9",
  "Content-Length: 5",
  "\r\nLogin",
].join("\r\n");

/** As Authelia: who has the session's cookie goes on, others are sent to log in. */
const authelia: AnswerQuestion = (question, socket) =>
  void socket.write(/\r\ncookie: session=ada\r\n/i.test(question) ? YES : TO_LOGIN);

/** A server that is asked, and the options of a proxy whose service `app` asks it. */
async function withServer(answer: AnswerQuestion, more = "", given?: RawTarget) {
  let count = 0;
  const auth = await rawTarget((text, socket) => {
    if (text.endsWith("\r\n\r\n")) answer(lastOf(text), socket, ++count);
  });
  const target = given ?? (await mirrorTarget());
  stops.push(
    () => auth.stop(),
    () => target.stop(),
  );
  const url = `http://127.0.0.1:${auth.port}/api/verify?mode=x`;
  const forward = `{ url: "${url}", copyHeaders: [Remote-User, Remote-Groups]${more} }`;
  const options = proxyOptions(`  app: { target: "http://127.0.0.1:${target.port}", auth: { forward: ${forward} } }\n`);
  return { auth, target, options };
}

const lastOf = (text: string) => text.slice(text.lastIndexOf("GET /api/verify"));
const questionsOf = ({ received }: RawTarget) => received.join("").split(/(?=GET \/api\/verify)/);

/** Fields by which a client may try to be somebody, or to be asked about as somebody else. */
const SPOOFS = {
  "remote-user": "root",
  "remote-groups": "admins",
  remote_user: "root",
  "remote.groups": "admins",
  "x-forwarded-for": "10.9.9.9",
  "x-forwarded-method": "GOT",
  "x-forwarded-uri": "/public",
  "x-forwarded-host": "public.home.arpa",
  "x-forwarded-proto": "gopher",
  "x-real-ip": "10.9.9.9",
  forwarded: "for=10.9.9.9",
};
const SPOOFED = /root|admins|10\.9\.9\.9|GOT|public|gopher/;

describe.each(PROTOCOLS)("over %s", (protocol, start) => {
  const scheme = protocol === "HTTP/2" ? "https" : "http";

  async function started(answer: AnswerQuestion = authelia, more = "") {
    const { auth, target, options } = await withServer(answer, more);
    const asker = await start(options);
    stops.push(() => asker.stop());
    return { auth, target, ...asker };
  }

  test("the server is asked with the request's fields, and without content or what the client claims to be", async () => {
    const { ask, auth } = await started();
    const fields = {
      cookie: "session=ada",
      authorization: "Bearer x",
      "if-none-match": '"1"',
      "if-match": '"1"',
      ...SPOOFS,
    };
    const { status } = await ask({ method: "PUT", path: "/a%2Fb?c=d", body: "content", fields });
    expect(status).toBe(200);
    const [question = ""] = questionsOf(auth);
    expect(question).toStartWith(`GET /api/verify?mode=x HTTP/1.1\r\nHost: 127.0.0.1:${auth.port}\r\n`);
    const forwarded = question.match(/x-forwarded-[^\r]*/gi)!.sort();
    expect(forwarded).toEqual([
      "X-Forwarded-For: 127.0.0.1",
      "X-Forwarded-Host: app.home.arpa",
      "X-Forwarded-Method: PUT",
      `X-Forwarded-Proto: ${scheme}`,
      "X-Forwarded-Uri: /a%2Fb?c=d",
    ]);
    expect(question).toMatch(/\r\ncookie: session=ada\r\n/i);
    expect(question).toMatch(/\r\nauthorization: Bearer x\r\n/i);
    expect(question).not.toMatch(/content-length|transfer-encoding|if-|remote/i);
    expect(question).not.toMatch(SPOOFED);
  });

  test("a yes lets it go on: copied headers are the server's, and the client's are gone even where it sent none", async () => {
    const { ask } = await started();
    const { status, body } = await ask({ fields: { cookie: "session=ada", ...SPOOFS } });
    expect(status).toBe(200);
    expect(body.match(/remote.*/gi)).toEqual(["Remote-User: ada"]);
    expect(body).not.toMatch(SPOOFED);
    expect(body).not.toContain("private");
    expect(body).toMatch(/\r\ncookie: session=ada\r\n/i);
  });

  test.each([200, 204, 299])("a %i is a yes", async (status) => {
    const { ask } = await started((_, socket) => void socket.write(`HTTP/1.1 ${status} Yes\r\n\r\n`));
    // Without a length its content ends with the connection, which is not waited for.
    expect((await ask()).body).toStartWith("GET / ");
  });

  test.each(["GET", "HEAD", "POST"])(
    "another answer to %s is the client's, and the target hears nothing",
    async (method) => {
      const { ask, target, proxy } = await started();
      const { status, fields, body } = await ask({ method, body: method === "POST" ? "content" : "" });
      expect([status, fields.location, fields["set-cookie"]]).toEqual([302, "https://login.home.arpa/?rd=x", "try=1"]);
      expect([body, target.sockets.length]).toEqual([method === "HEAD" ? "" : "Login", 0]);
      expect([fields["x-hop"], fields["keep-alive"], fields.proxy]).toEqual([undefined, undefined, undefined]);
      expect(rejected(proxy, "auth-denied")).toBe(1);
    },
  );

  test.each([300, 304, 401, 403, 500, 599])("a %i is a no, and the client's answer", async (status) => {
    const { ask, target } = await started(
      (_, socket) => void socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`),
    );
    expect([(await ask()).status, target.sockets.length]).toEqual([status, 0]);
  });

  test("a no that breaks off is broken off for the client, and counted once", async () => {
    const { ask, proxy } = await started((_, socket) => {
      socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nabc", () => socket.resetAndDestroy());
    });
    expect((await ask().catch(() => undefined))?.body.length ?? 0).toBeLessThanOrEqual(3);
    expect([rejected(proxy, "auth-denied"), rejected(proxy, "auth-failed")]).toEqual([1, 0]);
  });

  test.each([
    ["its bytes", (socket: Socket) => void socket.write("XXX")],
    ["its break", (socket: Socket) => void socket.resetAndDestroy()],
  ])("what follows the head of a yes is nobody's: %s", async (_, follow) => {
    const yes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab";
    let auth: Socket | undefined;
    const answerSlowly = async (socket: Socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
      await turns();
      follow(auth!);
      await turns();
      socket.write("def");
    };
    const slow = await rawTarget((text, socket) => void (text.endsWith("\r\n\r\n") && answerSlowly(socket)));
    const answer: AnswerQuestion = (__, socket) => {
      auth = socket;
      socket.write(yes);
    };
    const asker = await start((await withServer(answer, "", slow)).options);
    stops.push(() => asker.stop());
    expect((await asker.ask()).body).toBe("abcdef");
  });

  test.each([
    ["resets", (socket: Socket) => socket.resetAndDestroy(), 502],
    ["closes", (socket: Socket) => socket.end(), 502],
    ["answers nonsense", (socket: Socket) => socket.end("HTTP/1.1 yes\r\n\r\n"), 502],
    [
      "answers with two lengths",
      (socket: Socket) => socket.end(YES.replace("\r\n\r", "\r\nContent-Length: 3\r\n\r")),
      502,
    ],
    ["answers with a line break in a header", (socket: Socket) => socket.end(YES.replace("ada", "ada\nX: y")), 502],
    ["changes protocols", (socket: Socket) => socket.end("HTTP/1.1 101 Yes\r\n\r\n"), 502],
    ["copies too much", (socket: Socket) => socket.end(YES.replace("ada", "a".repeat(5000))), 502],
    ["says nothing", () => {}, 504],
  ] as const)("a server that %s lets nobody through", async (_, act, expected) => {
    const { ask, auth, target, proxy } = await started((__, socket) => void act(socket), ", timeout: 300ms");
    const { status } = await ask({ fields: { cookie: "session=ada" } });
    expect([status, target.sockets.length, rejected(proxy, "auth-failed")]).toEqual([expected, 0, 1]);
    // Only a kept connection's close is worth a second question.
    expect(auth.sockets.length).toBe(1);
  });

  test("a server that is down lets nobody through", async () => {
    const { ask, auth, target } = await started();
    auth.stop();
    expect([(await ask({ fields: { cookie: "session=ada" } })).status, target.sockets.length]).toEqual([502, 0]);
  });

  test.each([
    { isChunked: false, bytes: 1 },
    { isChunked: false, bytes: 1_000_000 },
    { isChunked: true, bytes: 10 },
    { isChunked: true, bytes: 1_000_000 },
  ])("$bytes bytes of content that come meanwhile arrive whole (chunked: $isChunked)", async ({ isChunked, bytes }) => {
    const { ask } = await started((_, socket) => void setTimeout(() => socket.write(YES), 30));
    const body = Buffer.alloc(bytes, "0123456789");
    const answer = await ask({ method: "POST", body, isChunked });
    expect([answer.status, contentOf(answer.body) === body.toString()]).toEqual([200, true]);
  });

  test("a header that the configuration sets or removes is not the server's nor the client's", async () => {
    const { options } = await withServer(authelia);
    const asker = await start(edited(options, { headers: HOUSE }));
    stops.push(() => asker.stop());
    const { body } = await asker.ask({ fields: { cookie: "session=ada", ...SPOOFS } });
    expect(body.match(/(remote|cookie).*/gi)).toEqual(["Remote-User: house"]);
  });

  test("requests that wait at the same time keep their own heads", async () => {
    const { ask } = await started((_, socket) => void setTimeout(() => socket.write(YES), 30));
    const paths = Array.from({ length: 20 }, (_, index) => `/${String.fromCharCode(97 + index).repeat(30)}`);
    const answers = await Promise.all(paths.map((path) => ask({ path, fields: { "x-path": path } })));
    expect(answers.map(({ body }) => body.split(" ")[1])).toEqual(paths);
    expect(answers.map(({ body }) => /x-path: (\S+)/i.exec(body)![1] as string)).toEqual(paths);
  });

  test("one connection is kept for questions, and a question that meets its close is asked again", async () => {
    const { ask, auth } = await started((_, socket, count) => {
      if (count === 3) socket.resetAndDestroy();
      else socket.write(YES);
    });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await ask()).status);
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect([auth.sockets.length, questionsOf(auth).length]).toEqual([2, 5]);
  });

  test("an answer of 300 KB to the client arrives whole, one of more than 1 MiB is broken off", async () => {
    const refuse = (bytes: number) => `HTTP/1.1 403 Forbidden\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`;
    const { ask } = await started(
      (question, socket) => void socket.write(refuse(question.includes("/big") ? 2e6 : 3e5)),
    );
    expect((await ask()).body.length).toBe(300_000);
    const big = await ask({ path: "/big" }).catch(() => undefined);
    expect(big?.body.length ?? 0).toBeLessThan(1_200_000);
  });
});

/** Lets the event loop see what came on its sockets: that of the proxy is this one. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The same options with another section of their only service. */
function edited(options: ProxyOptions, changes: Partial<HttpService>): ProxyOptions {
  const [service] = options.services;
  return { ...options, services: [{ ...service!, http: { ...service!.http!, ...changes } }] };
}

/** Fields that the configuration removes and sets. */
const HOUSE: HttpService["headers"] = {
  request: { remove: ["Cookie", "Remote-Groups"], set: [["Remote-User", "house"]], add: [] },
  response: { remove: [], set: [], add: [] },
};

async function reload(proxy: Server, handlerOptions: ProxyOptions): Promise<void> {
  await (await proxy.prepare({ handlerOptions })).commit();
}

const UPGRADE = [
  "GET /ws HTTP/1.1",
  "Host: app.home.arpa",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
];

test("a WebSocket is asked about as a request without one, and opens on a yes alone", async () => {
  const { auth, target, options } = await withServer(authelia);
  const proxy = await startProxy(options);
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const stranger = new RawClient(proxy.port).send(`${UPGRADE.join("\r\n")}\r\n\r\n`);
  expect(await stranger.until((text) => text.endsWith("Login"))).toStartWith("HTTP/1.1 302 Found\r\n");
  stranger.close();
  expect(target.sockets.length).toBe(0);
  // The mirror answers 200, which shows the request that a WebSocket's target gets.
  const known = new RawClient(proxy.port).send(`${[...UPGRADE, "Cookie: session=ada"].join("\r\n")}\r\n\r\n`);
  const answer = await known.until((text) => text.includes("Remote-User: ada"));
  known.close();
  expect(answer).toContain("Upgrade: websocket\r\n");
  expect(questionsOf(auth).join("")).not.toMatch(/upgrade|websocket-key/i);
});

test("a WebSocket over HTTP/2 is asked about too", async () => {
  const { target, options } = await withServer(authelia);
  const asker = await PROTOCOLS[1][1](options);
  stops.push(() => asker.stop());
  const fields = { ":protocol": "websocket", ":scheme": "https", "sec-websocket-version": "13" };
  const stranger = await asker.ask({ method: "CONNECT", path: "/ws", fields });
  expect([stranger.status, target.sockets.length]).toEqual([302, 0]);
});

test("a client that leaves while the server is asked is forgotten on both sides", async () => {
  const { auth, target, options } = await withServer(() => {}, ", timeout: 10m");
  const proxy = await startProxy(options);
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const client = new RawClient(proxy.port).send("GET / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
  await eventually(() => auth.received[0]?.endsWith("\r\n\r\n") ?? false);
  client.close();
  await eventually(() => inProgress(proxy) === 0 && auth.sockets[0]!.destroyed);
  expect(target.sockets.length).toBe(0);
});

test("requests that wait block no others, and a reload leaves them their answer", async () => {
  const waiting: Socket[] = [];
  const { options } = await withServer((question, socket) => {
    if (question.includes("X-Forwarded-Uri: /slow")) waiting.push(socket);
    else socket.write(YES);
  });
  const proxy = await startProxy(options);
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const slow = new RawClient(proxy.port).send("GET /slow HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
  await eventually(() => waiting.length === 1);
  const fast = new RawClient(proxy.port).send("GET /fast HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
  expect(await fast.until((text) => text.includes("GET /fast"))).toStartWith("HTTP/1.1 200 ");
  await reload(proxy, edited(options, { auth: undefined }));
  waiting[0]!.write(YES);
  expect(await slow.until((text) => text.includes("GET /slow"))).toContain("\r\nRemote-User: ada\r\n");
  fast.close();
  slow.close();
});

describe("a reload", () => {
  async function started() {
    const { auth, target, options } = await withServer((_, socket) => void socket.write(YES));
    const asker = await PROTOCOLS[0][1](options);
    stops.push(() => asker.stop());
    return { auth, target, options, ...asker };
  }

  test("that changes something else keeps the connection to the server, and one without it closes that", async () => {
    const { ask, auth, proxy, options } = await started();
    await ask();
    await reload(proxy, edited(options, { maxBodyBytes: 1000 }));
    expect([(await ask()).status, auth.sockets.length]).toEqual([200, 1]);
    await reload(proxy, edited(options, { auth: undefined }));
    await turns();
    expect(auth.sockets[0]!.readableEnded).toBe(true);
    expect([(await ask()).status, auth.sockets.length]).toEqual([200, 1]);
  });

  test("with other fields of the configuration has those go before the server's", async () => {
    const { ask, proxy, options } = await started();
    expect((await ask()).body).toContain("Remote-User: ada\r\n");
    await reload(proxy, edited(options, { headers: HOUSE }));
    expect((await ask()).body.match(/remote.*/gi)).toEqual(["Remote-User: house"]);
  });

  test("that allows longer heads has the server asked about those", async () => {
    const { ask, auth, proxy, options } = await started();
    const long = { "x-long": "a".repeat(40_000) };
    expect((await ask({ fields: long })).status).toBe(431);
    await reload(proxy, { ...options, server: { maxHeadBytes: 65_536 } });
    expect((await ask({ fields: long })).status).toBe(200);
    expect(questionsOf(auth).at(-1)).toContain(long["x-long"]);
  });
});

test("a 101 to a question is no answer, also after a WebSocket", async () => {
  const { target, options } = await withServer((question, socket) => {
    socket.write(
      question.includes("Uri: /ws") ? YES : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    );
  });
  const proxy = await startProxy(options);
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const socket = new RawClient(proxy.port).send(`${UPGRADE.join("\r\n")}\r\n\r\n`);
  await socket.until((text) => text.includes("Remote-User: ada"));
  const client = new RawClient(proxy.port).send("GET / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
  expect(await client.until((text) => text.includes("\r\n\r\n"))).toStartWith("HTTP/1.1 502 ");
  expect([target.sockets.length, rejected(proxy, "auth-failed")]).toEqual([1, 1]);
  socket.close();
  client.close();
});

test("a no in chunks goes to HTTP/1.0 without them", async () => {
  const chunks = "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nLogin\r\n0\r\n\r\n";
  const { options } = await withServer((_, socket) => void socket.write(chunks));
  const proxy = await startProxy(options);
  stops.push(() => proxy.stop({ graceMs: 0 }));
  expect(await exchange(proxy.port, "GET / HTTP/1.0\r\nHost: app.home.arpa\r\n\r\n")).toEndWith("\r\n\r\nLogin");
});
