import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createPlainServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { parseHttpAddress } from "../../../src/http/mod.ts";
import { until } from "../../net/support.ts";
import { Bench, send } from "./support.ts";

const bench = new Bench();
const closers: (() => void)[] = [];
afterEach(async () => {
  await bench.close();
  for (const close of closers.splice(0)) close();
});

const FIXTURES = join(import.meta.dirname, "../../net/fixtures");
const pem = (name: string) => readFileSync(join(FIXTURES, name), "utf8");
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

async function port(server: Server): Promise<number> {
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

/** A target over TLS with the certificate of `localhost`. */
async function secureTarget(answer: (socket: TLSSocket) => void, seen: TLSSocket[] = []): Promise<string> {
  const options = { cert: pem("localhost-cert.pem"), key: pem("localhost-key.pem"), ALPNProtocols: ["http/1.1"] };
  const server = createServer(options, (socket) => {
    seen.push(socket);
    socket.on("error", () => {});
    socket.on("data", () => answer(socket));
  });
  return `https://localhost:${await port(server as unknown as Server)}`;
}

describe("an https target", () => {
  test("answers where its certificate is trusted, on connections that are kept, with http/1.1 agreed on", async () => {
    const seen: TLSSocket[] = [];
    const url = await secureTarget((socket) => socket.write(ANSWER), seen);
    const target = bench.target({ url, tls: { ca: pem("localhost-cert.pem") } });
    for (let round = 0; round < 3; round++) expect((await send(target).done).text).toBe("hi");
    expect(seen.map(({ alpnProtocol }) => alpnProtocol)).toEqual(["http/1.1"]);
    expect(target.counts()).toMatchObject({ dialled: 1, reused: 2 });
  });

  test.each([{}, { ca: pem("stranger-cert.pem") }, { ca: pem("localhost-cert.pem"), serverName: "other.home.arpa" }])(
    "gets nothing where it is not: %#",
    async (tls) => {
      let bytes = 0;
      const url = await secureTarget(() => (bytes += 1));
      const { failure } = await send(bench.target({ url, tls })).done;
      expect(failure).toMatchObject({ phase: "connect", reason: "connect", isReused: false });
      expect(failure?.text).toContain("TLS handshake failed");
      expect(bytes).toBe(0);
    },
  );

  test("is not verified where the options say so", async () => {
    const url = await secureTarget((socket) => socket.write(ANSWER));
    expect((await send(bench.target({ url, tls: { verify: false } })).done).text).toBe("hi");
  });

  test("that speaks in the clear is a failed connect", async () => {
    const plain = createPlainServer((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
    );
    const target = bench.target({ url: `https://127.0.0.1:${await port(plain)}` });
    expect((await send(target).done).failure).toMatchObject({ phase: "connect", reason: "connect" });
  });

  test("ends an answer by closing, with a close_notify", async () => {
    const url = await secureTarget((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"));
    const result = await send(bench.target({ url, tls: { verify: false } })).done;
    expect([result.events, result.text]).toEqual([["200", "body", "end"], "all of it"]);
  });
});

test("a target behind a Unix socket answers, also in the abstract space", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-http-"));
  closers.push(() => rmSync(folder, { recursive: true }));
  for (const [path, url] of [
    [join(folder, "app.sock"), `unix:${join(folder, "app.sock")}`],
    [`\0tenk-http-${process.pid}`, `unix:@tenk-http-${process.pid}`],
  ] as const) {
    const server = createPlainServer((socket) => socket.on("data", () => socket.write(ANSWER)));
    closers.push(() => server.close());
    server.listen(path);
    await until(() => server.listening);
    const target = bench.target({ url });
    expect([(await send(target).done).text, target.address.authority]).toEqual(["hi", "localhost"]);
    await target.stop();
  }
});

describe("a target's URL", () => {
  test.each([
    ["http://127.0.0.1", "127.0.0.1", 80, "127.0.0.1"],
    ["http://127.0.0.1:3000/", "127.0.0.1", 3000, "127.0.0.1:3000"],
    ["https://nas.home.arpa", "nas.home.arpa", 443, "nas.home.arpa"],
    ["https://nas.home.arpa:443", "nas.home.arpa", 443, "nas.home.arpa"],
    ["http://my_app:8080", "my_app", 8080, "my_app:8080"],
    ["http://[::1]:3000", "::1", 3000, "[::1]:3000"],
    ["http://[fe80::1%eth0]", "fe80::1%eth0", 80, "[fe80::1]"],
  ])("%s is host %s, port %i, Host: %s", (url, host, portNumber, authority) => {
    expect(parseHttpAddress(url)).toMatchObject({ host, port: portNumber, authority, path: undefined });
  });

  test.each([
    ["", "no URL"],
    ["127.0.0.1:3000", "no URL with a host"],
    ["localhost:3000", "no URL with a host"],
    ["ftp://a", "ftp: is not spoken"],
    ["http://", "no URL with a host"],
    ["http://a:0", "the port must be"],
    ["http://a:65536", "the port must be"],
    ["http://me:secret@a", "credentials"],
    ["http://a/b", "a path, /b"],
    ["http://a?b", "a query"],
    ["http://a/#b", "a fragment"],
    ["http://a b", "no URL"],
    ["http://a\r\nb", "letters, digits"],
    ["http://ä.example", "letters, digits"],
  ])("%j is refused: %s", (url, why) => {
    expect(() => parseHttpAddress(url)).toThrow(why);
  });

  test("its password is in no message", () => {
    expect(() => parseHttpAddress("http://me:secret@a")).toThrow(/^(?!.*secret)/);
  });

  test("tls is of https and Unix sockets", () => {
    expect(() => bench.target({ url: "http://a", tls: {} })).toThrow("Cannot use tls");
  });

  test.each([{ maxConnections: 0 }, { waitMs: 0 }, { keepMs: -1 }, { maxHeadBytes: 10 }, { maxInterims: 1.5 }])(
    "an option out of its range is refused: %j",
    (options) => {
      expect(() => bench.target({ url: "http://a", ...options })).toThrow(`Cannot use ${Object.keys(options)[0]}`);
    },
  );
});
