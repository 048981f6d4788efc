import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Access } from "../../../src/app/admin/access.ts";
import { SessionFile } from "../../../src/app/admin/session-file.ts";
import { type Instance, parseConfig, up } from "../../../src/app/mod.ts";
import { HASH, JSON_BODY, keptLog, newFolder, TOKEN } from "./support.ts";

const DAY = 24 * 3_600_000;
const instances: Instance[] = [];
afterEach(async () => {
  setSystemTime();
  for (const instance of instances.splice(0)) await instance.stop(0);
});

/** A box of a folder, and what a browser that keeps one cookie does with it. */
async function start(folder: string, dashboard: object = {}, log = keptLog()) {
  const config = {
    tcp: { packets: { listen: "127.0.0.1:0" } },
    dashboard: { listen: "127.0.0.1:0", ...dashboard },
    data: { folder, history: false },
  };
  const instance = await up(parseConfig(JSON.stringify(config), "tenk.yaml"), { log, logDefaults: false });
  instances.push(instance);
  const { host, port, origin } = new URL(instance.statusUrl);
  // What was passed on is not this machine's: it needs its session.
  const strange = { "x-forwarded-for": "203.0.113.5" };
  const wordOf = (cookie: string) => cookie.split("=")[1]!;
  return {
    instance,
    log,
    host,
    async logIn(): Promise<string> {
      const token = readFileSync(join(folder, "token"), "utf8").trim();
      const entered = await fetch(`${instance.statusUrl}?token=${token}`, { redirect: "manual", headers: strange });
      return wordOf(entered.headers.get("set-cookie")!.split(";")[0]!);
    },
    async codeOf(word: string): Promise<number> {
      const cookie = `tenk-${port}=${word}`;
      return (await fetch(`${instance.statusUrl}api/status`, { headers: { ...strange, cookie } })).status;
    },
    async logOut(word: string): Promise<void> {
      const headers = { ...strange, ...JSON_BODY, "x-tenk": "1", origin, cookie: `tenk-${port}=${word}` };
      expect((await fetch(`${instance.statusUrl}logout`, { method: "POST", headers, body: "{}" })).status).toBe(200);
    },
    async stop() {
      await instance.stop(0);
    },
  };
}

describe("a session", () => {
  test("survives a restart, and its secret is in no file", async () => {
    const folder = newFolder();
    const before = await start(folder);
    const word = await before.logIn();
    await before.stop();
    const file = join(folder, "sessions");
    expect([statSync(file).mode & 0o777, readFileSync(file, "utf8").includes(word)]).toEqual([0o600, false]);
    expect(readdirSync(folder).toSorted()).toEqual(["sessions", "token"]);
    const after = await start(folder);
    expect(await after.codeOf(word)).toBe(200);
    // Neither its digest nor another word is a way in.
    const { sessions } = JSON.parse(readFileSync(file, "utf8")) as { sessions: { digest: string }[] };
    expect([await after.codeOf(sessions[0]!.digest), await after.codeOf("x".repeat(43))]).toEqual([401, 401]);
  });

  test("that was logged out stays closed, and others stay open", async () => {
    const folder = newFolder();
    const before = await start(folder);
    const [left, kept] = [await before.logIn(), await before.logIn()];
    await before.logOut(left);
    await before.stop();
    const after = await start(folder);
    expect([await after.codeOf(left), await after.codeOf(kept)]).toEqual([401, 200]);
  });

  test.each([
    ["another password", (_: string) => ({ password: HASH })],
    [
      "another token",
      (folder: string) => {
        rmSync(join(folder, "token"));
        return {};
      },
    ],
  ])("ends with %s at a new start, and does not come back with the one before", async (_, change) => {
    const folder = newFolder();
    const before = await start(folder);
    const word = await before.logIn();
    await before.stop();
    const changed = await start(folder, change(folder));
    expect(await changed.codeOf(word)).toBe(401);
    await changed.stop();
    const back = await start(folder);
    expect(await back.codeOf(word)).toBe(401);
  });

  test("ends when a reload changes the password, for good", async () => {
    const folder = newFolder();
    const before = await start(folder);
    const word = await before.logIn();
    const config = { dashboard: { listen: before.host, password: HASH }, data: { folder, history: false } };
    await before.instance.reload(
      parseConfig(JSON.stringify({ tcp: { packets: { listen: "127.0.0.1:0" } }, ...config }), "tenk.yaml"),
    );
    expect(await before.codeOf(word)).toBe(401);
    await before.stop();
    expect(await (await start(folder)).codeOf(word)).toBe(401);
  });
});

describe("the session file", () => {
  const headers = (word: string) => new Headers({ cookie: `tenk-9190=${word}` });
  const client = { address: "192.0.2.7", isLoopback: false, isSecure: false, proxy: "none" } as const;
  const accessOf = (folder: string, log = keptLog()) => {
    const file = new SessionFile(join(folder, "sessions"), log);
    const access = new Access({ token: TOKEN }, { file });
    const begin = () => (access.loginWithToken(client, TOKEN) as { session: string }).session;
    const isIn = (word: string) => access.authenticate(client, headers(word), "tenk-9190", false).by === "session";
    return { access, file, begin, isIn, log };
  };

  test("drops sessions of thirty days, which include days in which nothing ran", async () => {
    const folder = newFolder();
    const { begin, file } = accessOf(folder);
    setSystemTime(new Date("2026-03-01"));
    const old = begin();
    setSystemTime(new Date("2026-03-11"));
    const young = begin();
    await file.settled();
    setSystemTime(new Date(Date.parse("2026-03-01") + 30 * DAY));
    const later = accessOf(folder);
    expect([later.isIn(old), later.isIn(young), later.access.sessions.size]).toEqual([false, true, 1]);
    await later.file.settled();
    expect(JSON.parse(readFileSync(join(folder, "sessions"), "utf8")).sessions).toHaveLength(1);
  });

  test("keeps ages right with a clock that starts in 1970", async () => {
    const folder = newFolder();
    setSystemTime(new Date("2026-03-01"));
    const first = accessOf(folder);
    const word = first.begin();
    await first.file.settled();
    setSystemTime(new Date("1970-01-02"));
    const early = accessOf(folder);
    expect(early.isIn(word)).toBe(true);
    early.begin();
    await early.file.settled();
    setSystemTime(new Date("2026-03-31T00:00:01Z"));
    expect(accessOf(folder).isIn(word)).toBe(false);
  });

  test("keeps the last hundred sessions", async () => {
    const folder = newFolder();
    const { begin, file } = accessOf(folder);
    const words = Array.from({ length: 150 }, begin);
    await file.settled();
    const later = accessOf(folder);
    expect(words.map(later.isIn)).toEqual([...Array(50).fill(false), ...Array(100).fill(true)]);
    expect(statSync(join(folder, "sessions")).size).toBeLessThan(16_384);
  });

  test.each([
    ["that others can read", (file: string) => chmodSync(file, 0o644)],
    [
      "that is a link",
      (file: string) => {
        rmSync(file);
        symlinkSync("/etc/hostname", file);
      },
    ],
    ["that is cut", (file: string) => writeFileSync(file, readFileSync(file, "utf8").slice(0, -20))],
    ["that is none", (file: string) => writeFileSync(file, '{"credentials":1}')],
    ["that is huge", (file: string) => writeFileSync(file, "[".repeat(1_000_000))],
  ])("%s lets nobody in, is logged, and is replaced", async (_, spoil) => {
    const folder = newFolder();
    const first = accessOf(folder);
    const word = first.begin();
    await first.file.settled();
    spoil(join(folder, "sessions"));
    const later = accessOf(folder);
    expect(later.isIn(word)).toBe(false);
    expect(later.log.lines.map(([level, message]) => [level, message])).toEqual([
      ["warn", "sessions not read, everybody logs in again"],
    ]);
    const next = later.begin();
    await later.file.settled();
    expect([statSync(join(folder, "sessions")).mode & 0o777, accessOf(folder).isIn(next)]).toEqual([0o600, true]);
  });

  test("that cannot be written is logged once, and sessions end with the process", async () => {
    const folder = newFolder();
    const { begin, isIn, file, log } = accessOf(join(folder, "gone"));
    const words = [begin(), begin()];
    await file.settled();
    words.push(begin());
    await file.settled();
    expect(words.map(isIn)).toEqual([true, true, true]);
    expect(log.lines.map(([level, message]) => [level, message])).toEqual([
      ["warn", "sessions not kept, they end with the process"],
    ]);
    mkdirSync(join(folder, "gone"));
    words.push(begin());
    await file.settled();
    expect(words.map(accessOf(join(folder, "gone")).isIn)).toEqual([true, true, true, true]);
  });
});
