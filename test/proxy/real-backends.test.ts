/** Debian's own servers behind the proxy, over HTTPS, with a line each in `services:`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { hasPrograms } from "../app/admin/nginx-support.ts";
import { freePort } from "../net/support.ts";

const REGISTRY = "/usr/bin/docker-registry";
const PROMETHEUS = "/usr/bin/prometheus";
const WEBSOCKETS = "/usr/lib/python3/dist-packages/websockets/__init__.py";
const LAYER_MIB = Number(process.env.TENK_RUNS ?? 4);
const UP_MS = 20_000;

const ECHO = `
import asyncio, sys, websockets
async def echo(socket, path=None):
    async for message in socket: await socket.send(message)
async def main():
    async with websockets.serve(echo, "127.0.0.1", int(sys.argv[1]), max_size=None): await asyncio.Future()
asyncio.run(main())
`;
const ASK = `
import asyncio, os, ssl, sys, websockets
async def main():
    context = ssl.create_default_context(cafile=sys.argv[2])
    where = dict(host="127.0.0.1", port=int(sys.argv[1]))
    async with websockets.connect("wss://echo.home.arpa/", ssl=context, max_size=None, **where) as socket:
        for size in (0, 1, 125, 126, 65535, 65536, 1000000):
            sent = os.urandom(size)
            await socket.send(sent)
            assert await socket.recv() == sent, size
        await (await socket.ping())
    print(socket.close_code)
asyncio.run(main())
`;

describe("behind HTTPS", () => {
  if (!hasPrograms("real servers behind the proxy", [REGISTRY, PROMETHEUS, WEBSOCKETS])) return;
  const folder = mkdtempSync(join(tmpdir(), "tenk-real-"));
  const children: ChildProcess[] = [];
  let instance: Instance;
  let ports: readonly [number, number, number];

  function start(program: string, ...words: string[]): void {
    children.push(spawn(program, words, { stdio: "ignore", cwd: folder }));
  }

  interface Answer {
    status: number;
    headers: IncomingHttpHeaders;
    body: Buffer;
  }

  function ask(service: string, method: string, path: string, content?: Uint8Array, headers = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port: instance.listeners.find(({ name }) => name === "https")!.port,
          servername: `${service}.home.arpa`,
          ca: readFileSync(join(folder, "data/certificates/local/root.crt")),
          method,
          path,
          headers: { host: `${service}.home.arpa`, ...headers },
        },
        (answer) => {
          const pieces: Buffer[] = [];
          answer.on("data", (piece) => pieces.push(piece));
          answer.on("error", reject);
          answer.on("end", () =>
            resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(pieces) }),
          );
        },
      );
      sent.on("error", reject);
      sent.end(content);
    });
  }

  async function isUp(service: string, path: string, status: number): Promise<void> {
    const deadlineMs = performance.now() + UP_MS;
    while ((await ask(service, "GET", path)).status !== status) {
      if (performance.now() > deadlineMs) throw new Error(`${service} does not start`);
      await Bun.sleep(50);
    }
  }

  beforeAll(async () => {
    ports = [await freePort(), await freePort(), await freePort()];
    const [registry, prometheus, echo] = ports;
    writeFileSync(
      join(folder, "registry.yml"),
      `version: 0.1
storage: { filesystem: { rootdirectory: ${folder}/registry } }
http: { addr: 127.0.0.1:${registry}, secret: x }
`,
    );
    writeFileSync(join(folder, "prometheus.yml"), "global: { scrape_interval: 1h }\n");
    start(REGISTRY, "serve", "registry.yml");
    start(PROMETHEUS, "--config.file=prometheus.yml", `--web.listen-address=127.0.0.1:${prometheus}`);
    start("/usr/bin/python3", "-c", ECHO, String(echo));
    const config = `domain: home.arpa
tcp: { packets: { listen: 127.0.0.1:0 } }
dashboard: { listen: 127.0.0.1:0 }
proxy: { https: 127.0.0.1:0, http: off }
data: { folder: ${folder}/data, history: false }
probe: off
services:
  registry: http://127.0.0.1:${registry}
  prometheus: http://127.0.0.1:${prometheus}
  echo: http://127.0.0.1:${echo}
`;
    instance = await up(parseConfig(config, "real.yaml"), { logDefaults: false });
  }, UP_MS);
  afterAll(async () => {
    await instance?.stop(0);
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  test("docker-registry takes a layer in pieces, and gives it back whole and in ranges", async () => {
    await isUp("registry", "/v2/", 200);
    const layer = randomBytes(LAYER_MIB * 1024 * 1024);
    const digest = `sha256:${createHash("sha256").update(layer).digest("hex")}`;
    let { status, headers } = await ask("registry", "POST", "/v2/demo/blobs/uploads/", new Uint8Array(0));
    expect(status).toBe(202);
    // The registry makes its links of the fields that the proxy adds.
    expect(headers.location).toStartWith("https://registry.home.arpa/v2/demo/");
    const step = 1_500_000;
    for (let at = 0, turn = 0; at < layer.length; at += step, turn++) {
      const piece = layer.subarray(at, at + step);
      const range = { "content-range": `${at}-${at + piece.length - 1}`, "content-type": "application/octet-stream" };
      const chunked = turn % 2 === 1 && { "transfer-encoding": "chunked" };
      ({ status, headers } = await ask("registry", "PATCH", pathOf(headers.location!), piece, {
        ...range,
        ...chunked,
      }));
      expect(status).toBe(202);
    }
    const done = `${pathOf(headers.location!)}&digest=${digest}`;
    expect((await ask("registry", "PUT", done, new Uint8Array(0))).status).toBe(201);
    const blob = `/v2/demo/blobs/${digest}`;
    expect((await ask("registry", "GET", blob)).body.equals(layer)).toBe(true);
    const length = (await ask("registry", "HEAD", blob)).headers["content-length"];
    expect(Number(length)).toBe(layer.length);
    const part = await ask("registry", "GET", blob, undefined, { range: "bytes=1000-1999" });
    expect([part.status, part.body.equals(layer.subarray(1000, 2000))]).toEqual([206, true]);
  }, 60_000);

  test("Prometheus answers a query", async () => {
    await isUp("prometheus", "/-/ready", 200);
    const { body } = await ask("prometheus", "GET", "/api/v1/query?query=vector(42)");
    expect(JSON.parse(body.toString()).data.result[0].value[1]).toBe("42");
  }, 30_000);

  test("a WebSocket of Python's library carries messages of all sizes, and its close", async () => {
    await isUp("echo", "/", 426);
    const { port } = instance.listeners.find(({ name }) => name === "https")!;
    const root = join(folder, "data/certificates/local/root.crt");
    const child = spawn("/usr/bin/python3", ["-c", ASK, String(port), root], { stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    await new Promise((resolve) => child.once("close", resolve));
    expect(said).toBe("1000\n");
  }, 30_000);
});

const pathOf = (location: string) => location.slice(location.indexOf("/", "https://".length));
