/** One test a line of the list of what home servers were broken by: C the control plane, M metrics and logs. */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Access } from "../../../src/app/admin/access.ts";
import { isSame, newSecret } from "../../../src/app/admin/secrets.ts";
import { Sessions } from "../../../src/app/admin/sessions.ts";
import { findToken, openToken } from "../../../src/app/admin/token.ts";
import { effectiveSettings, parseConfig, up } from "../../../src/app/mod.ts";
import { hashPassword, Throttle } from "../../../src/auth/mod.ts";
import { until } from "../../net/support.ts";
import { BEARER, FORM, HASH, keptLog, newFolder, OWN_PAGE, sessionOf, TOKEN, worldOf } from "./support.ts";

describe("C07 logging in", () => {
  afterEach(() => void setSystemTime());

  const attempt = (ask: ReturnType<typeof worldOf>["ask"], word: string, peer = "192.0.2.7") =>
    ask("/login", {
      method: "POST",
      peer,
      headers: { ...FORM, ...OWN_PAGE },
      body: `word=${encodeURIComponent(word)}`,
    });

  test("is slowed for one address after five wrong passwords, and for no other", async () => {
    const { ask, world } = worldOf({ passwordHash: HASH });
    for (let count = 0; count < 5; count++) expect((await attempt(ask, "wrong")).status).toBe(401);
    const refused = await attempt(ask, "correct horse");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await attempt(ask, "correct horse", "192.0.2.8")).status).toBe(303);
    world.nowMs += 1000;
    expect((await attempt(ask, "correct horse")).status).toBe(303);
  });

  test("is slowed even when all attempts come at once", async () => {
    const { ask } = worldOf({ passwordHash: HASH });
    const answers = await Promise.all(Array.from({ length: 50 }, () => attempt(ask, "wrong")));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
  });

  test("is slowed for wrong tokens too, in the link and in the header", async () => {
    const { ask } = worldOf();
    const headers = { authorization: `Bearer ${newSecret()}` };
    for (let count = 0; count < 5; count++) expect((await ask("/api/status", { headers })).status).toBe(401);
    expect((await ask("/api/status", { headers })).status).toBe(429);
    expect((await ask(`/?token=${newSecret()}`)).status).toBe(429);
    expect((await ask("/api/status", { headers: BEARER })).status).toBe(200);
  });

  test("is not slowed for a password by wrong tokens, which any site can make a browser send", async () => {
    const { ask } = worldOf({ passwordHash: HASH });
    for (let count = 0; count < 8; count++) await ask("/?token=wrong");
    expect((await ask("/?token=wrong")).status).toBe(429);
    expect((await attempt(ask, "correct horse")).status).toBe(303);
  });

  test("is slowed for an IPv6 /64 as for one address, and for everybody when many guess", () => {
    const throttle = new Throttle({ freeOfAll: 20, maxAddresses: 100 });
    for (let count = 0; count < 1000; count++) throttle.begin(`a${count}`, 0, count % 2 === 0);
    expect(throttle.size).toBeLessThanOrEqual(100);
    expect(throttle.begin("new", 500, true)).toBeGreaterThan(0);
    expect(throttle.begin("new", 60_000, true)).toBe(0);
    const { ask } = worldOf({ passwordHash: HASH });
    const peers = [
      "2001:db8:1:2::1",
      "2001:db8:1:2::2",
      "2001:DB8:1:2:ffff::3",
      "2001:db8:1:2:0:0:0:4",
      "2001:db8:1:2::5",
    ];
    return Promise.all(peers.map((peer) => attempt(ask, "wrong", peer))).then(async () => {
      expect((await attempt(ask, "wrong", "2001:db8:1:2::6")).status).toBe(429);
      expect((await attempt(ask, "wrong", "2001:db8:1:3::6")).status).toBe(401);
    });
  });

  test("compares secrets as digests, in constant time", () => {
    expect([isSame("", TOKEN), isSame(TOKEN.slice(1), TOKEN), isSame(`${TOKEN}A`, TOKEN)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(isSame(TOKEN, TOKEN)).toBe(true);
    const source = (name: string) =>
      readFileSync(new URL(`../../../src/app/admin/${name}.ts`, import.meta.url), "utf8");
    expect(source("secrets")).toContain("return timingSafeEqual(digestOf(given), digestOf(secret));");
    expect(source("access")).not.toMatch(/[!=]==? this\.#token(?! \|\|)/);
  });

  test("begins a session with a random secret, which expires", async () => {
    const { ask, world } = worldOf();
    const fixed = `tenk-9190=${"C".repeat(43)}`;
    const entered = await ask(`/?token=${TOKEN}`, { headers: { cookie: fixed } });
    const cookie = (entered.headers.get("set-cookie") ?? "").split(";")[0]!;
    expect(entered.headers.get("location")).toBe("./");
    expect(cookie).not.toBe(fixed);
    expect((await ask("/api/status", { headers: { cookie: fixed } })).status).toBe(401);
    expect((await ask("/api/status", { headers: { cookie: `${fixed}; ${cookie}` } })).status).toBe(200);
    world.nowMs += 30 * 24 * 3_600_000;
    expect((await ask("/api/status", { headers: { cookie } })).status).toBe(401);
  });

  test("uses the monotonic clock for waits and sessions", () => {
    const access = new Access({ token: TOKEN });
    const client = { address: "192.0.2.7", isLoopback: false, isSecure: false, proxy: "none" } as const;
    const entered = access.loginWithToken(client, TOKEN) as { session: string };
    for (let count = 0; count < 5; count++) access.loginWithToken(client, "wrong");
    setSystemTime(new Date("2001-01-01"));
    const sixth = access.loginWithToken(client, "wrong");
    expect(typeof sixth === "object" && "waitMs" in sixth ? sixth.waitMs : 0).toBeLessThanOrEqual(1000);
    setSystemTime(new Date("2101-01-01"));
    const headers = new Headers({ cookie: `tenk-9190=${entered.session}` });
    expect(access.authenticate(client, headers, "tenk-9190", false)).toMatchObject({ may: "change", by: "session" });
  });

  test("limits the number of sessions, and another password ends them all", async () => {
    const sessions = new Sessions({ max: 3 });
    const words = Array.from({ length: 5 }, (_, at) => sessions.begin(at));
    expect(words.map((word) => sessions.isOpen(word, 10))).toEqual([false, false, true, true, true]);
    const { ask, access } = worldOf({ passwordHash: HASH });
    const cookie = await sessionOf(ask);
    access.configure({ token: TOKEN, passwordHash: HASH });
    expect((await ask("/api/status", { headers: { cookie } })).status).toBe(200);
    access.configure({ token: TOKEN, passwordHash: `${HASH}x` });
    expect((await ask("/api/status", { headers: { cookie } })).status).toBe(401);
  });

  test("ends with a changed password, for live streams too", async () => {
    const text = (hash: string) =>
      `tcp: { a: { listen: "127.0.0.1:0" } }\ndashboard: { listen: "127.0.0.1:0", password: "${hash}" }`;
    const hashes = ["c29tZWhhc2g", "b3RoZXJoYXNo"].map(
      (hash) => `$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$${hash}`,
    );
    const [first, second] = hashes.map((hash) => parseConfig(text(hash), "tenk.yaml"));
    const folder = newFolder();
    const instance = await up(first!, { log: keptLog(), dataFolder: folder });
    const passedOn = { "x-forwarded-for": "192.0.2.7" };
    const link = `${instance.statusUrl}?token=${findToken(folder)}`;
    const entered = await fetch(link, { redirect: "manual", headers: passedOn });
    const headers = { ...passedOn, cookie: (entered.headers.get("set-cookie") ?? "").split(";")[0]! };
    let hasEnded = false;
    const live = await fetch(`${instance.statusUrl}api/live`, { headers });
    expect(live.status).toBe(200);
    const end = () => {
      hasEnded = true;
    };
    live.text().then(end, end);
    await instance.reload(first!);
    expect((await fetch(`${instance.statusUrl}api/status`, { headers })).status).toBe(200);
    expect(hasEnded).toBe(false);
    await instance.reload(second!);
    await until(() => hasEnded);
    expect((await fetch(`${instance.statusUrl}api/live`, { headers })).status).toBe(401);
    await instance.stop(0);
  });

  test("has the token before the port is open at the first start, and nothing sets a password", async () => {
    const folder = newFolder();
    const text = 'tcp: { a: { listen: "127.0.0.1:0" } }\ndashboard: { listen: "127.0.0.1:0" }';
    const links: string[] = [];
    const onNewToken = (link: string) => links.push(link);
    for (let start = 0; start < 2; start++) {
      const instance = await up(parseConfig(text, "tenk.yaml"), { log: keptLog(), dataFolder: folder, onNewToken });
      const headers = { "x-forwarded-for": "192.0.2.7" };
      expect((await fetch(`${instance.statusUrl}api/status`, { headers })).status).toBe(401);
      for (const path of ["setup", "login", "api/password", "api/token"]) {
        const { status } = await fetch(instance.statusUrl + path, { method: "POST", headers, body: "password=mine" });
        expect([401, 403]).toContain(status);
      }
      const bearer = { authorization: `Bearer ${findToken(folder)}`, ...headers };
      expect((await fetch(`${instance.statusUrl}api/status`, { headers: bearer })).status).toBe(200);
      await instance.stop(0);
    }
    expect(links).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/)]);
  });
});

test("C08 a failure hides its reason from strangers", async () => {
  const { ask, world } = worldOf();
  world.status = () => {
    throw new Error(`cannot read ${TOKEN}`);
  };
  const response = await ask("/api/status", { peer: "127.0.0.1" });
  expect([response.status, await response.text()]).toEqual([500, '{"error":"it failed; the log says why"}\n']);
});

test("C08 no secret is in API, metrics, log, errors and settings", async () => {
  const folder = newFolder();
  const password = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA";
  const text = `tcp: { a: { listen: "127.0.0.1:0" } }\ndashboard: { listen: "127.0.0.1:0", password: "${password}" }`;
  const log = keptLog();
  const loaded = parseConfig(text, "tenk.yaml");
  const instance = await up(loaded, { log, dataFolder: folder });
  const token = findToken(folder)!;
  const entered = await fetch(`${instance.statusUrl}?token=${token}`, { redirect: "manual" });
  const session = /=([\w-]{43});/.exec(entered.headers.get("set-cookie") ?? "")?.[1] ?? "none";
  let told = JSON.stringify([log.lines, effectiveSettings(loaded)]);
  for (const path of [
    "",
    "api/status",
    "api/names",
    "api/log",
    "api/runs",
    "metrics",
    "login",
    `nothing?token=${token}`,
  ]) {
    const response = await fetch(instance.statusUrl + path, { headers: { cookie: `x=${session}` } });
    told += (await response.text()) + JSON.stringify([...response.headers]);
  }
  told += await (await fetch(`${instance.statusUrl}api/series?name=%`)).text();
  await instance.stop(0);
  expect(session).toHaveLength(43);
  for (const secret of [token, password, session]) expect(told).not.toContain(secret);
});

describe("C10 files are private", () => {
  test("the folder 0700, the token 0600, whatever the umask", () => {
    const folder = join(newFolder(), "new", "data");
    const before = process.umask(0);
    const { text, isNew } = openToken(folder, keptLog());
    process.umask(before);
    expect([statSync(folder).mode & 0o777, statSync(join(folder, "token")).mode & 0o777]).toEqual([0o700, 0o600]);
    expect([isNew, text]).toEqual([true, expect.stringMatching(/^[\w-]{43}$/)]);
    expect(openToken(folder, keptLog())).toMatchObject({ text, isNew: false });
    expect(findToken(folder)).toBe(text);
  });

  test.each([0o644, 0o640, 0o604, 0o660])("a token that others could read (%o) is replaced", (mode) => {
    const folder = newFolder();
    const first = openToken(folder, keptLog()).text;
    chmodSync(join(folder, "token"), mode);
    expect(findToken(folder)).toBeUndefined();
    const log = keptLog();
    const second = openToken(folder, log);
    expect(second.text).not.toBe(first);
    expect(statSync(join(folder, "token")).mode & 0o777).toBe(0o600);
    expect(log.lines[0]).toMatchObject([
      "warn",
      "token replaced",
      { why: expect.stringContaining("others could read it") },
    ]);
  });

  test("a folder that others can write into gets no token", () => {
    const folder = newFolder();
    chmodSync(folder, 0o777);
    const log = keptLog();
    expect(openToken(folder, log)).toMatchObject({ isNew: true, file: undefined });
    expect(existsSync(join(folder, "token"))).toBe(false);
    expect(log.lines).toHaveLength(1);
  });
});

test("tenk's hash of a password is accepted, and a short password is rejected", async () => {
  const { ask } = worldOf({ passwordHash: await hashPassword("a long enough word") });
  const form = { method: "POST", headers: { ...FORM, ...OWN_PAGE }, body: "word=a+long+enough+word" };
  expect((await ask("/login", form)).status).toBe(303);
  expect(hashPassword("short")).rejects.toThrow("expected 8 to 1024 characters");
});
