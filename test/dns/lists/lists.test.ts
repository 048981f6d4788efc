/** Lists from a server on this machine, good ones and hostile ones. */
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  type FetchOptions,
  KNOWN_LISTS,
  ListError,
  ListFolder,
  ListUpdater,
  listUrl,
  localListPath,
} from "../../../src/dns/lists/mod.ts";
import { selfSigned } from "../../net/self-signed.ts";

const root = mkdtempSync(join(tmpdir(), "tenk-lists-"));
const servers: Server[] = [];
const LIMITS: FetchOptions = { maxBytes: 100_000, timeoutMs: 5000 };
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(root, { recursive: true }));

async function serve(listener: RequestListener, host = "127.0.0.1"): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  return `http://${host}:${(server.address() as { port: number }).port}/list.txt`;
}

async function openFolder(): Promise<ListFolder> {
  const folder = new ListFolder(mkdtempSync(join(root, "folder-")));
  await folder.open();
  return folder;
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => expect.unreachable("it succeeded"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ListError);
  return `${(error as ListError).failure}: ${(error as ListError).message}`;
}

describe("a list", () => {
  test("is fetched once, and asked for with what its server said", async () => {
    const asked: unknown[] = [];
    let text = "||a.example^\n";
    const url = await serve(({ headers }, response) => {
      asked.push([headers["if-none-match"], headers["if-modified-since"]]);
      const etag = `"${text.length}"`;
      if (headers["if-none-match"] === etag) response.writeHead(304).end();
      else response.writeHead(200, { ETag: etag, "Last-Modified": "Mon, 30 Nov 2026 10:00:00 GMT" }).end(text);
    });
    const folder = await openFolder();
    expect(await folder.update(url, 1000, LIMITS)).toMatchObject({ isChanged: true, summary: { names: 1 } });
    expect(await folder.update(url, 2000, LIMITS)).toEqual({ isChanged: false });
    text += "||b.example^\n";
    const again = new ListFolder(folder.path);
    await again.open();
    expect(again.stored(url)?.checkedMs).toBe(2000);
    expect(await again.update(url, 3000, LIMITS)).toMatchObject({ summary: { names: 2 } });
    expect(readFileSync(folder.pathOf(url), "utf8")).toBe(text);
    const since = "Mon, 30 Nov 2026 10:00:00 GMT";
    expect(asked).toEqual([
      [undefined, undefined],
      ['"13"', since],
      ['"13"', since],
    ]);
  });

  test("may be packed, and behind redirects on this machine", async () => {
    const url = await serve((request, response) => {
      if (request.url === "/list.txt")
        response.writeHead(302, { Location: "/other?x=1#y" }).end("moved to somewhere else");
      else response.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync("a.example\nb.example"));
    });
    const folder = await openFolder();
    expect(await folder.update(url, 0, LIMITS)).toMatchObject({ summary: { names: 2 } });
    expect(readFileSync(folder.pathOf(url), "utf8")).toBe("a.example\nb.example");
  });
});

describe("the old copy stays when the server sends", () => {
  const page = `<!DOCTYPE html>\n<html>${"<p>example.com</p>\n".repeat(30)}`;
  const bad: [string, RequestListener, string, Partial<FetchOptions>?][] = [
    [
      "a status",
      (_, response) => void response.writeHead(500).end("a.example"),
      "status: the server answered with status 500",
    ],
    ["a page", (_, response) => void response.end(page), "not-a-list: it is an HTML page"],
    ["nothing", (_, response) => void response.end(""), "not-a-list: its 0 lines have no names"],
    [
      "prose",
      (_, response) => void response.end(`a.example\n${"no list at all\n".repeat(40)}`),
      "not-a-list: 40 of its 41 lines",
    ],
    [
      "UTF-16",
      (_, response) => void response.end(Buffer.from("\ufeffa.example\n", "utf16le")),
      "not-text: it is UTF-16",
    ],
    [
      "UTF-16 from its other end",
      (_, response) => void response.end(Buffer.from("\ufeffa.example\n", "utf16le").swap16()),
      "not-text: it is UTF-16",
    ],
    [
      "UTF-16 without a mark",
      (_, response) => void response.end(Buffer.from("a.example\n", "utf16le")),
      "not-text: it is binary",
    ],
    ["an archive", (_, response) => void response.end(gzipSync("a.example\n")), "not-text: it is binary"],
    [
      "a page without a head",
      (_, response) => void response.end(`<div>\n${"<p>log in to go on</p>\n".repeat(30)}example.com\n`),
      "not-a-list: ",
    ],
    [
      "ten gigabytes",
      (request, response) => endless(request, response.writeHead(200, { "Content-Length": "10737418240" })),
      "too-large: it has more than 100000 bytes",
    ],
    [
      "a line of 1 MB",
      (_, response) => void response.end("a".repeat(1 << 20)),
      "not-a-list: its 1 lines",
      { maxBytes: 2 << 20 },
    ],
    ["an image", (_, response) => void response.end(Buffer.from([0x89, 0x50, 0, 1])), "not-text: it is binary"],
    [
      "a long list",
      (_, response) => void response.end("a.example\n".repeat(20_000)),
      "too-large: it has more than 100000 bytes",
    ],
    [
      "a bomb",
      (_, response) =>
        void response.writeHead(200, { "Content-Encoding": "gzip" }).end(gzipSync("a.example\n".repeat(50_000))),
      "too-large: it has more than 100000 bytes",
    ],
    [
      "broken compression",
      (_, response) => void response.writeHead(200, { "Content-Encoding": "gzip" }).end("a.example"),
      "not-text: its compression is broken",
    ],
    [
      "another coding",
      (_, response) => void response.writeHead(200, { "Content-Encoding": "br" }).end("a.example"),
      "not-text: it is packed in another way",
    ],
    ["bytes without end", endless, "too-large: it has more than 100000 bytes"],
    ["a byte now and then", drip, "unreachable: ", { timeoutMs: 150 }],
    [
      "half of it",
      (_, response) =>
        void response.writeHead(200, { "Content-Length": "500" }).write("a.example\n", () => response.destroy()),
      "unreachable: ",
    ],
    ["to a file", redirect("file:///etc/passwd"), "redirect: the server redirects to no web address"],
    [
      "to metadata",
      redirect("http://169.254.169.254/latest/meta-data"),
      "unreachable: Cannot send a request to 169.254.169.254",
    ],
    [
      "to metadata as a mapped address",
      redirect("http://[::ffff:169.254.169.254]/latest/meta-data"),
      "unreachable: Cannot send a request to ",
    ],
    [
      "to metadata as a number",
      redirect("http://2852039166/"),
      "unreachable: Cannot send a request to 169.254.169.254",
    ],
    [
      "to a name of metadata",
      redirect("http://metadata.example/"),
      "unreachable: Cannot send a request to metadata.example",
      { lookup: async () => ["169.254.169.254"] },
    ],
    ["to a script", redirect("data:text/plain,a.example"), "redirect: the server redirects to no web address"],
    ["to nowhere", redirect("http://"), "redirect: the server redirects to no web address"],
    ["round and round", redirect("/list.txt"), "redirect: the server redirects more than 5 times"],
  ];

  test.each(bad)("%s", async (_, listener, failure, limits = {}) => {
    const url = await serve(listener);
    const folder = await openFolder();
    writeFileSync(folder.pathOf(url), "old.example\n");
    expect(await failureOf(folder.update(url, 0, { ...LIMITS, ...limits }))).toStartWith(failure);
    expect(readFileSync(folder.pathOf(url), "utf8")).toBe("old.example\n");
    expect(readdirSync(folder.path).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("to the house, from elsewhere", async () => {
    const inside = await serve((_, response) => void response.end("a.example"), "127.0.0.2");
    const url = await serve(redirect(inside));
    const folder = await openFolder();
    const failure = await failureOf(folder.update(url, 0, { ...LIMITS, privateRanges: ["127.0.0.2"] }));
    expect(failure).toStartWith("unreachable: Cannot send a request to 127.0.0.2");
    expect(await folder.update(url, 0, LIMITS)).toMatchObject({ isChanged: true });
  });
});

test("a redirect from HTTPS to HTTP is not followed: who is on the way could change the list", async () => {
  const own = selfSigned(root, "own");
  const inClear = await serve((_, response) => void response.end("a.example"));
  const server = createTlsServer(
    { cert: readFileSync(own.cert), key: readFileSync(own.key) },
    (request, response) =>
      void (request.url === "/list.txt" ? redirect(inClear)(request, response) : response.end("b.example")),
  );
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
  const options = { ...LIMITS, tls: { ca: own.cert } };
  const folder = await openFolder();
  expect(await folder.update(`${url}/other.txt`, 0, options)).toMatchObject({ isChanged: true });
  expect(await failureOf(folder.update(`${url}/list.txt`, 0, options))).toBe(
    "redirect: the server redirects from HTTPS to HTTP",
  );
});

describe("the folder", () => {
  test("removes what a crash left, and lists that nobody wants", async () => {
    const folder = await openFolder();
    const [kept, gone] = ["http://kept.example/../../x", "http://gone.example/"];
    for (const url of [kept, gone]) writeFileSync(folder.pathOf(url), "a.example\n");
    writeFileSync(join(folder.path, `.${"0".repeat(40)}.0a1b2c3d.unpacked`), "half");
    writeFileSync(join(folder.path, "lists.json"), "{ not json");
    await folder.open();
    await folder.keepOnly([kept]);
    expect(readdirSync(folder.path).sort()).toEqual([folder.pathOf(kept).split("/").at(-1)!, "lists.json"].sort());
    expect(folder.pathOf(kept)).toMatch(/\/[0-9a-f]{40}\.txt$/);
  });

  test("of the user's own lists is not left", async () => {
    const folder = mkdtempSync(join(root, "own-"));
    mkdirSync(join(folder, "lists"));
    writeFileSync(join(folder, "secret"), "x");
    writeFileSync(join(folder, "lists", "mine.txt"), "a.example");
    symlinkSync(join(folder, "secret"), join(folder, "lists", "link.txt"));
    const lists = join(folder, "lists");
    expect(await localListPath(lists, "mine.txt")).toEndWith("/lists/mine.txt");
    for (const name of ["../secret", "link.txt", "/etc/passwd", ".", "none.txt"]) {
      expect(await failureOf(localListPath(lists, name))).toStartWith("disk: ");
    }
  });
});

test("the updater asks once a day, sooner after a failure, and tells of a change once", async () => {
  let isDown = true;
  const url = await serve((_, response) => void (isDown ? response.writeHead(503).end() : response.end("a.example\n")));
  const folder = await openFolder();
  let nowMs = 1_000_000;
  let changes = 0;
  const onChange = () => {
    changes += 1;
  };
  const updater = new ListUpdater(folder, [url], {
    ...LIMITS,
    nowMs: () => nowMs,
    random: () => 0.5,
    retryMs: 1000,
    onChange,
  });
  const [state] = updater.states;
  await updater.updateDue();
  expect(state).toMatchObject({ failures: 1, lastFailure: { kind: "status" }, dueMs: nowMs + 1000 });
  await updater.updateDue();
  expect(updater.failures.status).toBe(1);
  nowMs += 1000;
  await updater.updateDue();
  expect(state).toMatchObject({ failures: 2, dueMs: nowMs + 2000 });
  isDown = false;
  nowMs += 2000;
  await updater.updateDue();
  expect(state).toMatchObject({ failures: 0, lastFailure: undefined, dueMs: nowMs + 86_400_000 });
  await updater.updateDue();
  expect([changes, existsSync(folder.pathOf(url))]).toEqual([1, true]);
  const later = new ListUpdater(folder, [url], { nowMs: () => 0, onChange: () => undefined });
  expect(later.states[0]?.dueMs).toBe(0);
  await updater.stop();
});

test("known lists have names", () => {
  expect(listUrl("hagezi-pro")).toBe(KNOWN_LISTS["hagezi-pro"]!);
  expect(listUrl("https://lists.example/a.txt")).toBe("https://lists.example/a.txt");
  expect(() => listUrl("hagezy-pro")).toThrow('Cannot use "hagezy-pro" as a list: expected a URL or a known name');
  for (const wrong of ["file:///etc/passwd", "constructor", "http://", ""])
    expect(() => listUrl(wrong)).toThrow("Cannot use");
});

function redirect(location: string): RequestListener {
  return (_, response) => void response.writeHead(302, { Location: location }).end();
}

function endless(_: unknown, response: Parameters<RequestListener>[1]): void {
  const more = () => {
    while (!response.destroyed && response.write("a.example\n".repeat(1000)));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

function drip(_: unknown, response: Parameters<RequestListener>[1]): void {
  const timer = setInterval(() => response.write("a"), 5);
  response.on("close", () => clearInterval(timer));
}
