import { describe, expect, test } from "bun:test";
import { BEARER, JSON_BODY, OWN_PAGE, sessionOf, worldOf } from "./support.ts";

const LEAVE = { method: "POST", body: "{}" };

describe("logging out", () => {
  test("ends the session, its cookie and its streams; others keep theirs", async () => {
    const { ask, world, access } = worldOf();
    const [cookie, other] = [await sessionOf(ask), await sessionOf(ask)];
    const streams = await Promise.all([cookie, other].map((each) => ask("/api/live", { headers: { cookie: each } })));
    const program = await ask("/api/live", { headers: BEARER });
    expect(world.live.size).toBe(3);
    const left = await ask("/logout", { ...LEAVE, headers: { ...OWN_PAGE, ...JSON_BODY, cookie } });
    expect([left.status, left.headers.get("set-cookie")]).toEqual([
      200,
      "tenk-9190=; HttpOnly; SameSite=Strict; Max-Age=0",
    ]);
    expect((await ask("/api/status", { headers: { cookie } })).status).toBe(401);
    expect((await ask("/api/status", { headers: { cookie: other } })).status).toBe(200);
    expect([world.live.size, access.sessions.size]).toEqual([2, 1]);
    expect(await streams[0]!.text().catch((error: Error) => error.message)).toContain("stopping");
    for (const stream of [streams[1]!, program]) await stream.body!.cancel();
    expect(world.live.size).toBe(0);
  });

  test.each([
    ["without our header", { origin: OWN_PAGE.origin, "sec-fetch-site": "same-origin" }],
    ["from another origin", { ...OWN_PAGE, origin: "http://evil.example" }],
    ["from another site", { ...OWN_PAGE, "sec-fetch-site": "cross-site" }],
    ["from nowhere", { "x-tenk": "1" }],
  ])("is asked as for every change: not %s", async (_, headers) => {
    const { ask, access } = worldOf();
    const cookie = await sessionOf(ask);
    const answer = await ask("/logout", { ...LEAVE, headers: { ...JSON_BODY, ...headers, cookie } });
    expect([answer.status, answer.headers.get("set-cookie"), access.sessions.size]).toEqual([403, null, 1]);
  });

  test("needs a session: strangers are rejected, and loopback has nothing to end", async () => {
    const { ask } = worldOf();
    expect((await ask("/logout", { ...LEAVE, headers: OWN_PAGE })).status).toBe(401);
    expect((await ask("/logout")).status).toBe(401);
    expect((await ask("/logout", { ...LEAVE, peer: "127.0.0.1", headers: OWN_PAGE })).status).toBe(403);
    expect(await (await ask("/logout", { peer: "127.0.0.1" })).json()).toEqual({ session: false });
    expect(await (await ask("/logout", { headers: { cookie: await sessionOf(ask) } })).json()).toEqual({
      session: true,
    });
  });

  test("is not the only end: the oldest of too many sessions ends with its streams too", async () => {
    const { ask, world, access } = worldOf();
    const cookie = await sessionOf(ask);
    await ask("/api/live", { headers: { cookie } });
    for (let index = 0; index < access.sessions.max; index++) access.sessions.begin(world.nowMs);
    expect(world.live.size).toBe(0);
  });
});
