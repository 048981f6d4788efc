/** A gRPC client and server in Go, one on each side of the proxy. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { listen, type Server } from "../../src/net/mod.ts";
import { PROXY_COUNTS } from "../../src/proxy/counts.ts";
import proxyModule from "../../src/proxy/handler/proxy-module.ts";
import { buildGoModule, hasGo, testWithoutGo } from "../net/go.ts";
import { proxyOptions } from "./support.ts";

const BUILD_TIMEOUT_MS = 180_000;
const PEER_TIMEOUT_MS = 30_000;
const fixture = (name: string) => join(import.meta.dirname, "../net/fixtures", `${name}.pem`);
const [CERT, KEY] = [fixture("localhost-cert"), fixture("localhost-key")];

if (!hasGo) testWithoutGo("gRPC through the proxy");
else {
  let program: string;
  const servers: ChildProcess[] = [];
  let proxy: Server;

  async function serve(...files: string[]): Promise<number> {
    const server = spawn(program, ["serve", ...files], { stdio: ["pipe", "pipe", "inherit"] });
    servers.push(server);
    for await (const line of createInterface({ input: server.stdout! })) return Number(line);
    throw new Error("it did not start");
  }

  function client(name: string, host: string): ChildProcess {
    return spawn(program, ["try", name, String(proxy.port), host], { stdio: ["pipe", "pipe", "pipe"] });
  }

  /** What it says in the end: "ok", or what is wrong. */
  async function outcome(child: ChildProcess): Promise<string> {
    let said = "";
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
    const status = await new Promise((resolve) => child.on("close", resolve));
    return status === 0 ? `${said}ok` : `${said}status ${status}`;
  }

  beforeAll(async () => {
    program = buildGoModule(join(import.meta.dirname, "fixtures", "grpc"));
    const [plain, tls] = await Promise.all([serve(), serve(CERT, KEY)]);
    const options = proxyOptions(
      [
        `  plain: h2c://127.0.0.1:${plain}`,
        `  safe: { target: "https://localhost:${tls}", tls: { ca: ${CERT} } }`,
        "",
      ].join("\n"),
    );
    proxy = await listen(
      {
        host: "127.0.0.1",
        halfOpen: true,
        tls: { cert: CERT, key: KEY, alpn: ["h2", "http/1.1"] },
        handlerCounts: PROXY_COUNTS,
      },
      proxyModule(options),
    );
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await proxy?.stop({ graceMs: 0 });
    for (const server of servers) server.kill();
  });

  describe.each(["plain.home.arpa", "safe.home.arpa"])("gRPC to %s", (host) => {
    test.each([
      ["unary calls", "unary"],
      ["messages compressed by gRPC itself", "gzip"],
      ["10 MB there and back", "large"],
      ["a stream of the server", "server-stream"],
      ["a stream of the client", "client-stream"],
      ["streams both ways, message by message", "bidi"],
      ["50 streams at a time", "concurrent"],
      ["a deadline that passes", "deadline"],
      ["a call that is cancelled, and those behind it", "cancel"],
      ["an error with message and details", "error"],
      ["an error of an answer without content", "unimplemented"],
    ])(
      "carries %s",
      async (_, name) => {
        expect(await outcome(client(name, host))).toBe("ok");
      },
      PEER_TIMEOUT_MS,
    );
  });

  test.each([
    ["plain.home.arpa", "plain.home.arpa"],
    ["safe.home.arpa", "localhost:"],
  ])(
    "metadata goes both ways at %s, with Via, and :authority as Host would be",
    async (host, authority) => {
      const said = new RegExp(`authority=\\[${authority}.*via=\\[2.0 tenk\\] back=\\[2.0 tenk\\]ok$`);
      expect(await outcome(client("metadata", host))).toMatch(said);
    },
    PEER_TIMEOUT_MS,
  );
}
