import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { listen } from "../../src/net/mod.ts";
import { freePort, until } from "../net/support.ts";
import { answered, SERVICES, settings, startListeners, tlsTo } from "./listeners-support.ts";
import { bodyOf, exchange, get, RawClient, rawTarget, statusOf } from "./support.ts";

const BOTH = "https: 127.0.0.1:0, http: 127.0.0.1:0, workers: 1";
const locationOf = (answer: string) => /^Location: (.*)\r$/m.exec(answer)?.[1];

describe("a reload of the proxy", () => {
  test.each([
    ["timeouts", "timeouts: { keepAlive: 1s }", "server"],
    ["limits of heads", "limits: { head: 1KiB }", "server"],
    ["limits of connections", "limits: { connections: 9 }", "limits"],
    ["settings of TLS", "tls: { minVersion: TLSv1.3 }", "tls"],
    ["trusted proxies", "trustedProxies: [10.0.0.0/8]", "trustedProxies"],
    ["other services", "", "services"],
  ])("with other %s changes the running listeners, and open connections stay", async (_, proxy, changed) => {
    const { reload, server, said, log } = await startListeners(BOTH);
    const before = [server("https"), server("http")];
    const socket = await tlsTo(server("https").port, { servername: "app.home.arpa" });
    const ask = () => answered(socket, "GET / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n", (got) => got.endsWith("one"));
    expect(statusOf(await ask())).toBe(200);
    log.lines.length = 0;
    await reload(`${BOTH}, ${proxy}`, changed === "services" ? `${SERVICES}, more: { respond: two }` : SERVICES);
    expect([server("https"), server("http")]).toEqual(before);
    expect(said()).toContain(`listener changed https ${changed === "services" ? "services,tls" : changed}`);
    expect(statusOf(await ask())).toBe(200);
    socket.destroy();
  });

  test("puts other timeouts and limits of HTTP in force for open connections", async () => {
    const { reload, server } = await startListeners("https: off, http: 127.0.0.1:0, workers: 1");
    const client = new RawClient(server("http").port).send("GET / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
    await client.until((text) => text.endsWith("one"));
    await reload("https: off, http: 127.0.0.1:0, workers: 1, limits: { head: 1KiB }, timeouts: { keepAlive: 50ms }");
    const long = `X: ${"a".repeat(1500)}`;
    expect(statusOf(await exchange(server("http").port, get("/", "app.home.arpa", long)))).toBe(431);
    client.send("GET / HTTP/1.1\r\nHost: app.home.arpa\r\n\r\n");
    await client.until((text) => text.split("one").length === 3);
    // Its next wait is the new one.
    expect(await client.until(() => false)).toContain("one");
    expect(client.ended).toBe(true);
  });

  test("with other workers starts the listeners again at their ports", async () => {
    const { reload, server } = await startListeners(BOTH);
    const before = [server("https"), server("http")];
    await reload("https: 127.0.0.1:0, http: 127.0.0.1:0, workers: 2");
    const after = [server("https"), server("http")];
    expect(after.map(({ port, workers }) => [port, workers])).toEqual(before.map(({ port }) => [port, 2]));
    expect(locationOf(await exchange(after[1]!.port, get("/a", "app.home.arpa")))).toBe(
      `https://app.home.arpa:${after[0]!.port}/a`,
    );
    const socket = await tlsTo(after[0]!.port, { servername: "app.home.arpa" });
    const answer = await answered(socket, get("/", "app.home.arpa"), () => false);
    expect(bodyOf(answer)).toBe("one");
  });

  test("with another HTTPS port has the plain listener, which stays, redirect there", async () => {
    const { reload, server } = await startListeners(BOTH);
    const plain = server("http");
    const [free, old] = [await freePort(), server("https").port];
    await reload(`https: 127.0.0.1:${free}, http: 127.0.0.1:0, workers: 1`);
    expect(server("http")).toBe(plain);
    expect(server("https").port).toBe(free);
    expect(free).not.toBe(old);
    expect(locationOf(await exchange(plain.port, get("/", "app.home.arpa")))).toBe(`https://app.home.arpa:${free}/`);
    await reload("https: off, http: 127.0.0.1:0, workers: 1");
    expect(bodyOf(await exchange(plain.port, get("/", "app.home.arpa")))).toBe("one");
  });

  test("that cannot be changes nothing, and leaves nothing behind", async () => {
    const target = await rawTarget((_, socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    const taken = await listen({ host: "127.0.0.1", port: 0 }, {});
    const { listeners, reload, server, store } = await startListeners(BOTH);
    const before = [server("https"), server("http")];
    const names = () => store.status().flatMap((each) => each.names);
    const namesBefore = names();
    const checked = `other: { target: "http://127.0.0.1:${target.port}", health: { path: /up, check: 10ms } }`;
    const refused = [
      // The port of the plain listener is in use: known only after HTTPS was prepared.
      [`https: 127.0.0.1:0, http: 127.0.0.1:${taken.port}, workers: 1`, checked],
      // The threads of other workers come last: a file that a service names is not there.
      [BOTH, 'other: { target: "https://127.0.0.1:1", tls: { ca: /nowhere.pem } }'],
      [BOTH, 'other: { respond: a, hosts: ["a..b"] }'],
      [`${BOTH}, tls: { ciphers: NOTHING }`, SERVICES],
    ] as const;
    for (const [proxy, services] of refused) {
      await expect(reload(proxy, services)).rejects.toThrow();
      expect(listeners.servers).toEqual(before);
    }
    // What a change has opened before another participant refused it is let go of.
    const change = await listeners.prepare(settings(BOTH, checked));
    await until(() => target.sockets.length > 0);
    await change.drop();
    await until(() => target.sockets.every((socket) => socket.destroyed));
    expect(names()).toEqual(namesBefore);
    expect(statusOf(await exchange(server("http").port, get("/", "app.home.arpa")))).toBe(308);
    const { length } = target.sockets;
    // Some rounds of the check, if it were still made.
    await sleep(60);
    expect(target.sockets.length).toBe(length);
    target.stop();
    await taken.stop({ graceMs: 0 });
  });
});

describe("a Unix socket", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-proxy-unix-"));
  const path = join(folder, "web.sock");

  const ask = (host: string) =>
    new Promise<{ status: number; location: string | undefined }>((resolve, reject) => {
      const sent = request({ socketPath: path, headers: { host }, path: "/", agent: false }, (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode!, location: answer.headers.location });
      });
      sent.on("error", reject);
      sent.end();
    });

  test("serves, redirects to the HTTPS port, and is started again at its path", async () => {
    const { reload, server } = await startListeners(`https: 127.0.0.1:0, http: "unix:${path}", workers: 1`);
    expect(await ask("app.home.arpa")).toEqual({
      status: 308,
      location: `https://app.home.arpa:${server("https").port}/`,
    });
    await reload(`https: off, http: "unix:${path}", workers: 1`);
    expect((await ask("app.home.arpa")).status).toBe(200);
    rmSync(folder, { recursive: true, force: true });
  });

  test("in place of the HTTPS port has redirects lead to 443, where its proxy listens", async () => {
    const { server } = await startListeners(`https: "unix:@${folder.slice(5)}", http: 127.0.0.1:0, workers: 1`);
    expect(locationOf(await exchange(server("http").port, get("/", "app.home.arpa")))).toBe("https://app.home.arpa/");
  });
});
