import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../src/app/mod.ts";
import type { Server } from "../../../src/net/mod.ts";
import { PROXY_SCHEMA } from "../../../src/proxy/config.ts";
import { handlerOptions } from "../../../src/proxy/listeners/change.ts";
import { proxy as proxyPart } from "../../../src/proxy/mod.ts";
import { NOW } from "../listeners-support.ts";
import { bodyOf, exchange, get, proxyOptions, RawClient, startProxy, statusOf } from "../support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-files-"));
const www = join(folder, "www");
const HOST = "app.home.arpa";
const MODIFIED = "Wed, 21 Oct 2015 07:28:00 GMT";
let proxy: Server;

beforeAll(async () => {
  const folders = [
    "www/docs",
    "www/empty",
    "www/.git",
    "www/.well-known",
    "www/odd/index.html",
    "outside",
    "www-beside",
  ];
  for (const path of folders) mkdirSync(join(folder, path), { recursive: true });
  const write = (path: string, text: string | Uint8Array) => {
    writeFileSync(join(folder, path), text);
    utimesSync(join(folder, path), new Date(MODIFIED), new Date(MODIFIED));
  };
  write("www/index.html", "<p>home");
  write("www/a.txt", "0123456789");
  write("www/none.txt", "");
  write("www/docs/index.html", "<p>docs");
  write("www/.git/config", "secret");
  write("www/.env", "secret");
  write("www/.well-known/security.txt", "Contact: x");
  write("www/app.js", "plain".repeat(10));
  write("www/app.js.zst", "zst");
  write("www/app.js.br", "br");
  write("www/app.js.gz", "gz");
  write("www/big.bin", new Uint8Array(3_000_000).fill(7));
  write("www/odd/home.html", "<p>odd");
  write("outside/secret.txt", "secret");
  write("www-beside/secret.txt", "secret");
  symlinkSync("a.txt", join(www, "inside.txt"));
  symlinkSync("../outside/secret.txt", join(www, "link.txt"));
  symlinkSync("../outside", join(www, "linked"));
  symlinkSync("../www-beside/secret.txt", join(www, "beside.txt"));
  symlinkSync("/etc/passwd", join(www, "absolute.txt"));
  symlinkSync(".env", join(www, "env.txt"));
  symlinkSync("loop", join(www, "loop"));
  spawnSync("mkfifo", [join(www, "pipe")]);
  const sections = [
    `  app: { root: ${www} }`,
    `  spa: { root: { folder: ${www}, fallback: /index.html, precompressed: false, cache: 0 } }`,
    `  kept: { root: { folder: ${www}, fallback: /index.html } }`,
    `  second: { root: { folder: ${www}, index: [index.html, home.html] } }`,
    `  below: { root: ${www}, path: /files, strip: true, hosts: [below.home.arpa] }`,
    `  set: { root: ${www}, headers: { response: { remove: [ETag], set: { Content-Type: x/y }, add: { X-A: b } } } }`,
  ];
  proxy = await startProxy(proxyOptions(`${sections.join("\n")}\n`));
});
afterAll(async () => {
  await proxy.stop({ graceMs: 0 });
  rmSync(folder, { recursive: true, force: true });
});

const ask = (target: string, ...fields: string[]) => exchange(proxy.port, get(target, HOST, ...fields));
const fieldOf = (answer: string, name: string) =>
  new RegExp(`^${name}: (.*)\r$`, "im").exec(answer.slice(0, answer.indexOf("\r\n\r\n") + 2))?.[1];

describe("a path", () => {
  test.each([
    ["/", 200, "<p>home"],
    ["/a.txt?x", 200, "0123456789"],
    ["/none.txt", 200, ""],
    ["/docs/", 200, "<p>docs"],
    ["//a.txt", 200, "0123456789"],
    ["/inside.txt", 200, "0123456789"],
    ["/.well-known/security.txt", 200, "Contact: x"],
  ])("%s is answered with %i and its file", async (target, status, body) => {
    const got = await ask(target);
    expect([statusOf(got), bodyOf(got)]).toEqual([status, body]);
  });

  test.each([
    ["/missing", 404],
    ["/a.txt/", 404],
    ["/a.txt/b", 404],
    ["/empty/", 404],
    ["/odd/", 404],
    ["/.git/config", 404],
    ["/.env", 404],
    ["/link.txt", 404],
    ["/linked/secret.txt", 404],
    ["/linked/", 404],
    ["/linked", 404],
    ["/beside.txt", 404],
    ["/absolute.txt", 404],
    ["/env.txt", 404],
    ["/loop", 404],
    ["/pipe", 404],
    [`/${"a".repeat(300)}`, 404],
    ["/../outside/secret.txt", 400],
    ["/%2e%2e/outside/secret.txt", 400],
    ["/docs%2findex.html", 400],
    ["/a%00.txt", 400],
    ["/docs\\..\\a.txt", 400],
  ])("%s is answered with %i and tells nothing", async (target, status) => {
    const got = await ask(target);
    expect([statusOf(got), /secret|root:/.test(bodyOf(got))]).toEqual([status, false]);
  });

  test("of a folder without its slash is redirected there, with its query, never to another host", async () => {
    const got = await ask("/docs?a=/b");
    expect([statusOf(got), fieldOf(got, "Location")]).toEqual([308, "/docs/?a=/b"]);
    expect(fieldOf(await ask("///docs"), "Location")).toBe("/docs/");
  });

  test("that does not exist is the fallback's, a hidden one is not", async () => {
    const spa = (target: string) => exchange(proxy.port, get(target, "spa.home.arpa"));
    expect(bodyOf(await spa("/some/view"))).toBe("<p>home");
    expect(bodyOf(await spa("/empty/"))).toBe("<p>home");
    expect(statusOf(await spa("/.env"))).toBe(404);
    expect(statusOf(await spa("/../x"))).toBe(400);
    expect(statusOf(await spa("/docs"))).toBe(308);
  });

  test("of a folder is that of its first index file, which is no folder itself", async () => {
    const answers = ["/", "/odd/"].map((target) => exchange(proxy.port, get(target, "second.home.arpa")));
    expect((await Promise.all(answers)).map(bodyOf)).toEqual(["<p>home", "<p>odd"]);
  });

  test("is looked up without the service's own path, where that is stripped", async () => {
    const below = (target: string) => exchange(proxy.port, get(target, "below.home.arpa"));
    expect(bodyOf(await below("/files/a.txt"))).toBe("0123456789");
    expect(fieldOf(await below("/files"), "Location")).toBe("/files/");
    expect(fieldOf(await below("/files/docs"), "Location")).toBe("/files/docs/");
  });
});

test("a file has its type, validators and length; HEAD has the same and no content", async () => {
  const got = await ask("/a.txt");
  expect(fieldOf(got, "Content-Type")).toBe("text/plain; charset=utf-8");
  expect(fieldOf(got, "Last-Modified")).toBe(MODIFIED);
  expect(fieldOf(got, "ETag")).toMatch(/^"[\w-]+"$/);
  expect(fieldOf(got, "Accept-Ranges")).toBe("bytes");
  for (const path of ["/a.txt", "/big.bin", "/none.txt"]) {
    const head = await exchange(proxy.port, get(path, HOST).replace("GET", "HEAD"));
    const full = await ask(path);
    const without = (text: string) => text.slice(0, text.indexOf("\r\n\r\n")).replace(/Date: .*/, "");
    expect([without(head), bodyOf(head)]).toEqual([without(full), ""]);
  }
});

test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])(
  "%s is answered with 405, and its content dropped",
  async (method) => {
    const client = new RawClient(proxy.port);
    client.send(`${method} /a.txt HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 3\r\n\r\nabc${get("/a.txt", HOST)}`);
    const got = await client.until(() => false);
    expect([statusOf(got), fieldOf(got, "Allow")]).toEqual([405, "GET, HEAD"]);
    expect(got).toEndWith("0123456789");
  },
);

describe("a condition", () => {
  const tagOf = async (path: string) => fieldOf(await ask(path), "ETag")!;
  test.each([
    ["If-None-Match: TAG", 304],
    ["If-None-Match: W/TAG", 304],
    ['If-None-Match: "x", TAG', 304],
    ['If-None-Match: TAG\r\nIf-None-Match: "x"', 304],
    ["If-None-Match: *", 304],
    ['If-None-Match: "x"', 200],
    [`If-Modified-Since: ${MODIFIED}`, 304],
    ["If-Modified-Since: Wed, 21 Oct 2015 07:27:59 GMT", 200],
    ["If-Modified-Since: yesterday", 200],
    // What is named first decides (RFC 9110 §13.2.2).
    [`If-Modified-Since: ${MODIFIED}\r\nIf-None-Match: "x"`, 200],
    ["If-Match: TAG", 200],
    ["If-Match: *", 200],
    ["If-Match: W/TAG", 412],
    ['If-Match: "x"', 412],
    [`If-Unmodified-Since: ${MODIFIED}`, 200],
    ["If-Unmodified-Since: Wed, 21 Oct 2015 07:27:59 GMT", 412],
    ['If-Match: "x"\r\nIf-None-Match: TAG', 412],
  ])("%s is answered with %i", async (field, status) => {
    for (const path of ["/a.txt", "/big.bin"]) {
      const tag = await tagOf(path);
      const got = await ask(path, field.replaceAll("TAG", tag));
      expect([path, statusOf(got)]).toEqual([path, status]);
      if (status !== 304) continue;
      expect([fieldOf(got, "ETag"), bodyOf(got), fieldOf(got, "Content-Length")]).toEqual([tag, "", undefined]);
    }
  });

  test.each([
    ["bytes=2-4", "", 206, "234"],
    ["bytes=-2", "", 206, "89"],
    ["bytes=8-", "", 206, "89"],
    ["bytes=10-", "", 416, undefined],
    ["bytes=0-1,4-5", "", 200, "0123456789"],
    ["bytes=x", "", 200, "0123456789"],
    ["bytes=2-4", "If-Range: TAG", 206, "234"],
    ["bytes=2-4", "If-Range: W/TAG", 200, "0123456789"],
    ["bytes=2-4", 'If-Range: "x"', 200, "0123456789"],
    ["bytes=2-4", `If-Range: ${MODIFIED}`, 206, "234"],
    ["bytes=2-4", "If-Range: Wed, 21 Oct 2015 07:28:01 GMT", 200, "0123456789"],
  ])("Range: %s %s is answered with %i", async (range, more, status, body) => {
    const fields = [`Range: ${range}`, more.replace("TAG", await tagOf("/a.txt"))].filter((each) => each !== "");
    const got = await ask("/a.txt", ...fields);
    expect(statusOf(got)).toBe(status);
    if (body !== undefined) expect(bodyOf(got)).toBe(body);
    if (status === 206) expect(fieldOf(got, "Content-Range")).toMatch(/^bytes \d-\d\/10$/);
    if (status === 416) expect(fieldOf(got, "Content-Range")).toBe("bytes */10");
  });

  test("on HEAD is not a range", async () => {
    const got = await exchange(proxy.port, get("/a.txt", HOST, "Range: bytes=2-4").replace("GET", "HEAD"));
    expect([statusOf(got), fieldOf(got, "Content-Length")]).toEqual([200, "10"]);
  });

  test("a range of a large file is read from the disk", async () => {
    const got = await ask("/big.bin", "Range: bytes=1000000-1199999");
    expect([statusOf(got), bodyOf(got).length]).toEqual([206, 200_000]);
  });
});

test.each([
  ["zstd, br, gzip", "zst", "zstd"],
  ["gzip, br", "br", "br"],
  ["gzip, br;q=0.5", "gz", "gzip"],
  ["gzip;q=0", "plain".repeat(10), undefined],
  ["", "plain".repeat(10), undefined],
])("Accept-Encoding: %s gets %s", async (accepted, body, coding) => {
  const got = await ask("/app.js", `Accept-Encoding: ${accepted}`);
  expect([bodyOf(got), fieldOf(got, "Content-Encoding")]).toEqual([body, coding]);
  expect(fieldOf(got, "Vary")).toBe("Accept-Encoding");
  expect(fieldOf(got, "Content-Type")).toBe("text/javascript; charset=utf-8");
  expect(fieldOf(got, "ETag")?.includes(coding ?? "-")).toBe(true);
});

test("fields that the service sets or removes replace those of the file", async () => {
  const got = await exchange(proxy.port, get("/a.txt", "set.home.arpa"));
  expect(got.match(/^content-type: /gim)?.length).toBe(1);
  expect([fieldOf(got, "Content-Type"), fieldOf(got, "ETag"), fieldOf(got, "X-A")]).toEqual(["x/y", undefined, "b"]);
});

test("a file that changes, is replaced or goes is seen within a second", async () => {
  const path = join(www, "changing.txt");
  const seen = async (body: string) => {
    for (let answer = ""; bodyOf(answer) !== body; ) answer = await ask("/changing.txt");
  };
  writeFileSync(path, "one");
  await seen("one");
  const startedMs = performance.now();
  writeFileSync(path, "two");
  await seen("two");
  rmSync(path);
  symlinkSync("../outside/secret.txt", path);
  for (let status = 200; status !== 404; ) {
    const got = await ask("/changing.txt");
    expect(bodyOf(got)).not.toBe("secret");
    status = statusOf(got);
  }
  expect(performance.now() - startedMs).toBeLessThan(4000);
});

test("a file that changes keeping its length and date is seen", async () => {
  const path = join(www, "same.txt");
  for (const text of ["one", "two"]) {
    writeFileSync(path, text);
    utimesSync(path, new Date(MODIFIED), new Date(MODIFIED));
    for (let body = ""; body !== text; ) body = bodyOf(await ask("/same.txt"));
  }
});

test("a compressed file that is replaced beside its file is seen", async () => {
  writeFileSync(join(www, "coded.txt"), "plain");
  for (const text of ["one", "two"]) {
    writeFileSync(join(www, "coded.txt.br"), text);
    for (let body = ""; body !== text; ) body = bodyOf(await ask("/coded.txt", "Accept-Encoding: br"));
  }
});

test("a path that gets a file of its own has that file's type, and the fallback's no more", async () => {
  const spa = () => exchange(proxy.port, get("/later.txt", "kept.home.arpa"));
  const typeOf = async () => fieldOf(await spa(), "Content-Type")?.split(";")[0] ?? "";
  expect(await typeOf()).toBe("text/html");
  symlinkSync("index.html", join(www, "later.txt"));
  for (let type = ""; type !== "text/plain"; ) type = await typeOf();
});

const SHORT = "/sys/kernel/profiling";
test.skipIf(!existsSync(SHORT))("a file that has less than it says is sent as it is", async () => {
  const kernel = await startProxy(proxyOptions("  app: { root: { folder: /sys/kernel, cache: 1MiB } }\n"));
  const got = await exchange(kernel.port, get("/profiling", HOST));
  await kernel.stop({ graceMs: 0 });
  expect([statSync(SHORT).size > 100, bodyOf(got)]).toEqual([true, readFileSync(SHORT, "utf8")]);
});

test("a folder is relative to the configuration's, and must be there at the start", () => {
  const { services } = parseConfig("services: { app: { root: www, hosts: [a.home.arpa] } }", "test.yaml");
  const env = { services, folder, domain: undefined, localDomains: [] };
  const config = PROXY_SCHEMA.parse({})!;
  const options = handlerOptions({ ...env, config, slots: {}, accessLog: undefined }, NOW, undefined, true);
  expect(options.services[0]!.http!.answer).toMatchObject({ files: { folder: www } });
  proxyPart.check(config, env);
  const elsewhere = () => proxyPart.check(config, { ...env, folder: www });
  expect(elsewhere).toThrow(/Cannot serve the files of .*www\/www \(services\.app\.root\)/);
  writeFileSync(join(www, "www"), "");
  expect(elsewhere).toThrow("it is no folder");
});
