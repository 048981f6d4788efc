import { afterAll, describe, expect, test } from "bun:test";
import { findLimit, LoadControl, planTcp, type Report, runLoad, type TcpOptions, tcp } from "../../../src/load/mod.ts";
import { PING, target } from "../servers.ts";
import { AgentProcess, openPool, until } from "./support.ts";

function plan(port: number, more: Partial<TcpOptions> = {}) {
  return planTcp({
    port,
    connections: 10,
    connectRate: 1000,
    ratePerConnection: 20,
    durationMs: 1000,
    messages: PING,
    replies: { kind: "length", bytes: 4 },
    statsUrl: false,
    // However busy the machine is.
    expectations: ["failed=0", "lost=0", "unanswered=0"],
    dropAfterMs: 60_000,
    drainMs: 30_000,
    ...more,
  });
}

/** Adds a number of each agent's report up. */
function sum(report: Report, of: (agent: NonNullable<Report["agents"]>["each"][number]) => number): number {
  return report.agents!.each.reduce((total, agent) => total + of(agent), 0);
}

const pool = await openPool({ wanted: 3 });
const [first, second, third] = ["a", "pi-2", "c"].map((name) => new AgentProcess(pool.port, name));
afterAll(async () => {
  await pool.close();
  for (const agent of [first!, second!, third!]) agent[Symbol.dispose]();
});

describe("a run on several agents", () => {
  test("does the plan exactly, and its report is the sum of theirs and of what the target counted", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    await pool.arrived();
    const report = await runLoad(tcp, plan(echo.server.port), { agents: pool });
    expect(report.verdict).toMatchObject({ pass: true });
    expect(report.agents?.each.map(({ name, connections }) => [name, connections.opened])).toEqual([
      ["a", 4],
      ["c", 3],
      ["pi-2", 3],
    ]);
    expect(report.connections).toMatchObject({ opened: 10, peak: 10, held: 10, failed: 0, lost: 0 });
    expect(report.messages.answered).toBe(report.messages.sent);
    expect(echo.bytes).toBe(4 * report.messages.sent);
    for (const name of ["planned", "sent", "answered", "received", "dropped", "late"] as const) {
      expect(sum(report, ({ messages }) => messages[name])).toBe(report.messages[name]);
    }
    expect(sum(report, ({ bytes }) => bytes.sent)).toBe(report.bytes.sent);
    expect(sum(report, ({ latencyUs }) => latencyUs.message.count)).toBe(report.latencyUs.message.count);
    expect(Math.max(...report.agents!.each.map(({ latencyUs }) => latencyUs.message.max))).toBe(
      report.latencyUs.message.max,
    );
    expect(report.agents!.startedWithinUs).toBeGreaterThan(0);
  });

  test("goes on for one run after the other, and tells how each stands", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    const phases = new Set<string>();
    const onSnapshot = ({ phase }: { phase: string }) => phases.add(phase);
    const options = { agents: pool, onSnapshot };
    const first = await runLoad(tcp, plan(echo.server.port, { durationMs: 600 }), options);
    const second = await runLoad(tcp, plan(echo.server.port, { durationMs: 300, workers: 2 }), options);
    expect([first.verdict.pass, second.verdict.pass]).toEqual([true, true]);
    expect([first.plan.workers, second.plan.workers]).toEqual([1, 2]);
    expect([...phases]).toContain("send");
  });

  test("is repeated at more and more load by a search for the limit", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    const options = { agents: pool, maxSteps: 2, pauseMs: 0 };
    const { limit, agents } = await findLimit(tcp, plan(echo.server.port, { durationMs: 300 }), options);
    expect(limit).toMatchObject({ vary: "rate", knee: 40, curve: [{ value: 20 }, { value: 40 }] });
    expect(agents?.each.map(({ name }) => name)).toEqual(["a", "c", "pi-2"]);
  });

  test("cannot be prepared where a machine cannot do its part, which is named", async () => {
    const run = runLoad(tcp, plan(1, { sourceAddresses: ["192.0.2.7"] }), { agents: pool });
    await expect(run).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/^Agent [\w-]+: .*192\.0\.2\.7 is not one of this machine/),
    });
    expect(runLoad(tcp, plan(1, { connections: 1 }), { agents: pool })).rejects.toThrow(
      /3 agents .* share 1 connections/,
    );
  });

  test("that is stopped by its controller stops on all", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    const control = new LoadControl();
    const running = runLoad(tcp, plan(echo.server.port, { durationMs: 60_000 }), { agents: pool, control });
    await until(() => echo.connections.size === 10);
    control.stop();
    expect(await running).toMatchObject({ endedBy: "stopped" });
    expect(echo.connections.size).toBe(0);
  });

  test("fails by the name of an agent that its user stops", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    const running = runLoad(tcp, plan(echo.server.port, { durationMs: 60_000 }), { agents: pool });
    await until(() => echo.connections.size === 10);
    third!.child.kill("SIGTERM");
    expect((await running).verdict.reason).toContain("agent c was lost: it was stopped there");
    await third!.exitCode;
    await expect(runLoad(tcp, plan(echo.server.port), { agents: pool })).rejects.toThrow("Only 2 of 3 agents are here");
  });

  test("fails by the name of an agent that is killed, with what was measured by then", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    using _ = new AgentProcess(pool.port, "d");
    await pool.arrived();
    const running = runLoad(tcp, plan(echo.server.port, { durationMs: 60_000 }), { agents: pool });
    await until(() => echo.bytes > 400 && echo.connections.size === 10);
    second!.child.kill("SIGKILL");
    const report = await running;
    expect(report).toMatchObject({ endedBy: "agent-lost", verdict: { pass: false } });
    expect(report.verdict.reason).toMatch(/agent pi-2 was lost: its connection (was closed|ended)/);
    expect(report.agents?.each.map(({ lost }) => lost !== null)).toEqual([false, false, true]);
    expect(report.messages.sent).toBeGreaterThan(0);
    await pool.close();
    expect(await first!.exitCode).toBe(0);
  });
});
