/** Foreign clients of HTTP/2, on TLS with ALPN: h2spec judges the protocol, the others fetch, post and load. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Exchange } from "../../../src/http/exchange.ts";
import { Http2Server, type Http2ServerOptions, httpServer } from "../../../src/http/mod.ts";
import { listen, type Server } from "../../../src/net/mod.ts";
import { buildGoPackage, hasGo, testWithoutGo } from "../../net/go.ts";
import { answer, echoAll, Recorder } from "./support.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "net", "fixtures");
const CERT = join(FIXTURES, "localhost-cert.pem");
const BUILD_TIMEOUT_MS = 180_000;
const PEER_TIMEOUT_MS = 30_000;
const folder = mkdtempSync(join(tmpdir(), "tenk-http2-"));
afterAll(() => rmSync(folder, { recursive: true }));

const has = (program: string) => spawnSync(program, ["--version"]).error === undefined;
async function run(
  program: string,
  args: readonly string[],
): Promise<{ status: number | null; bytes: Buffer; text: string }> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const bytes = Buffer.concat(chunks);
  return { status, bytes, text: bytes.toString() };
}

interface Served {
  server: Server;
  http2: Http2Server;
  url: string;
}

async function serveTls(recorder: Recorder, options: Http2ServerOptions = {}): Promise<Served> {
  const http2 = new Http2Server(recorder, options);
  const tls = {
    cert: CERT,
    key: join(FIXTURES, "localhost-key.pem"),
    alpn: ["h2", "http/1.1"],
  };
  const server = await listen({ host: "127.0.0.1", halfOpen: true, tls }, httpServer(recorder, { http2 }));
  return { server, http2, url: `https://localhost:${server.port}` };
}

if (!hasGo) testWithoutGo("HTTP/2 by the rules of h2spec");
else {
  describe("h2spec finds nothing", () => {
    let h2spec: string;
    beforeAll(() => {
      h2spec = buildGoPackage("github.com/summerwind/h2spec/cmd/h2spec", join(import.meta.dirname, "fixtures"));
    }, BUILD_TIMEOUT_MS);

    const atOnce = (exchange: Exchange) => answer(exchange, "hello");
    test.each([
      ["at once", (recorder: Recorder) => Object.assign(recorder, { onRequest: atOnce })],
      [
        "in another turn",
        (recorder: Recorder) =>
          Object.assign(recorder, { onRequest: (exchange: Exchange) => setImmediate(() => atOnce(exchange)) }),
      ],
      [
        "at the end of the request",
        (recorder: Recorder) =>
          Object.assign(recorder, {
            onRequest: (exchange: Exchange) => void (exchange.hasBody || atOnce(exchange)),
            onEnd: atOnce,
          }),
      ],
    ])(
      "in answers that are made %s",
      async (_, setUp) => {
        const recorder = new Recorder();
        setUp(recorder);
        const { server } = await serveTls(recorder);
        const { text } = await run(h2spec, ["-h", "127.0.0.1", "-p", String(server.port), "-t", "-k", "-S", "-o", "5"]);
        await server.stop({ graceMs: 0 });
        const failures = text.split("\n").filter((line) => line.includes("×"));
        expect(failures).toEqual([]);
        expect(text).toContain("146 tests, 146 passed, 0 skipped, 0 failed");
      },
      PEER_TIMEOUT_MS,
    );
  });
}

if (!has("curl")) missing("curl");
else {
  describe("curl", () => {
    const content = Buffer.alloc(3_000_000, "0123456789abcdefghijklmnopqrstuv");
    const curl = (...args: string[]) => run("curl", ["-sS", "--cacert", CERT, "--max-time", "20", ...args]);

    test.each(["--http2", "--http1.1"])(
      "%s sends a file and gets it back",
      async (version) => {
        const recorder = new Recorder();
        echoAll(recorder);
        const { server, url } = await serveTls(recorder);
        const file = join(folder, "content");
        writeFileSync(file, content);
        const { bytes } = await curl(
          version,
          "-H",
          "Expect:",
          "--data-binary",
          `@${file}`,
          "-w",
          "%{http_version}",
          `${url}/echo`,
        );
        await server.stop({ graceMs: 0 });
        expect(bytes.subarray(content.length).toString()).toBe(version === "--http2" ? "2" : "1.1");
        expect(bytes.subarray(0, content.length).equals(content)).toBe(true);
      },
      PEER_TIMEOUT_MS,
    );

    test(
      "fetches many at a time",
      async () => {
        const { server, url } = await serveTls(new Recorder());
        const { text } = await curl("--http2", "-Z", `${url}/[1-60]`);
        await server.stop({ graceMs: 0 });
        expect([...text.matchAll(/you asked for \/\d+/g)]).toHaveLength(60);
      },
      PEER_TIMEOUT_MS,
    );
  });
}

if (!has("nghttp") || !has("h2load")) missing("nghttp and h2load (Debian's nghttp2-client)");
else {
  test(
    "nghttp gets an answer, and padding, continuations and trailers do no harm",
    async () => {
      const recorder = new Recorder();
      recorder.onRequest = () => {};
      recorder.onEnd = (exchange) => answer(exchange, `${exchange.requestBodyBytes} bytes`);
      // Its CONTINUATION test is a head of 32 KiB.
      const { server, url } = await serveTls(recorder, { maxHeadBytes: 65_536 });
      const file = join(folder, "data");
      writeFileSync(file, Buffer.alloc(200_000));
      const args = ["-b", "100", "--continuation", "--trailer", "x-sum: 1", "-d", file, "-w", "16", "-n", url];
      const { status } = await run("nghttp", args);
      await server.stop({ graceMs: 0 });
      expect(status).toBe(0);
      expect(recorder.events.slice(-2)).toEqual(["bodyEnd x-sum: 1", "finished 200 answered"]);
      expect(recorder.exchanges[0]?.requestBodyBytes).toBe(200_000);
    },
    PEER_TIMEOUT_MS,
  );

  test(
    "h2load gets every answer of 4 connections with 50 streams each",
    async () => {
      const { server, http2, url } = await serveTls(new Recorder());
      const { text } = await run("h2load", ["-c", "4", "-m", "50", "-n", "20000", `${url}/load`]);
      await server.stop({ graceMs: 0 });
      expect(text).toContain("20000 succeeded, 0 failed, 0 errored, 0 timeout");
      expect(Object.values(http2.rejections).every((count) => count === 0)).toBe(true);
    },
    PEER_TIMEOUT_MS,
  );
}

function missing(what: string): void {
  test.skipIf(process.env.CI !== "true")(`${what} cannot be tried: not installed`, () => {
    throw new Error(`This check needs ${what}, and must not be left out in CI`);
  });
}
