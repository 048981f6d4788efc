import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { LoadControl, type LoadSnapshot } from "../../src/load/mod.ts";
import { listen } from "../../src/net/mod.ts";
import { freePort } from "../net/support.ts";
import { runAgainst, type Target, target } from "./servers.ts";

const LENGTH = { kind: "length", bytes: 4 } as const;

/** Echoes on all connections but one in ten. */
function holed(): Promise<Target> {
  return target((connection, bytes, index) => void (index % 10 !== 9 && connection.write(bytes)));
}

describe("messages that never end count in the latencies", () => {
  test("in percentiles and verdict: one connection in ten is never answered", async () => {
    await using server = await holed();
    const plan = { connections: 20, ratePerConnection: 20, durationMs: 500, drainMs: 300, replies: LENGTH };
    const { messages, latencyUs, verdict } = await runAgainst(server, plan);
    expect(messages.unanswered).toBeGreaterThanOrEqual(18);
    expect(messages.sent).toBe(messages.answered + messages.unanswered);
    const { message, service } = latencyUs;
    expect(message.p99).toBeGreaterThanOrEqual(300_000);
    expect(message.p99).toBeGreaterThanOrEqual(message.atLeast!.fromUs);
    expect([message.count, message.atLeast!.count]).toEqual([messages.planned, messages.unanswered + messages.dropped]);
    expect(service.p99).toBeGreaterThanOrEqual(300_000);
    expect(verdict.checks).toContainEqual({ expect: "unanswered=0", got: String(messages.unanswered), pass: false });
    expect(verdict.pass).toBe(false);
  });

  test("and shows no latency to be below anything", async () => {
    await using server = await holed();
    const expectations = ["p50<10s", "p99<100s", "p99>1ms"];
    const plan = { connections: 10, ratePerConnection: 20, drainMs: 200, replies: LENGTH, expectations, workers: 2 };
    const { verdict } = await runAgainst(server, plan);
    expect(verdict.checks.map(({ pass }) => pass)).toEqual([true, false, true]);
    expect(verdict.checks[1]!.got).toStartWith("at least ");
    expect(verdict.reason).toContain("does not hold: p99<100s");
  });

  test.each([1, 2])("while the run goes on, too, in all of it and in each second: %p event loops", async (workers) => {
    await using server = await holed();
    const seen: LoadSnapshot[] = [];
    const plan = { connections: 20, ratePerConnection: 20, durationMs: 1800, drainMs: 250, replies: LENGTH, workers };
    await runAgainst(server, plan, { onSnapshot: (snapshot) => seen.push(snapshot) });
    const sending = seen.filter(({ phase }) => phase === "send").at(-1)!;
    expect(sending.latencyUs.p99).toBeGreaterThan(250_000);
    expect(sending.lastSecondUs.p99).toBeGreaterThan(250_000);
    expect(sending.messages.unanswered).toBeGreaterThan(0);
  });

  test("in the delays of a run against a sink, where a dropped message has waited for a known time", async () => {
    await using server = await target((connection, _, index) => void (index % 2 === 0 && connection.reset()));
    const seen: LoadSnapshot[] = [];
    const plan = { connections: 10, ratePerConnection: 20, durationMs: 1500, drainMs: 200 };
    await runAgainst(server, plan, { onSnapshot: (snapshot) => seen.push(snapshot) });
    const sending = seen.filter(({ phase }) => phase === "send").at(-1)!;
    expect(sending.lastSecondUs.delayP99).toBeGreaterThan(200_000);
  });

  test("where connections are lost or were never opened: their planned messages are dropped", async () => {
    let accepted = 0;
    await using server = await target(undefined, {
      open: (connection) => {
        accepted += 1;
        if (accepted % 2 === 0) connection.reset();
      },
    });
    const plan = { connections: 10, ratePerConnection: 50, durationMs: 400 };
    const { messages, latencyUs, verdict } = await runAgainst(server, plan);
    // Ten connections have a plan, although only half of them are there.
    expect(messages.planned).toBeGreaterThanOrEqual(180);
    expect(messages.droppedBy.closed).toBeGreaterThan(70);
    expect(latencyUs.send.count).toBe(messages.planned);
    expect(latencyUs.send.p90).toBeGreaterThan(400_000);
    expect(verdict.checks).toContainEqual(expect.objectContaining({ expect: "late+dropped<=0.1%", pass: false }));
  });

  test("of connects: those that failed count as long as the run", async () => {
    const closed = await target();
    await closed.server.stop({ graceMs: 0 });
    const { latencyUs } = await runAgainst(closed, { connections: 5, messages: [], drainMs: 100 });
    expect(latencyUs.connect).toMatchObject({ count: 5, atLeast: { count: 5 } });
    expect(latencyUs.connect.p50).toBeGreaterThanOrEqual(99_000);
  });
});

test("a connect that is tried again has taken from its first try on", async () => {
  const port = await freePort();
  const late = { server: { port } } as Target;
  const running = runAgainst(late, { connections: 2, messages: [], reconnect: true, durationMs: 2000 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await using _server = await listen({ host: "127.0.0.1", port }, {});
  const { connections, latencyUs } = await running;
  expect(connections).toMatchObject({ opened: 2, reopened: 2, failed: 2, held: 2 });
  expect([latencyUs.connect.count, latencyUs.connect.atLeast]).toEqual([2, undefined]);
  expect(latencyUs.connect.p50).toBeGreaterThanOrEqual(990_000);
});

test("a connect that is given up as the run is stopped was not measured", async () => {
  await using mute = await target();
  const control = new LoadControl();
  const onSnapshot = () => control.stop();
  // It takes connections, and never answers a handshake.
  const { connections, latencyUs } = await runAgainst(
    mute,
    { tls: true, connectTimeoutMs: 5000 },
    { control, onSnapshot },
  );
  expect([connections.opened, connections.failed, latencyUs.connect.count]).toEqual([0, 0, 0]);
});

test("a first byte that never came weighs where any came, and not where none is owed", async () => {
  await using some = await target(undefined, {
    open: (connection) => void (some.connections.size % 2 === 0 && connection.write("220 ready\n")),
  });
  const plan = { connections: 4, messages: [], durationMs: 300 };
  const { firstByte } = (await runAgainst(some, plan)).latencyUs;
  expect(firstByte).toMatchObject({ count: 4, atLeast: { count: 2 } });
  expect(firstByte.p90).toBeGreaterThan(250_000);
  await using sink = await target();
  expect((await runAgainst(sink, plan)).latencyUs.firstByte.count).toBe(0);
});

describe("replies that nothing asked for", () => {
  test("are counted, reported, and fail the run", async () => {
    await using server = await target((connection, bytes) => {
      for (let times = 0; times < 3; times++) connection.write(bytes);
    });
    const { messages, verdict } = await runAgainst(server, { ratePerConnection: 20, replies: LENGTH });
    expect(messages.answered).toBe(messages.sent);
    expect([messages.received, messages.unexpected]).toEqual([3 * messages.sent, 2 * messages.sent]);
    expect(verdict.checks).toContainEqual({ expect: "unexpected=0", got: String(messages.unexpected), pass: false });
    expect(verdict.reason).toContain(`; ${messages.unexpected} of ${messages.received} replies answered no message`);
  });

  test("are not taken for answers to messages that have not left", async () => {
    await using server = await target(undefined, {
      open: (connection) => {
        connection.pause();
        // The first message is due after 100 ms, and waits by then.
        setTimeout(() => connection.write("12345678"), 250);
      },
    });
    const messages = [{ kind: "file-bytes", bytes: new Uint8Array(9_000_000), first: false, unescape: false }] as const;
    const plan = {
      messages,
      ratePerConnection: 5,
      durationMs: 500,
      sendBufferBytes: 65_536,
      drainMs: 100,
      replies: LENGTH,
    };
    const report = await runAgainst(server, plan);
    expect(report.messages).toMatchObject({ sent: 0, answered: 0, unexpected: 2, unanswered: 0 });
  });
});

describe("a server that is frozen", () => {
  const program = `const server = require("node:net").createServer((socket) => socket.pipe(socket).on("error", () => {}));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

  test("is what failed: no reply came, no connection closed, and the generator was not the limit", async () => {
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [said] = (await once(child.stdout, "data")) as [Buffer];
      const frozen = { server: { port: Number(said.toString()) } } as Target;
      const onSnapshot = ({ messages }: LoadSnapshot) => void (messages.received > 0 && child.kill("SIGSTOP"));
      const plan = { connections: 10, ratePerConnection: 50, durationMs: 1500, drainMs: 200, pipeline: 1 };
      const report = await runAgainst(frozen, { ...plan, replies: { kind: "chunk" } }, { onSnapshot });
      const { droppedBy, dropped, unanswered } = report.messages;
      expect([droppedBy.noReply, droppedBy.closed, unanswered]).toEqual([dropped, 0, 10]);
      expect(dropped).toBeGreaterThan(100);
      expect(report.generator.saturation).toEqual([]);
      expect(report.verdict.reason).toStartWith("does not hold: late+dropped<=0.1%, unanswered=0");
    } finally {
      child.kill("SIGKILL");
    }
  });
});
