import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { prefersHtml } from "../../../src/app/admin/accept.ts";
import { belowBase } from "../../../src/app/admin/base-path.ts";
import { rootOf } from "../../../src/app/admin/error-page.ts";
import { PAGE_STYLE } from "../../../src/app/admin/static-page.ts";
import { BEARER, FORM, HASH, JSON_BODY, OWN_PAGE, sessionOf, worldOf } from "./support.ts";

/** What Firefox sends where a person opens an address. */
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const PROGRAMS = ["*/*", "application/json", "text/event-stream", "application/json, text/html;q=0.9", undefined];

/** Every way to be refused, each with who asks. */
const REFUSED: readonly [code: number, path: string, more: Parameters<ReturnType<typeof worldOf>["ask"]>[1]][] = [
  [421, "/", { headers: { host: "evil.example" } }],
  [421, "/api/status", { headers: { host: "a b" } }],
  [401, "/api/status", {}],
  [401, "/nothing/", {}],
  [403, "/api/status", { peer: "127.0.0.1", headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" } }],
  [403, "/login", { method: "POST", body: "word=x", headers: { ...FORM, origin: "http://evil.example" } }],
  [403, "/api/tcp/connections/close", { method: "POST", peer: "127.0.0.1", headers: OWN_PAGE, body: "{}" }],
  [404, "/nothing", { headers: BEARER }],
  [404, "/api/runs/7", { headers: BEARER }],
  [400, "/api/log?level=loud", { headers: BEARER }],
  [405, "/metrics", { method: "DELETE", headers: BEARER }],
  [500, "/api/status", { headers: BEARER }],
];

function failing() {
  const made = worldOf({ passwordHash: HASH });
  made.world.status = () => {
    throw new Error("secret path /srv/keys");
  };
  return made;
}

describe("an error response", () => {
  test.each(REFUSED)("with %d at %s is a page in a browser, and tells what to do", async (code, path, more) => {
    const { ask } = failing();
    const page = await ask(path, { ...more, headers: { ...more?.headers, accept: BROWSER } });
    const text = await page.text();
    expect([page.status, page.headers.get("content-type")]).toEqual([code, "text/html; charset=utf-8"]);
    expect(text).toMatch(/<h2 role="alert">[^<]{5,}/);
    expect(text).not.toMatch(/<script|style=| on[a-z]+=|secret path|evil\.example"/);
    expect(page.headers.get("content-security-policy")).toContain(
      "default-src 'none'; script-src 'self'; style-src 'sha",
    );
  });

  test.each(REFUSED)("with %d at %s is JSON for a program, with the same text", async (code, path, more) => {
    const { ask } = failing();
    for (const accept of PROGRAMS) {
      const headers = { ...more?.headers, ...(accept === undefined ? {} : { accept }) };
      const told = await ask(path, { ...more, headers });
      expect([told.status, told.headers.get("content-type")]).toEqual([code, "application/json"]);
      expect(await told.json()).toMatchObject({ error: expect.any(String) });
    }
  });

  test("keeps headers such as Retry-After on the page", async () => {
    const { ask } = worldOf();
    const accept = { accept: BROWSER };
    const gone = await ask("/metrics", { method: "PUT", headers: { ...BEARER, ...accept } });
    expect(gone.headers.get("allow")).toBe("GET, HEAD");
    for (let tries = 0; tries < 6; tries++) await ask("/", { headers: { authorization: "Bearer wrong", ...accept } });
    const late = await ask("/", { headers: { authorization: "Bearer wrong", ...accept } });
    expect([late.status, Number(late.headers.get("retry-after")) > 0]).toEqual([429, true]);
  });

  test("links back to the root from every path", () => {
    expect(["/", "/login", "/api/status", "/api/runs/7"].map(rootOf)).toEqual(["./", "./", "../", "../../"]);
  });
});

describe("a trusted proxy", () => {
  const login = (headers: Record<string, string>) => ({
    peer: "10.0.0.2",
    method: "POST",
    body: `word=${encodeURIComponent("correct horse")}`,
    headers: { ...FORM, host: "192.0.2.1:9190", "x-forwarded-for": "203.0.113.5", ...headers },
  });
  const origin = "https://box.home.arpa";
  test.each([
    ["the browser says that both are one", { origin, "sec-fetch-site": "same-origin" }, 303],
    ["the configuration knows the name", { origin: "http://known.home.arpa:8080" }, 303],
    ["it says for which name it was asked", { origin, "x-forwarded-host": "box.home.arpa, inner" }, 421],
    ["that name is known", { origin: "https://known.home.arpa", "x-forwarded-host": "known.home.arpa" }, 303],
    ["it says another one", { origin, "x-forwarded-host": "known.home.arpa", "sec-fetch-site": "same-origin" }, 403],
    ["nothing says so", { origin }, 403],
    ["the browser says another site", { origin, "sec-fetch-site": "cross-site" }, 403],
    ["nor has it an origin", {}, 403],
  ])("that asks by another name: %s", async (_, headers, code) => {
    const { ask } = worldOf({ passwordHash: HASH, proxies: ["10.0.0.2"], names: ["known.home.arpa"] });
    expect((await ask("/login", login(headers))).status).toBe(code);
  });

  test("and an unknown one is not trusted", async () => {
    const { ask } = worldOf({ passwordHash: HASH, proxies: ["10.0.0.3"], names: ["known.home.arpa"] });
    for (const headers of [
      { origin, "sec-fetch-site": "same-origin" },
      { origin: "http://known.home.arpa" },
      { origin: "http://known.home.arpa", "x-forwarded-host": "known.home.arpa" },
    ])
      expect((await ask("/login", login(headers))).status).toBe(403);
  });

  test("lets our own page change something, and no other", async () => {
    const { ask } = worldOf({ proxies: ["10.0.0.2"] });
    const cookie = await sessionOf(ask);
    const leave = (headers: Record<string, string>) =>
      ask("/logout", { peer: "10.0.0.2", method: "POST", body: "{}", headers: { ...JSON_BODY, cookie, ...headers } });
    const page = { origin, "x-tenk": "1" };
    expect((await leave({ ...page, "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await leave(page)).status).toBe(403);
    expect((await leave({ ...page, "sec-fetch-site": "same-origin" })).status).toBe(200);
  });
});

test("errors that a proxy causes are logged with their fix, at most once a minute", async () => {
  const { ask, world } = worldOf();
  for (let tries = 0; tries < 50; tries++) {
    await ask("/", { headers: { host: `box${tries}.home.arpa` } });
    await ask("/login", { method: "POST", headers: { ...FORM, origin: "http://box.home.arpa" }, body: "word=x" });
  }
  expect(world.said.lines.map(([level, message, { reason, fix }]) => [level, message, reason, fix])).toEqual([
    ["warn", "request rejected", "unknown-host", "dashboard: { names: [box0.home.arpa] }"],
    ["warn", "request rejected", "cross-origin", expect.stringContaining("proxy_set_header Host $http_host;")],
  ]);
});

test("a form with a hidden origin gets an error that names the header which hides it", async () => {
  const { ask } = worldOf();
  const answer = await ask("/login", { method: "POST", headers: { ...FORM, origin: "null" }, body: "word=x" });
  expect([answer.status, await answer.json()]).toEqual([
    403,
    expect.objectContaining({ hint: expect.stringContaining("Referrer-Policy: no-referrer") }),
  ]);
});

test("the static page has the colours of the dashboard", () => {
  const page = readFileSync(new URL("../../../src/dash/page/style/base.css", import.meta.url), "utf8");
  const coloursOf = (css: string) =>
    [...css.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => `${name} ${value}`);
  const [light, dark] = PAGE_STYLE.split("@media").map(coloursOf);
  const [own, ownDark] = page.split('[data-theme="dark"]').map(coloursOf);
  expect(light!.length).toBeGreaterThan(5);
  expect(own).toEqual(expect.arrayContaining(light!));
  expect(ownDark).toEqual(expect.arrayContaining(dark!));
});

test.each([
  ["/tenk/api/status", "/tenk/", "/api/status"],
  ["/tenk/", "/tenk/", "/"],
  ["/tenk", "/tenk/", undefined],
  ["/tenkish/x", "/tenk/", "/tenkish/x"],
  ["/api/status", "/tenk/", "/api/status"],
  ["/tenk/tenk/", "/tenk/", "/tenk/"],
])("%s below %s is %p", (path, base, expected) => expect(belowBase(path, base)).toBe(expected!));

test("prefersHtml recognizes browsers", () => {
  expect([BROWSER, "text/html", ...PROGRAMS, "text/html;q=0"].map((accept) => prefersHtml(accept ?? ""))).toEqual([
    true,
    true,
    ...PROGRAMS.map(() => false),
    false,
  ]);
});

test("a wrong word is told as what it is, and hints end as sentences do", async () => {
  const form = {
    method: "POST",
    headers: { ...FORM, accept: BROWSER, origin: "http://192.0.2.1:9190" },
    body: "word=x",
  };
  const { ask } = worldOf();
  expect(await (await ask("/login", form)).text()).toContain('<p role="alert">Wrong token.</p>');
  const wrongName = await ask("/", { headers: { host: "box.example", accept: BROWSER } });
  expect(await wrongName.text()).toContain(
    "names: [box.example] }</code> into tenk.yaml; without that, open it by its address.</p>",
  );
});
