/** The dashboard as a service: over TLS, by HTTP/1.1 and HTTP/2, under a host of its own and under a path. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { FORM, HASH, keptLog, newFolder } from "../app/admin/support.ts";
import { exchange, get, statusOf } from "./support.ts";
import { type Asker, overHttp1, overHttp2 } from "./tls-client.ts";

const HOST = "box.home.arpa";
const data = newFolder();
let instance: Instance;

const config = (more = "") =>
  parseConfig(
    `domain: home.arpa
tcp: { packets: { listen: 127.0.0.1:0 } }
dashboard: { listen: 127.0.0.1:0, password: "${HASH}", scrapers: [192.0.2.7] }
proxy: { https: 127.0.0.1:0, http: 127.0.0.1:0, names: [own.home.arpa], workers: 1 }
data: { folder: ${data}, history: false }
services:
  box: dashboard
  below: { target: dashboard, hosts: [own.home.arpa], path: [/tenk, /a/tenk/] }
  clear: { target: dashboard, hosts: [clear.home.arpa], plainHttp: serve }
${more}`,
    "test.yaml",
  );

const portOf = (name: string) => instance.listeners.find((each) => each.name === name)!.port;
const PROTOCOLS = [
  ["HTTP/1.1", overHttp1],
  ["HTTP/2", overHttp2],
] as const;
const askerOf = (make: (port: number) => Asker) => make(portOf("https"));

beforeAll(async () => {
  instance = await up(config(), { logDefaults: false, log: keptLog() });
});
afterAll(() => instance.stop(0));

/** Logs in by the form, as a browser does. @returns the cookie */
async function logIn(ask: Asker, host: string, path: string): Promise<{ cookie: string; written: string }> {
  const headers = { ...FORM, origin: `https://${host}`, "sec-fetch-site": "same-origin" };
  const entered = await ask({ method: "POST", host, path: `${path}login`, headers, body: "word=correct+horse" });
  expect([entered.status, entered.headers.location]).toEqual([303, "./"]);
  const written = String(entered.headers["set-cookie"]);
  return { cookie: written.split(";")[0]!, written };
}

describe.each(PROTOCOLS)("the dashboard as a service over %s", (_, make) => {
  test.each([
    ["a page", {}],
    ["a HEAD", { method: "HEAD" }],
    ["a change", { method: "POST", path: "/api/tcp/connections/close" }],
    ["metrics, as a scraper by its own word", { path: "/metrics", headers: { "x-forwarded-for": "192.0.2.7" } }],
    ["two slashes", { path: "//api/status" }],
    ["an encoded letter", { path: "/%61pi/status" }],
    ["a final dot of the host", { host: `${HOST}.` }],
    [
      "loopback in headers",
      { headers: { "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", forwarded: "for=127.0.0.1" } },
    ],
    ["a header of the proxy itself", { headers: { "x-tenk-service": "guess box" } }],
  ])("asks a stranger on this machine to log in: %s", async (_, given) => {
    const answer = await askerOf(make)({ host: HOST, path: "/api/status", ...given });
    expect(answer.status).toBe(401);
    expect(answer.body).not.toContain("startedAt");
  });

  test("is under no name that is not declared", async () => {
    for (const host of ["other.home.arpa", "evil.example", "box.home.arpa.evil.example"]) {
      expect([404, 421]).toContain((await askerOf(make)({ host, path: "/api/status" })).status);
    }
  });

  test.each([
    ["its own host", HOST, "/"],
    ["its own host and port", `${HOST}:8443`, "/"],
    ["a path", "own.home.arpa", "/tenk/"],
    ["another path", "own.home.arpa", "/a/tenk/"],
  ])("logs in, streams and changes under %s", async (_, host, path) => {
    const ask = askerOf(make);
    const { cookie, written } = await logIn(ask, host, path);
    expect(written).toMatch(/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/);
    const status = await ask({ host, path: `${path}api/status`, headers: { cookie } });
    expect([status.status, status.body]).toEqual([200, expect.stringContaining('"startedAt"')]);
    const page = await ask({ host, path, headers: { cookie, accept: "text/html" } });
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    const live = await ask({ host, path: `${path}api/live`, headers: { cookie }, until: "event: " });
    expect(live.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    const leave = (headers: Readonly<Record<string, string>>) =>
      ask({ method: "POST", host, path: `${path}logout`, headers: { cookie, "x-tenk": "1", ...headers }, body: "" });
    expect((await leave({ origin: "https://evil.example" })).status).toBe(403);
    expect((await leave({ "sec-fetch-site": "cross-site", origin: `https://${host}` })).status).toBe(403);
    expect((await leave({})).status).toBe(403);
    expect((await leave({ origin: `https://${host}` })).status).toBe(200);
    expect((await ask({ host, path: `${path}api/status`, headers: { cookie } })).status).toBe(401);
  });

  test("is shown in no frame and no image of another site", async () => {
    const ask = askerOf(make);
    const { cookie } = await logIn(ask, HOST, "/");
    const embedded = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image", cookie };
    expect((await ask({ host: HOST, path: "/api/status", headers: embedded })).status).toBe(403);
    const page = await ask({ host: HOST, path: "/", headers: { cookie } });
    expect(page.headers["x-frame-options"]).toBe("DENY");
  });

  test("leads from its path without a slash to the one with it, and the machine's own site to it", async () => {
    const ask = askerOf(make);
    const led = await ask({ host: "own.home.arpa", path: "/tenk" });
    expect([led.status, led.headers.location]).toEqual([303, "./tenk/"]);
    const own = await ask({ host: "own.home.arpa", path: "/" });
    expect(own.status).toBe(200);
    expect(own.body).toContain(`dashboard: https://box.home.arpa:${portOf("https")}/\n`);
    expect(own.body).toContain(`dashboard: https://own.home.arpa:${portOf("https")}/tenk/\n`);
  });
});

test("in the clear a cookie is not Secure, and its name is allowed at the dashboard's own port", async () => {
  const form =
    "POST /login HTTP/1.1\r\nHost: clear.home.arpa\r\nOrigin: http://clear.home.arpa\r\nConnection: close\r\n";
  const type = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 18\r\n\r\nword=correct+horse";
  const entered = await exchange(portOf("http"), form + type);
  expect(statusOf(entered)).toBe(303);
  expect(entered).toMatch(/set-cookie: [^\r]*; Max-Age=\d+\r\n/i);
  const direct = (host: string) => exchange(Number(new URL(instance.statusUrl).port), get("/api/status", host));
  expect(statusOf(await direct("clear.home.arpa"))).toBe(200);
  expect(statusOf(await direct("evil.example"))).toBe(421);
});

test("a stranger who guesses is slowed down, and nobody else", async () => {
  const behind = await up(
    parseConfig(
      JSON.stringify({
        tcp: { packets: { listen: "127.0.0.1:0" } },
        dashboard: { listen: "127.0.0.1:0", password: HASH },
        proxy: { https: "off", http: "127.0.0.1:0", workers: 1, trustedProxies: ["127.0.0.1"] },
        services: { box: { target: "dashboard", hosts: [HOST] } },
      }),
      "test.yaml",
    ),
    { logDefaults: false, log: keptLog() },
  );
  try {
    const { port } = behind.listeners.find(({ name }) => name === "http")!;
    const guess = (address: string, word: string) =>
      exchange(
        port,
        `POST /login HTTP/1.1\r\nHost: ${HOST}\r\nOrigin: http://${HOST}\r\nX-Forwarded-For: ${address}\r\nConnection: close\r\n` +
          `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${word.length + 5}\r\n\r\nword=${word}`,
      );
    const statuses: number[] = [];
    for (let tries = 0; tries < 6; tries++) statuses.push(statusOf(await guess("203.0.113.5", "wrong")));
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect(statusOf(await guess("203.0.113.6", "correct+horse"))).toBe(303);
  } finally {
    await behind.stop(0);
  }
});

test("a dashboard that moves at a reload is followed", async () => {
  const ask = overHttp1(portOf("https"));
  const before = instance.statusUrl;
  const moved = config().config;
  await instance.reload({
    ...config(),
    config: { ...moved, dashboard: { ...moved.dashboard, listen: { host: "0.0.0.0", port: 0 } } },
  });
  expect(instance.statusUrl).not.toBe(before);
  // Event loops follow within moments; the old port is closed at once.
  while ((await ask({ host: HOST, path: "/healthz" })).status !== 200);
  expect((await ask({ host: HOST, path: "/api/status" })).status).toBe(401);
});
