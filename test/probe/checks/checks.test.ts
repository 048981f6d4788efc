import { afterEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { checkHttp, checkTcp } from "../../../src/probe/checks/mod.ts";

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const PATIENT = { timeoutMs: 20_000, slowMs: 20_000 };
const webServer = (listener: RequestListener) => portOf(createHttpServer(listener));
const http = (port: number, more: Partial<Parameters<typeof checkHttp>[0]> = {}) =>
  checkHttp({ url: `http://127.0.0.1:${port}`, ...PATIENT, certificateDays: 7, maxBodyBytes: 65_536, ...more });

describe("a service that speaks HTTP", () => {
  test.each([
    [200, "up", undefined],
    [204, "up", undefined],
    [302, "up", undefined],
    [404, "up", undefined],
    [401, "restricted", "it answers with status 401: it wants to know who asks"],
    [403, "restricted", "it answers with status 403: it wants to know who asks"],
    [500, "down", "it answers with status 500"],
    [503, "down", "it answers with status 503"],
  ] as const)("and answers %d is %s", async (status, result, reason) => {
    const port = await webServer((_, response) =>
      response.writeHead(status, { location: "http://127.0.0.1:1/" }).end(),
    );
    expect(await http(port)).toMatchObject({ result, ...(reason && { reason }) });
  });

  test("is asked for its path, by a GET that says who asks", async () => {
    let asked = "";
    const port = await webServer((request, response) => {
      asked = `${request.method} ${request.url} ${request.headers["user-agent"]}`;
      response.end();
    });
    expect(await http(port, { path: "/up?deep=1" })).toMatchObject({ result: "up" });
    expect(asked).toBe("GET /up?deep=1 tenk-probe");
  });

  test("and answers late is slow", async () => {
    const port = await webServer((_, response) => response.end());
    expect(await http(port, { slowMs: 0 })).toMatchObject({
      result: "degraded",
      reason: expect.stringContaining("slow: "),
    });
  });

  test("and whose answer never ends is read for 64 KiB of it", async () => {
    let written = 0;
    const port = await webServer((_, response) => {
      const more = () => {
        while (response.write("x".repeat(16_384))) written += 16_384;
      };
      response.on("drain", more);
      more();
    });
    expect(await http(port)).toMatchObject({ result: "up" });
    expect(written).toBeLessThan(50 * 1024 * 1024);
  });

  test("and says nothing is down after the timeout", async () => {
    const port = await webServer(() => {});
    const outcome = await http(port, { timeoutMs: 50 });
    expect(outcome).toMatchObject({ result: "down", reason: expect.stringContaining("within 0.05 s") });
  });
});

describe("a service of any protocol", () => {
  const tcp = (port: number, timeoutMs = 20_000) => checkTcp({ host: "127.0.0.1", port, timeoutMs, holdMs: 100 });

  test("that says something is up", async () => {
    const port = await portOf(createServer((socket) => socket.write("hello")));
    expect(await tcp(port)).toMatchObject({ result: "up" });
  });

  test("that waits for us is up", async () => {
    const port = await portOf(createServer(() => {}));
    expect(await tcp(port)).toMatchObject({ result: "up", facts: { latencyMs: expect.any(Number) } });
  });

  test("that accepts and closes at once is down", async () => {
    const port = await portOf(createServer((socket) => socket.destroy()));
    const reason = `127.0.0.1:${port} accepts and closes at once: is anything behind it?`;
    expect(await tcp(port)).toEqual({ result: "down", facts: {}, reason });
  });

  test.each<[string, (socket: Socket) => void, string]>([
    ["resets at once", (socket) => socket.resetAndDestroy(), "down"],
    ["ends its side without a word", (socket) => socket.end(), "down"],
    ["says a word and closes", (socket) => socket.end("x"), "up"],
    ["never stops talking", (socket) => void setInterval(() => socket.write("x".repeat(65_536)), 1).unref(), "up"],
    ["closes after a while", (socket) => void setTimeout(() => socket.destroy(), 20), "down"],
  ])("that %s is as it should be", async (_, connected, result) => {
    const port = await portOf(createServer({ allowHalfOpen: true }, connected));
    expect((await checkTcp({ host: "127.0.0.1", port, timeoutMs: 20_000, holdMs: 2000 })).result).toBe(result as never);
  });

  test("that closed while this machine was busy is down, though its time was over then", async () => {
    const closing = "require('net').createServer(s=>setTimeout(()=>s.destroy(),50)).listen(0,'127.0.0.1',function(){console.log(this.address().port)})"; // biome-ignore format: one program
    const child = spawn(process.execPath, ["-e", closing], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [line] = await once(child.stdout, "data");
      const outcome = tcp(Number(line));
      await new Promise((resolve) => setTimeout(resolve, 20));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      expect((await outcome).result).toBe("down");
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("that does not listen is down", async () => {
    const server = createServer();
    const port = await portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const reason = `nothing listens on 127.0.0.1:${port}: is it running?`;
    expect(await tcp(port)).toEqual({ result: "down", facts: {}, reason });
  });
});
