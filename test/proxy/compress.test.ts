import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, gunzipSync, gzipSync, zstdDecompressSync } from "node:zlib";
import { listen, type Server } from "../../src/net/mod.ts";
import { PROXY_COUNTS } from "../../src/proxy/counts.ts";
import proxyModule from "../../src/proxy/handler/proxy-module.ts";
import { settled } from "./guard-support.ts";
import { exchange, get, proxyOptions, RawClient, type RawTarget, rawTarget, startProxy, statusOf } from "./support.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const HOST = "app.home.arpa";
const TEXT = "tenk compresses what shrinks. ".repeat(100);
const fixture = (name: string) => join(import.meta.dirname, "../net/fixtures", `${name}.pem`);

async function targetOf(answer: Parameters<typeof rawTarget>[0]): Promise<RawTarget> {
  const target = await rawTarget(answer);
  stops.push(() => target.stop());
  return target;
}

async function proxyTo({ port }: { port: number }, more = ""): Promise<Server> {
  const proxy = await startProxy(
    proxyOptions(`  app: { target: "http://127.0.0.1:${port}", compress: true${more} }\n`),
  );
  stops.push(() => proxy.stop({ graceMs: 0 }));
  return proxy;
}

const whole = (text: string) => text.endsWith("\r\n\r\n");
const TYPE = "Content-Type: text/html";
const answerWith = (body: string, ...fields: string[]) =>
  `HTTP/1.1 200 OK\r\n${[`Content-Length: ${body.length}`, ...fields].join("\r\n")}\r\n\r\n${body}`;

/** A proxy to a target that gives every request this answer. */
async function proxyOf(answer: string): Promise<Server> {
  return proxyTo(await targetOf((text, socket) => whole(text) && socket.write(answer, "latin1")));
}

/** The head of an answer, and its content without chunks and codings. */
function read(answer: string): { head: string; body: string; bytes: number } {
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  let bytes = Buffer.from(rest.join("\r\n\r\n"), "latin1");
  if (/transfer-encoding: chunked/i.test(head)) {
    const chunks: Buffer[] = [];
    for (let at = 0; ; ) {
      const lineEnd = bytes.indexOf("\r\n", at);
      const length = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
      if (!(length > 0)) break;
      chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
      at = lineEnd + 4 + length;
    }
    bytes = Buffer.concat(chunks);
  }
  const coding = /^content-encoding: (\w+)/im.exec(head)?.[1];
  const plain = coding === "zstd" ? zstdDecompressSync(bytes) : coding === "gzip" ? gunzipSync(bytes) : bytes;
  return { head, body: plain.toString("latin1"), bytes: bytes.length };
}

describe("a forwarded answer", () => {
  test.each([
    ["zstd, gzip", "zstd"],
    ["gzip, deflate, br", "gzip"],
    ["gzip;q=1, zstd;q=0.5", "gzip"],
    ["*", "zstd"],
    ["zstd;q=0, *;q=0.1", "gzip"],
    ["x-gzip", "gzip"],
    ["gzip\r\nAccept-Encoding: br", "gzip"],
    ["gzip;q=2", undefined],
    [`${"x,".repeat(520)}gzip`, undefined],
    ["identity, gzip;q=0.5", undefined],
    ["gzip;q=0", undefined],
    ["br", undefined],
    [undefined, undefined],
  ])("to Accept-Encoding: %s is in %s", async (accepted, coding) => {
    for (const answer of [
      answerWith(TEXT, TYPE, 'ETag: "a"', "Accept-Ranges: bytes", "Proxy: x"),
      `HTTP/1.1 200 OK\r\n${TYPE}\r\nETag: "a"\r\nTransfer-Encoding: chunked\r\n\r\n${TEXT.length.toString(16)}\r\n${TEXT}\r\n0\r\n\r\n`,
    ]) {
      const proxy = await proxyOf(answer);
      const fields = accepted === undefined ? [] : [`Accept-Encoding: ${accepted}`];
      const { head, body, bytes } = read(await exchange(proxy.port, get("/", HOST, ...fields)));
      expect(body).toBe(TEXT);
      expect(head).toContain("Vary: Accept-Encoding");
      expect(/content-encoding: (.*)/i.exec(head)?.[1]).toBe(coding);
      expect(head.match(/^(etag|proxy): .*/gim)).toEqual([coding === undefined ? 'ETag: "a"' : 'ETag: W/"a"']);
      if (coding === undefined) continue;
      expect(bytes).toBeLessThan(300);
      expect(head).not.toMatch(/content-length|accept-ranges/i);
    }
  });

  test.each([
    ['W/"a"', ['ETag: W/"a"']],
    ["no-tag", []],
  ])("with the ETag %s has %j when it is compressed, and 512 bytes are enough", async (etag, sent) => {
    const proxy = await proxyOf(answerWith("x".repeat(512), TYPE, `ETag: ${etag}`));
    const { head } = read(await exchange(proxy.port, get("/", HOST, "Accept-Encoding: gzip")));
    expect(head).toContain("Content-Encoding: gzip");
    expect([...(head.match(/^etag.*/gim) ?? [])]).toEqual(sent);
  });

  const long = "x".repeat(600);
  test.each([
    ["is short", answerWith("x".repeat(511), TYPE)],
    ["is an image", answerWith(long, "Content-Type: image/png")],
    ["has no type", answerWith(long)],
    [
      "is compressed already",
      answerWith(gzipSync(TEXT.repeat(900)).toString("latin1"), TYPE, "Content-Encoding: gzip"),
    ],
    ["must not be changed", answerWith(long, TYPE, "Cache-Control: public, no-transform")],
    ["has a digest", answerWith(long, TYPE, "Content-Digest: sha-256=:x:")],
    ["is a part", answerWith(long, TYPE, "Content-Range: bytes 0-599/1000").replace("200 OK", "206 Partial Content")],
    ["says that it is a part", answerWith(long, TYPE, "Content-Range: bytes 0-599/1000")],
    ["is a part and says not which", answerWith(long, TYPE).replace("200 OK", "206 Partial Content")],
    [
      "announces trailers",
      `HTTP/1.1 200 OK\r\n${TYPE}\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n${long}\r\n0\r\nX-Sum: 1\r\n\r\n`,
    ],
  ])("that %s goes on as it is", async (_, answer) => {
    const proxy = await proxyOf(answer);
    const got = await exchange(proxy.port, get("/", HOST, "Accept-Encoding: zstd, gzip"));
    const [head = ""] = got.split("\r\n\r\n");
    expect(got.slice(head.length)).toBe(answer.slice(answer.indexOf("\r\n\r\n")));
    expect(head).not.toMatch(/^vary/im);
    expect(/content-encoding: zstd/i.test(head)).toBe(false);
  });

  test.each(["204 No Content", "304 Not Modified"])("%s has no content to compress", async (status) => {
    const proxy = await proxyOf(`HTTP/1.1 ${status}\r\n${TYPE}\r\nETag: "a"\r\n\r\n`);
    const got = await exchange(proxy.port, get("/", HOST, "Accept-Encoding: gzip"));
    expect([statusOf(got), /content-encoding/i.test(got)]).toEqual([Number(status.slice(0, 3)), false]);
  });

  test("to HEAD has the fields of one to GET, and no content", async () => {
    const target = await targetOf((text, socket) => {
      if (whole(text))
        socket.write(answerWith(TEXT, TYPE).slice(0, text.startsWith("HEAD") ? -TEXT.length : undefined));
    });
    const proxy = await proxyTo(target);
    const client = new RawClient(proxy.port);
    client.send(get("/", HOST, "Accept-Encoding: gzip").replace("GET", "HEAD").replace("Connection: close\r\n", ""));
    const text = await client.until(whole);
    expect(text).toContain("Content-Encoding: gzip");
    expect(text).not.toMatch(/content-length/i);
    client.close();
  });

  test.each(["Cookie, Accept-Encoding", "*"])(
    "names the target's Vary: %s no second time, and drops an ETag that the service removes",
    async (vary) => {
      const target = await targetOf(
        (text, socket) => whole(text) && socket.write(answerWith(TEXT, TYPE, `Vary: ${vary}`, 'ETag: "a"')),
      );
      const proxy = await proxyTo(target, ", headers: { response: { remove: [ETag] } }");
      const { head } = read(await exchange(proxy.port, get("/", HOST, "Accept-Encoding: gzip")));
      expect(head.match(/^vary: /gim)?.length).toBe(1);
      expect(head).not.toMatch(/etag/i);
    },
  );

  test.each(["zstd", "gzip"] as const)("of an event stream in %s comes event by event", async (coding) => {
    const target = await targetOf((text, socket) => {
      if (whole(text)) socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    });
    const proxy = await proxyTo(target);
    const client = new RawClient(proxy.port).send(get("/", HOST, `Accept-Encoding: ${coding}`));
    await client.until((text) => text.includes("\r\n\r\n"));
    // What came so far must decode to all events that were sent, although the stream goes on.
    const seen = () => {
      const { head, ...rest } = chunksOf(client.text);
      return decodedSoFar(rest.bytes, coding, head);
    };
    for (let event = 1; event <= 3; event++) {
      target.sockets[0]!.write(`data: ${event}\n\n`);
      await client.until((text) => text.length > 0 && seen().endsWith(`data: ${event}\n\n`));
    }
    expect(seen()).toBe("data: 1\n\ndata: 2\n\ndata: 3\n\n");
    client.close();
  });

  test("that its target breaks off is broken off for the client", async () => {
    const target = await targetOf((text, socket) => {
      if (whole(text)) socket.write(answerWith(TEXT, TYPE).slice(0, -100), () => socket.destroy());
    });
    const proxy = await proxyTo(target);
    const client = new RawClient(proxy.port).send(get("/", HOST, "Accept-Encoding: gzip"));
    const text = await client.until(() => false);
    expect(text).not.toEndWith("0\r\n\r\n");
  });

  test("slows its target while the client reads nothing, and is whole when it reads", async () => {
    // Random digits: they shrink by half only, so that much must be sent.
    const block = Buffer.from(Array.from({ length: 65_536 }, () => (Math.random() * 16) | 0).map((each) => each + 97));
    const blocks = 800;
    let sent = 0;
    const target = await targetOf((text, socket) => {
      if (!whole(text)) return;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${block.length * blocks}\r\n\r\n`);
      const more = () => {
        while (sent < blocks && socket.write(block)) sent += 1;
        if (sent < blocks) {
          sent += 1;
          socket.once("drain", more);
        }
      };
      more();
    });
    const proxy = await proxyTo(target);
    const client = connect({ port: proxy.port, host: "127.0.0.1" });
    client.pause();
    client.write(get("/", HOST, "Accept-Encoding: zstd"));
    expect(await settled(() => sent)).toBeLessThan(blocks);
    expect(proxy.counts().writeQueueBytes).toBeLessThan(1024 * 1024);
    const chunks: Buffer[] = [];
    client.on("data", (bytes: Buffer) => chunks.push(bytes));
    client.resume();
    await new Promise((resolve) => client.on("end", resolve));
    const { body } = read(Buffer.concat(chunks).toString("latin1"));
    expect([sent, body.length]).toEqual([blocks, block.length * blocks]);
  });
});

describe("an own answer", () => {
  async function own(section: string): Promise<Server> {
    const proxy = await startProxy(proxyOptions(`  app: { ${section}, compress: true }\n`));
    stops.push(() => proxy.stop({ graceMs: 0 }));
    return proxy;
  }

  test.each([
    ["of a text", TEXT, TEXT],
    ["of a template", `{path} ${TEXT}`, `/ ${TEXT}`],
  ])("%s is compressed with its length, again and again", async (_, text, body) => {
    const proxy = await own(`respond: ${JSON.stringify(text)}`);
    for (const coding of ["zstd", "gzip", "zstd", undefined]) {
      const got = read(await exchange(proxy.port, get("/", HOST, ...(coding ? [`Accept-Encoding: ${coding}`] : []))));
      expect(got.body).toBe(body);
      expect(/content-encoding: (.*)/i.exec(got.head)?.[1]).toBe(coding);
      expect(got.head).toContain(`Content-Length: ${got.bytes}`);
      expect(got.head).toContain("Vary: Accept-Encoding");
    }
  });

  test.each([
    ["kept in memory", "8MiB", true],
    ["read while it is sent", "0", false],
  ])("of a file %s is compressed, ranges of it are not", async (_, cache, hasLength) => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-compress-"));
    stops.push(() => rmSync(folder, { recursive: true }));
    const long = TEXT.repeat(100);
    writeFileSync(join(folder, "a.txt"), long);
    writeFileSync(join(folder, "a.png"), long);
    writeFileSync(join(folder, "short.txt"), "short");
    const proxy = await own(`root: { folder: ${folder}, cache: ${cache} }`);
    const ask = (path: string, ...fields: string[]) => exchange(proxy.port, get(path, HOST, ...fields));
    for (const coding of ["zstd", "gzip", "zstd"]) {
      const { head, body, bytes } = read(await ask("/a.txt", `Accept-Encoding: ${coding}`));
      expect([body.length, body === long, bytes < 3000]).toEqual([long.length, true, true]);
      expect(head).toContain(`Content-Encoding: ${coding}`);
      expect(head).toMatch(new RegExp(`ETag: W/"[\\w-]+-${coding}"`));
      expect(head).toContain("Vary: Accept-Encoding");
      expect(head).not.toContain("Accept-Ranges");
      expect(/content-length/i.test(head)).toBe(hasLength);
      const tag = /ETag: (.*)/.exec(head)![1]!.trim();
      expect(statusOf(await ask("/a.txt", `Accept-Encoding: ${coding}`, `If-None-Match: ${tag}`))).toBe(304);
      const part = await ask("/a.txt", `Accept-Encoding: ${coding}`, "Range: bytes=0-3");
      expect([statusOf(part), part.endsWith(`\r\n\r\n${long.slice(0, 4)}`)]).toEqual([206, true]);
    }
    expect(read(await ask("/a.txt")).head).toContain("Vary: Accept-Encoding");
    expect(read(await ask("/a.png", "Accept-Encoding: zstd")).head).not.toMatch(/content-encoding|vary/i);
    expect(read(await ask("/short.txt", "Accept-Encoding: zstd")).head).not.toMatch(/content-encoding|vary/i);
  });
});

/** A session of HTTP/2 with a proxy. */
async function startSecure(services: string): Promise<ClientHttp2Session> {
  const tls = { cert: fixture("localhost-cert"), key: fixture("localhost-key"), alpn: ["h2", "http/1.1"] };
  const module = proxyModule(proxyOptions(services));
  const proxy = await listen({ port: 0, halfOpen: true, tls, handlerCounts: PROXY_COUNTS }, module);
  stops.push(() => proxy.stop({ graceMs: 0 }));
  const session = connectHttp2(`https://127.0.0.1:${proxy.port}`, { rejectUnauthorized: false });
  stops.push(() => session.destroy());
  return session;
}

test("128 answers are compressed at once, further ones go on as they are, and each that ends makes room", async () => {
  const target = await targetOf((text, socket) => {
    if (whole(text)) socket.write(`HTTP/1.1 200 OK\r\n${TYPE}\r\n\r\n`);
  });
  const folder = mkdtempSync(join(tmpdir(), "tenk-compress-"));
  stops.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "a.txt"), TEXT.repeat(100));
  const session = await startSecure(
    `  app: { target: "http://127.0.0.1:${target.port}", compress: true }
  site: { root: { folder: ${folder}, cache: 0 }, compress: true }
`,
  );
  /** Begins a request. @returns it, and the coding of its answer */
  const ask = async (host: string): Promise<[ClientHttp2Stream, unknown]> => {
    const stream = session.request({ ":path": "/a.txt", ":authority": host, "accept-encoding": "zstd" });
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once("response", resolve));
    return [stream, headers["content-encoding"]];
  };
  const leave = ([stream]: [ClientHttp2Stream, unknown]) => {
    const closed = new Promise((resolve) => stream.on("error", () => {}).on("close", resolve));
    stream.close(8);
    return closed;
  };
  const asked = await Promise.all(Array.from({ length: 128 }, () => ask(HOST)));
  const codings = async () => [(await ask(HOST))[1], (await ask("site.home.arpa"))[1]];
  expect(new Set(asked.map(([, coding]) => coding))).toEqual(new Set(["zstd"]));
  expect(await codings()).toEqual([undefined, undefined]);
  await leave(asked[0]!);
  // One place is free, which a file's answer takes and gives back.
  const [file, coding] = await ask("site.home.arpa");
  await new Promise((resolve) => file.on("close", resolve).resume());
  expect(coding).toBe("zstd");
  const last = await ask(HOST);
  expect([last[1], ...(await codings())]).toEqual(["zstd", undefined, undefined]);
});

test("over HTTP/2 an answer is compressed in the same way", async () => {
  const target = await targetOf((text, socket) => whole(text) && socket.write(answerWith(TEXT, TYPE)));
  const session = await startSecure(`  app: { target: "http://127.0.0.1:${target.port}", compress: true }\n`);
  const stream = session.request({ ":path": "/", ":authority": HOST, "accept-encoding": "zstd" });
  const chunks: Buffer[] = [];
  let coding: unknown;
  stream.on("response", (headers) => {
    coding = [headers["content-encoding"], headers.vary, headers["content-length"]];
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve, reject) => stream.on("end", resolve).on("error", reject));
  expect(coding).toEqual(["zstd", "Accept-Encoding", undefined]);
  expect(zstdDecompressSync(Buffer.concat(chunks)).toString()).toBe(TEXT);
});

/** The content of chunks that came so far. */
function chunksOf(text: string): { head: string; bytes: Buffer } {
  const headEnd = text.indexOf("\r\n\r\n");
  const parts: Buffer[] = [];
  for (let at = headEnd + 4; at < text.length; ) {
    const lineEnd = text.indexOf("\r\n", at);
    const length = Number.parseInt(text.slice(at, lineEnd), 16);
    if (lineEnd < 0 || !(length > 0) || text.length < lineEnd + 2 + length) break;
    parts.push(Buffer.from(text.slice(lineEnd + 2, lineEnd + 2 + length), "latin1"));
    at = lineEnd + 4 + length;
  }
  return { head: text.slice(0, headEnd), bytes: Buffer.concat(parts) };
}

function decodedSoFar(bytes: Buffer, coding: "zstd" | "gzip", head: string): string {
  expect(head).toContain(`Content-Encoding: ${coding}`);
  if (bytes.length === 0) return "";
  if (coding === "gzip") return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
  return zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }).toString();
}
