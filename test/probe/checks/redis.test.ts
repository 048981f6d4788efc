import { describe, expect, test } from "bun:test";
import { Client, until } from "../../net/support.ts";
import { needs, RealServer } from "./servers.ts";

const PROGRAM = "/usr/bin/redis-server";
/** `TENK_PROBES=500` is the count of the release's check. */
const PROBES = Number(process.env.TENK_PROBES ?? 25);
const start = (...more: string[]) =>
  RealServer.start(PROGRAM, (port, folder) => ["--port", `${port}`, "--dir", folder, "--save", "", ...more]);

describe("a real Redis", () => {
  if (!needs(PROGRAM, "redis-server")) return;

  test("is up as a master, without a line in its log however often it is asked", async () => {
    await using server = await start("--protected-mode", "no");
    expect(await server.started({ kind: "redis" })).toMatchObject({ result: "up", facts: { role: "master" } });
    await server.logs("Ready to accept connections");
    const before = server.lines();
    for (let count = 0; count < PROBES; count++) {
      expect(await server.probe({ kind: "redis", localAddress: "127.0.0.2" })).toMatchObject({ result: "up" });
    }
    expect(server.lines()).toBe(before);
  });

  test("with a password is up for those who have it, and up but closed to others", async () => {
    await using server = await start("--requirepass", "secret");
    const reasons = [];
    expect(await server.started({ kind: "redis" })).toMatchObject({
      result: "restricted",
      reason: expect.stringMatching("wants a password: give the probe"),
    });
    for (const password of ["secret", "wrong"]) {
      const outcome = await server.probe({ kind: "redis", password });
      reasons.push("reason" in outcome ? outcome.reason : undefined);
    }
    expect(reasons).toEqual([undefined, expect.stringMatching("does not accept the probe's login")]);
  });

  test("that lost its master is degraded", async () => {
    await using alone = await start("--replicaof", "127.0.0.1", "1");
    expect(await alone.started({ kind: "redis" })).toMatchObject({
      result: "degraded",
      reason: expect.stringMatching("is a replica without its master"),
      facts: { role: "replica" },
    });
  });

  test("in protected mode is up, and refuses other addresses than its own", async () => {
    await using server = await start();
    await server.started({ kind: "redis" });
    expect(await server.probe({ kind: "redis", localAddress: "127.0.0.2" })).toMatchObject({
      result: "restricted",
      reason: expect.stringMatching("refuses this machine's address: set `bind` and a password"),
    });
  });

  test("that takes no more clients is degraded, and one that has stopped is down", async () => {
    const server = await start("--maxclients", "1");
    const kept = new Client(server.port);
    try {
      await until(() => {
        if (kept.errorCode !== undefined) kept.socket.connect(server.port, "127.0.0.1");
        kept.errorCode = undefined;
        return kept.socket.readyState === "open";
      });
      const full = { result: "degraded", reason: expect.stringMatching("takes no more clients: raise maxclients") };
      expect(await server.started({ kind: "redis" })).toMatchObject(full);
    } finally {
      kept.socket.destroy();
      await server[Symbol.asyncDispose]();
    }
    expect(await server.probe({ kind: "redis" })).toMatchObject({
      result: "down",
      reason: expect.stringMatching("nothing listens"),
    });
  });
});
