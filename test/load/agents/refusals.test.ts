import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { encodeFrame } from "../../../src/load/agents/frame.ts";
import { type AgentOptions, type AgentPool, planTcp, runAgent, runLoad, tcp } from "../../../src/load/mod.ts";
import { type Connection, connect, listen } from "../../../src/net/mod.ts";
import { lengthPrefixed } from "../../../src/wire/mod.ts";
import { PING, target } from "../servers.ts";
import { AgentProcess, KEY, openPool, selfSigned, until, VERSION } from "./support.ts";

function agentOf(pool: { readonly port: number }, more: Partial<AgentOptions> = {}): AgentOptions {
  return { host: "127.0.0.1", port: pool.port, key: KEY, version: VERSION, name: "a", ...more };
}

/** Somebody who speaks TLS with the port, and has no key. */
function stranger(pool: AgentPool): Promise<Connection<unknown>> {
  return connect({ host: "127.0.0.1", port: pool.port, tls: { verify: false } }, { chunk() {} });
}

describe("an agent", () => {
  test("with a wrong key is refused, counted, and slowed down after some guesses", async () => {
    await using pool = await openPool();
    const wrong = agentOf(pool, { key: "another key, as long as that" });
    for (let tries = 0; tries < 5; tries++) {
      await expect(runAgent(wrong)).rejects.toMatchObject({
        code: "permission-denied",
        message: "The controller refused this agent: the key is wrong",
        hint: expect.stringContaining("TENK_AGENT_KEY"),
      });
    }
    await expect(runAgent({ ...wrong, waitMs: 0 })).rejects.toThrow("too many wrong keys from this address");
    expect(pool.refused).toMatchObject({ key: 5, throttled: 1 });
    expect(pool.names).toEqual([]);
  });

  test("of another version is refused with both", async () => {
    await using pool = await openPool();
    await expect(runAgent(agentOf(pool, { version: "1.2.4 (other)" }))).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining(
        "the agent is tenk 1.2.4 (other), protocol 1; the controller 1.2.3 (test), protocol 1",
      ),
    });
    expect(pool.refused.version).toBe(1);
  });

  test("beyond those that are wanted waits for a place, and takes it", async () => {
    await using pool = await openPool({ wanted: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const running = runAgent(agentOf(pool, { name: "first", signal: first.signal }));
    await pool.arrived();
    const waiting = runAgent(agentOf(pool, { name: "second", signal: second.signal, maxBackoffMs: 20 }));
    await until(() => pool.refused.full > 1);
    first.abort();
    await running;
    await until(() => pool.names[0] === "second");
    second.abort();
    await waiting;
  });

  test("is told apart from another one of the same name", async () => {
    await using pool = await openPool();
    const { signal, ...end } = endable();
    const both = [runAgent(agentOf(pool, { signal })), runAgent(agentOf(pool, { signal }))];
    await pool.arrived();
    expect(pool.names).toEqual(["a", "a #2"]);
    end.now();
    await Promise.all(both);
  });

  test("waits until its controller is there, or gives up when it was told to", async () => {
    const closed = await openPool();
    await closed.close();
    await expect(runAgent(agentOf(closed, { port: closed.port, waitMs: 50, maxBackoffMs: 20 }))).rejects.toMatchObject({
      code: "connect-timeout",
    });
    const { signal, ...end } = endable();
    const { port } = closed;
    const waiting = runAgent(agentOf({ port }, { signal, maxBackoffMs: 20 }));
    await using pool = await openPool({ wanted: 1, port });
    await pool.arrived();
    end.now();
    await waiting;
  });

  test("gives nobody its trust who has a port and a certificate, but no key", async () => {
    const nonce = new Uint8Array(32);
    const framing = lengthPrefixed({ maxBytes: 4096 });
    const say = (connection: Connection<unknown>, message: object) =>
      connection.write(framing.encode(encodeFrame(message)));
    await using rogue = await listen(
      { host: "127.0.0.1", tls: selfSigned },
      {
        framing,
        open: (connection) => say(connection, { kind: "challenge", nonce }),
        frame: (connection) => say(connection, { kind: "welcome", proof: nonce, silentMs: 1000, name: "a" }),
      },
    );
    await expect(runAgent(agentOf(rogue))).rejects.toThrow("What answers is no controller that has this key");
  });

  test("that is silent in a run is lost by name", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    await using pool = await openPool({ wanted: 1, silentMs: 1500 });
    using second = new AgentProcess(pool.port, "b");
    await pool.arrived();
    const plan = planTcp({
      port: echo.server.port,
      connections: 4,
      messages: PING,
      ratePerConnection: 5,
      durationMs: 60_000,
      statsUrl: false,
    });
    const running = runLoad(tcp, plan, { agents: pool });
    await until(() => echo.connections.size === 4);
    second.child.kill("SIGSTOP");
    expect((await running).verdict.reason).toContain("agent b was lost: it was silent for 1.5 s");
  });
});

describe("the controller's port", () => {
  test("says who came when not all did in time", async () => {
    await using pool = await openPool({ timeoutMs: 300 });
    const { signal, ...end } = endable();
    const running = runAgent(agentOf(pool, { name: "pi", signal }));
    await expect(pool.arrived()).rejects.toMatchObject({
      code: "connect-timeout",
      message: expect.stringMatching(/^Only [01] of 2 agents are here: (pi|none) came$/),
    });
    end.now();
    await running;
  });

  test("closes on who sends noise, too much, or nothing, and goes on", async () => {
    await using pool = await openPool({ wanted: 1, joinMs: 300 });
    const framing = lengthPrefixed({ maxBytes: 2 ** 20 });
    const noises: Uint8Array[] = [
      ...Array.from({ length: 40 }, (_, length) => new Uint8Array(randomBytes(length * 20))),
      Uint8Array.of(0xff, 0xff, 0xff, 0xff),
      framing.encode(encodeFrame({ kind: "join", nonce: new Uint8Array(3), proof: new Uint8Array(32) })),
      framing.encode(encodeFrame({ kind: "state", run: 1 })),
      framing.encode(new Uint8Array(5000)),
      new Uint8Array(0),
    ];
    const strangers = await Promise.all(
      noises.map(async (noise) => {
        const connection = await stranger(pool);
        if (noise.length > 0) connection.write(noise);
        return connection;
      }),
    );
    await until(() => strangers.every(({ closed }) => closed));
    const { late, malformed } = pool.refused;
    expect(late).toBeGreaterThan(0);
    expect(malformed).toBeGreaterThan(1);
    const { signal, ...end } = endable();
    const running = runAgent(agentOf(pool, { signal }));
    await pool.arrived();
    end.now();
    await running;
  });
});

function endable(): { signal: AbortSignal; now(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, now: () => controller.abort() };
}
