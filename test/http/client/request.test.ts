import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { type RequestOptions, request } from "../../../src/http/mod.ts";
import { until } from "../../net/support.ts";
import { Bench } from "./support.ts";

const bench = new Bench();
const servers: Server[] = [];
afterEach(async () => {
  await bench.close();
  for (const server of servers.splice(0)) server.close();
});

const OK = "HTTP/1.1 200 OK\r\n";
const codeOf = (promise: Promise<unknown>) => promise.then(() => "none", ({ code }) => code); // biome-ignore format: one thought

/** A raw target with one answer to everything. */
async function answering(answer: string, thenCloses = false) {
  return bench.raw(({ socket }) => {
    socket.write(answer, "latin1");
    if (thenCloses) socket.end();
  });
}

describe("a request", () => {
  test("returns status, fields in their order, and body", async () => {
    const raw = await answering(`${OK}Set-Cookie: a=1\r\nContent-Length: 5\r\nSET-Cookie: b=2\r\n\r\nhello`);
    const response = await request(`${raw.url}/a/../b%2f?c=d`);
    expect(response).toMatchObject({ status: 200, isCut: false, remoteAddress: "127.0.0.1", tls: undefined });
    expect(response.fields).toEqual([
      ["set-cookie", "a=1"],
      ["content-length", "5"],
      ["set-cookie", "b=2"],
    ]);
    expect(new TextDecoder().decode(response.body)).toBe("hello");
    expect(response.headMs).toBeLessThanOrEqual(response.totalMs);
    expect(raw.connections[0]!.received).toBe(
      `GET /a/../b%2f?c=d HTTP/1.1\r\nHost: 127.0.0.1:${raw.port}\r\nConnection: close\r\nAccept: */*\r\nAccept-Encoding: identity\r\n\r\n`,
    );
    await until(() => raw.connections[0]!.ended);
  });

  test("has the method, fields and body that it is given", async () => {
    const raw = await answering(`${OK}Content-Length: 0\r\n\r\n`);
    const fields = { host: "app.home.arpa", "X-Key": "v", accept: "text/plain" };
    await request(`${raw.url}?q`, { method: "PUT", fields, body: "h\u00e9" });
    expect(raw.connections[0]!.received).toBe(
      "PUT /?q HTTP/1.1\r\nHost: app.home.arpa\r\nConnection: close\r\nAccept-Encoding: identity\r\nX-Key: v\r\naccept: text/plain\r\nContent-Length: 3\r\n\r\nh\u00c3\u00a9",
    );
  });

  test("to a Unix socket names its path apart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-request-"));
    let received = "";
    const server = createServer((socket) =>
      socket.on("data", (bytes) => {
        received += bytes;
        socket.write(`${OK}Content-Length: 2\r\n\r\nhi`);
      }),
    ).listen(join(folder, "a.sock"));
    servers.push(server);
    await until(() => server.listening);
    const { status, remoteAddress } = await request(`unix:${folder}/a.sock`, { path: "/health" });
    expect([status, remoteAddress]).toEqual([200, ""]);
    expect(received).toStartWith("GET /health HTTP/1.1\r\nHost: localhost\r\n");
    rmSync(folder, { recursive: true });
  });

  test("fails as the connect or the answer does", async () => {
    const broken = await answering(`${OK}Content-Length: 5\r\n\r\nhell`, true);
    const invalid = await answering("HTTP/1.1 abc\r\n\r\n");
    expect(await codeOf(request(broken.url))).toBe("request-failed");
    expect(await codeOf(request(invalid.url))).toBe("request-failed");
    expect(await codeOf(request("http://127.0.0.1:1"))).toBe("connect-refused");
    expect(await codeOf(request("http://no-such-name.invalid"))).toBe("name-not-found");
  });

  test("ends with its signal, before and while it runs", async () => {
    const raw = await bench.raw(() => {});
    expect(await codeOf(request(raw.url, { signal: AbortSignal.abort() }))).toBe("connect-aborted");
    const abort = new AbortController();
    const pending = codeOf(request(raw.url, { signal: abort.signal }));
    await until(() => raw.connections[0]?.received !== undefined && raw.connections[0].received !== "");
    abort.abort();
    expect(await pending).toBe("connect-aborted");
    await until(() => raw.connections[0]!.socket.destroyed);
  });
});

describe("P01: a request goes where it is told, and nowhere else:", () => {
  test.each([
    ["file:///etc/passwd"],
    ["gopher://127.0.0.1/_"],
    ["ftp://127.0.0.1/"],
    ["//127.0.0.1/"],
    ["/etc/passwd"],
    ["javascript:alert(1)"],
  ])("%s is refused", async (url) => {
    expect(await codeOf(request(url))).toBe("invalid-option");
  });

  test.each(["http://127.0.0.1:1/elsewhere", "//evil.example/a", "/same"])(
    "a redirect to %s is an answer as any other",
    async (location) => {
      const raw = await answering(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
      const { status, fields } = await request(raw.url, { fields: { Authorization: "Bearer secret" } });
      expect([status, fields[0]]).toEqual([302, ["location", location]]);
      expect(raw.connections.length).toBe(1);
    },
  );

  test.each([
    "http://169.254.169.254/latest/meta-data/",
    "http://[fe80::1%lo]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fd00:ec2::254]/",
    "http://0.0.0.0:80/",
    "http://[::]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
  ])("%s is denied", async (url) => {
    expect(await codeOf(request(url, { timeoutMs: 300 }))).toBe("permission-denied");
  });

  test("a name whose addresses are denied is denied, and one that has others goes to those", async () => {
    const raw = await answering(`${OK}Content-Length: 2\r\n\r\nhi`);
    const url = `http://app.home.arpa:${raw.port}/`;
    const denied = request(url, { lookup: async () => ["169.254.169.254", "fe80::1"] });
    expect(await codeOf(denied)).toBe("permission-denied");
    let asked = 0;
    const lookup = async () => {
      asked += 1;
      return asked === 1 ? ["169.254.169.254", "127.0.0.1"] : ["169.254.169.254"];
    };
    const { remoteAddress, status } = await request(url, { lookup });
    // What was checked is what is connected to: the name is asked for once.
    expect([remoteAddress, status, asked]).toEqual(["127.0.0.1", 200, 1]);
  });

  test("what is meant is not denied", async () => {
    const raw = await answering(`${OK}Content-Length: 0\r\n\r\n`);
    expect(await codeOf(request(raw.url, { deniedRanges: ["127.0.0.0/8"] }))).toBe("permission-denied");
    const other = request("http://169.254.1.1:9/", { deniedRanges: [], timeoutMs: 30 });
    expect(await codeOf(other)).not.toBe("permission-denied");
  });
});

describe("P02: an answer is bounded:", () => {
  const endless = async () =>
    bench.raw(({ socket }) => {
      socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
      const more = () => { while (socket.write(`4000\r\n${"x".repeat(0x4000)}\r\n`)); }; // biome-ignore format: one thought
      socket.on("drain", more);
      more();
    });

  test("a body that is too long fails, or is cut and says so", async () => {
    const raw = await endless();
    expect(await codeOf(request(raw.url))).toBe("request-failed");
    const { body, isCut } = await request(raw.url, { maxBodyBytes: 1000, whenTooLong: "cut" });
    expect([body.length, isCut]).toEqual([1000, true]);
    await until(() => raw.connections.every(({ socket }) => socket.destroyed));
  });

  test("a body as long as it may be is whole", async () => {
    const raw = await answering(`${OK}Content-Length: 10\r\n\r\n0123456789`);
    expect(await request(raw.url, { maxBodyBytes: 10, whenTooLong: "cut" })).toMatchObject({ isCut: false });
  });

  test("a body that is handed on is not kept, is as long as it may be, and stops when it is not wanted", async () => {
    const raw = await endless();
    let bytes = 0;
    const onBody = (part: Uint8Array) => {
      bytes += part.length;
    };
    const { body } = await request(raw.url, { onBody, maxBodyBytes: 1_000_000, whenTooLong: "cut" });
    expect([bytes, body.length]).toEqual([1_000_000, 0]);
    const unwanted = request(raw.url, {
      onBody: () => expect.unreachable("the disk is full"),
      maxBodyBytes: 1_000_000,
    });
    expect(await codeOf(unwanted)).toBe("request-failed");
    await until(() => raw.connections.every(({ socket }) => socket.destroyed));
  });

  test.each<[name: string, answer: string]>([
    ["silence", ""],
    ["half a head", OK],
    ["half a body", `${OK}Content-Length: 5\r\n\r\nhell`],
  ])("time is, also with %s", async (_, answer) => {
    const raw = await answering(answer);
    const startedMs = performance.now();
    expect(await codeOf(request(raw.url, { timeoutMs: 60 }))).toBe("request-timeout");
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    await until(() => raw.connections[0]!.socket.destroyed);
  });

  test("a drip does not lengthen it", async () => {
    let drip: ReturnType<typeof setInterval> | undefined;
    const raw = await bench.raw(({ socket }) => {
      socket.write(`${OK}Content-Length: 5000\r\n\r\n`);
      drip = setInterval(() => socket.write("x"), 5);
    });
    expect(await codeOf(request(raw.url, { timeoutMs: 80 }))).toBe("request-timeout");
    clearInterval(drip);
  });

  test("a head is, and nothing is decompressed", async () => {
    const raw = await answering(`${OK}${"A: b\r\n".repeat(20_000)}`);
    expect(await codeOf(request(raw.url))).toBe("request-failed");
    const packed = await answering(`${OK}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbomb`);
    expect((await request(packed.url)).body).toEqual(Buffer.from("bomb"));
  });
});

describe("P03: nothing leaks into or out of a request:", () => {
  test("a certificate that is not trusted ends it before anything is sent, and what was agreed on is told", async () => {
    const pem = (name: string) => readFileSync(join(import.meta.dirname, "../../net/fixtures", name), "utf8");
    const cert = pem("localhost-cert.pem");
    let bytes = 0;
    const server = createTlsServer({ cert, key: pem("localhost-key.pem") }, (socket) => {
      socket.on("data", (data) => {
        bytes += data.length;
        socket.write(`${OK}Content-Length: 0\r\n\r\n`);
      });
      socket.on("error", () => {});
    });
    servers.push(server as unknown as Server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `https://localhost:${(server.address() as { port: number }).port}`;
    expect(await codeOf(request(url, { fields: { Authorization: "Bearer secret" } }))).toBe("tls-failed");
    expect(bytes).toBe(0);
    const { tls } = await request(url, { tls: { ca: cert } });
    expect(tls?.authorized).toBe(true);
    expect(tls?.peer?.validTo).toBeInstanceOf(Date);
  });

  test.each<[name: string, url: string, options: RequestOptions]>([
    ["a line break in the URL", "http://a/\r\nX: y", {}],
    ["a blank in the path", "http://a/b c", {}],
    ["a fragment", "http://a/#b", {}],
    ["a path that is an absolute URL", "http://a", { path: "http://b/" }],
    ["a line break in the method", "http://a", { method: "GET / HTTP/1.1\r\nX:" }],
    ["CONNECT", "http://a", { method: "CONNECT" }],
    ["a line break in a name", "http://a", { fields: { "X\r\nY": "z" } }],
    ["a line break in a value", "http://a", { fields: { X: "y\r\nZ: 1" } }],
    ["a character that is no byte", "http://a", { fields: { X: "\u4e2d" } }],
    ["a host with credentials", "http://a", { fields: { Host: "me@b" } }],
    ["two hosts", "http://a", { fields: { Host: "a", host: "b" } }],
    ["a length", "http://a", { fields: { "content-length": "5" } }],
    ["a transfer coding", "http://a", { fields: { "Transfer-Encoding": "chunked" } }],
    ["an upgrade", "http://a", { fields: { Upgrade: "h2c" } }],
    ["a body beyond all bounds", "http://a", { body: new Uint8Array(1024 * 1024 + 1) }],
  ])("%s is refused", async (_, url, options) => {
    expect(await codeOf(request(url, options))).toBe("invalid-option");
  });

  test("no message has a password or a query", async () => {
    for (const url of ["http://me:hidden@127.0.0.1:1/", "http://127.0.0.1:1/a?token=hidden"]) {
      const message = await request(url).catch(String);
      expect(message).not.toContain("hidden");
    }
    const raw = await answering("HTTP/1.1 abc\r\n\r\n");
    expect(await request(`${raw.url}/a?token=hidden`).catch(String)).toContain(`${raw.url}/a failed`);
  });
});
