import { expect, test } from "bun:test";
import { DashboardLink } from "../../../src/app/admin/mod.ts";
import { HASH, OWN_PAGE, sessionOf, worldOf } from "./support.ts";

const link = new DashboardLink();
const { ask } = worldOf({
  link,
  host: "127.0.0.1",
  passwordHash: HASH,
  scrapers: ["192.0.2.7"],
  services: { box: ["/"], below: ["/tenk", "/tenk/deep"] },
});

/** As the proxy of this instance passes a request on. */
const through = (service: string, more: Readonly<Record<string, string>> = {}) => ({
  peer: "127.0.0.1",
  headers: Object.fromEntries([
    ["host", "box.home.arpa"],
    ["x-forwarded-for", "203.0.113.5"],
    ["x-forwarded-host", "box.home.arpa"],
    link.header(service),
    ...Object.entries(more),
  ]),
});

test("a service's requests may have its hosts, and what another program sends may not", async () => {
  expect((await ask("/api/status", through("box"))).status).toBe(401);
  const { headers } = through("box");
  expect((await ask("/api/status", { peer: "127.0.0.1", headers: { ...headers, "x-tenk-service": "" } })).status).toBe(
    421,
  );
  const [name, value] = link.header("box");
  const altered = { ...headers, [name]: value.replace(/^./, (first) => (first === "A" ? "B" : "A")) };
  expect((await ask("/api/status", { peer: "127.0.0.1", headers: altered })).status).toBe(421);
});

test("a service's path is taken away, the longest that matches, and nobody else's", async () => {
  const cookie = await sessionOf((path, init) =>
    ask(path, { ...init, peer: "127.0.0.1", headers: { host: "localhost" } }),
  );
  const status = async (path: string, service = "below") => (await ask(path, through(service, { cookie }))).status;
  expect(await status("/tenk/api/status")).toBe(200);
  expect(await status("/tenk/deep/api/status")).toBe(200);
  expect(await status("/tenkapi/status")).toBe(404);
  expect(await status("/tenk/api/status", "box")).toBe(404);
  expect(await status("/api/status", "box")).toBe(200);
  const led = await ask("/tenk/deep", through("below", { cookie }));
  expect([led.status, led.headers.get("location")]).toEqual([303, "./deep/"]);
});

test("a scraper is known by its own address behind the service", async () => {
  expect((await ask("/metrics", through("box", { "x-forwarded-for": "192.0.2.7" }))).status).toBe(200);
  expect((await ask("/metrics", through("box", { "x-forwarded-for": "192.0.2.7, 203.0.113.5" }))).status).toBe(401);
});

test("a page of another origin changes nothing through a service", async () => {
  const cookie = await sessionOf((path, init) =>
    ask(path, { ...init, peer: "127.0.0.1", headers: { host: "localhost" } }),
  );
  const post = (origin: string) =>
    ask("/logout", { method: "POST", ...through("box", { ...OWN_PAGE, origin, cookie }) });
  expect((await post("https://evil.example")).status).toBe(403);
  expect((await post("https://box.home.arpa")).status).toBe(200);
});
