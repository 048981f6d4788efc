import { describe, expect, test } from "bun:test";
import { listen } from "../../src/net/mod.ts";
import { PING, runAgainst, target } from "./servers.ts";

describe("answers", () => {
  test("are timed from the planned moment, on every connection", async () => {
    // The 20 slow ones of 30 are the last ones: a sample of the first ten would show none of them.
    await using echo = await target((connection, bytes, index) => {
      const copy = bytes.slice();
      if (index < 10) connection.write(copy);
      else setTimeout(() => connection.write(copy), 200);
    });
    const replies = { kind: "length", bytes: 4 } as const;
    const report = await runAgainst(echo, {
      connections: 30,
      ratePerConnection: 10,
      durationMs: 1000,
      replies,
      percentiles: [25],
    });
    const { message, service } = report.latencyUs;
    expect(report.messages.received).toBe(report.messages.sent);
    expect(message.count).toBe(report.messages.sent);
    expect(message.p50).toBeGreaterThan(190_000);
    expect(message.more?.p25).toBeLessThan(100_000);
    expect(service.p50).toBeGreaterThan(190_000);
    expect(report.messages.unanswered).toBe(0);
  });

  test("that never come are named in the verdict, not only as messages dropped behind them", async () => {
    await using sink = await target(() => undefined);
    const report = await runAgainst(sink, {
      connections: 2,
      ratePerConnection: 50,
      durationMs: 200,
      replies: { kind: "chunk" },
      pipeline: 1,
    });
    expect(report.messages).toMatchObject({ sent: 2, received: 0, unanswered: 2 });
    expect(report.verdict.reason).toContain("; no message was answered");
  });

  test("that are awaited hold back the next message, whose latency counts from when it was planned", async () => {
    await using slow = await target((connection, bytes) => {
      const copy = bytes.slice();
      setTimeout(() => connection.write(copy), 50);
    });
    const report = await runAgainst(slow, {
      connections: 1,
      ratePerConnection: 100,
      durationMs: 500,
      replies: { kind: "chunk" },
      pipeline: 1,
      dropAfterMs: 200,
      lateAfterMs: 100,
    });
    const { planned, sent, dropped, late, droppedBy } = report.messages;
    expect(planned).toBe(sent + dropped);
    // One every 50 ms, although one was due every 10 ms.
    expect(sent).toBeLessThanOrEqual(20);
    expect([droppedBy.noReply > 0, droppedBy.old]).toEqual([true, 0]);
    expect(late).toBeGreaterThan(0);
    expect(report.latencyUs.service.p50).toBeLessThan(report.latencyUs.message.p90);
    expect(report.latencyUs.message.p90).toBeGreaterThan(150_000);
    // The server's doing, not the generator's.
    expect(report.generator.saturation.join()).not.toContain("behind");
  });

  test("drive a run without a rate: one request after the other", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    const report = await runAgainst(echo, { connections: 2, replies: { kind: "chunk" }, pipeline: 1, durationMs: 200 });
    expect(report.messages.received).toBeGreaterThan(50);
    expect(report.messages.received).toBe(report.messages.sent);
    expect(report.latencyUs.service.count).toBe(report.messages.received);
  });

  test("end the run when they hold the text that stops it", async () => {
    await using echo = await target((connection) => connection.write("ERR"));
    const messageStop = new TextEncoder().encode("RR");
    const report = await runAgainst(echo, { connections: 2, ratePerConnection: 10, durationMs: 60_000, messageStop });
    expect([report.endedBy, report.verdict.pass]).toEqual(["message-stop", false]);
  });

  test("that never come are counted, and what came unasked as well", async () => {
    await using odd = await target((connection, _, index) => index === 0 && connection.write("12345678"));
    const report = await runAgainst(odd, {
      connections: 2,
      ratePerConnection: 10,
      replies: { kind: "length", bytes: 4 },
      drainMs: 100,
    });
    const { unexpected, unanswered, received } = report.messages;
    expect(unexpected).toBeGreaterThan(0);
    expect(unanswered).toBeGreaterThan(0);
    expect(report.verdict.reason).toContain(`; ${unexpected} of ${received} replies answered no message`);
  });

  test("that too many messages await let the next be dropped: none is given to a younger message", async () => {
    await using slow = await target((connection, bytes) => {
      const copy = bytes.slice();
      setTimeout(() => connection.write(copy), 200);
    });
    const report = await runAgainst(slow, {
      connections: 1,
      ratePerConnection: 100,
      durationMs: 600,
      replies: { kind: "length", bytes: 4 },
      maxOutstanding: 5,
    });
    const { planned, sent, dropped, droppedBy, received, unanswered, unexpected } = report.messages;
    expect(planned).toBe(sent + dropped);
    expect(droppedBy.outstanding).toBe(dropped);
    expect(dropped).toBeGreaterThan(20);
    expect([received, unanswered, unexpected]).toEqual([sent, 0, 0]);
    // Timers may come a millisecond early; the next five messages were 50 ms younger.
    expect(report.latencyUs.service.p50).toBeGreaterThan(195_000);
  });

  test("are counted by the message's length where nothing says what one is", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    const report = await runAgainst(echo, { connections: 3, ratePerConnection: 20 });
    expect(report.messages.received).toBe(report.messages.sent);
    expect(report.latencyUs.firstByte.count).toBe(3);
  });

  test("and sent messages are shown to a tap", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    const seen = { in: 0, out: 0 };
    const tap = {
      in: (_: number, bytes: Uint8Array) => {
        seen.in += bytes.length;
      },
      out: (_: number, bytes: Uint8Array) => {
        seen.out += bytes.length;
      },
    };
    const report = await runAgainst(echo, { connections: 2, ratePerConnection: 20 }, { tap });
    expect(seen).toEqual({ in: report.bytes.received, out: report.bytes.sent });
  });
});

describe("a connection that takes or gives less", () => {
  test("because the server does not read: its messages are dropped and counted, the others' arrive", async () => {
    await using lazy = await target(undefined, {
      open: (connection) => connection.pause(),
    });
    const report = await runAgainst(lazy, {
      connections: 2,
      messages: [{ ...PING[0], text: "x".repeat(100_000) }],
      ratePerConnection: 500,
      durationMs: 400,
      drainMs: 50,
    });
    const { planned, sent, dropped, droppedBy } = report.messages;
    expect(planned).toBe(sent + dropped);
    expect(droppedBy.full).toBeGreaterThan(100);
    expect(report.connections.lost).toBe(0);
  });

  test("because of its upstream bandwidth", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { connections: 2, upstreamBytesPerSecond: 4000, durationMs: 500 });
    // 4000 bytes a second for half a second, each, and what was saved up.
    expect(sink.bytes).toBeGreaterThan(2 * 1200);
    expect(sink.bytes).toBeLessThan(2 * 3200);
    expect(report.messages.sent * 4).toBe(sink.bytes);
  });

  test("and messages that wait for earlier answers are late because of the target, as the verdict says", async () => {
    await using slow = await target((connection, bytes) => {
      const answer = new Uint8Array(bytes);
      setTimeout(() => connection.write(answer), 250);
    });
    const { messages, verdict } = await runAgainst(slow, {
      connections: 1,
      ratePerConnection: 20,
      durationMs: 1000,
      replies: { kind: "chunk" },
      pipeline: 1,
    });
    expect(messages.lateForReply).toBeGreaterThan(0);
    const own = messages.late - messages.lateForReply!;
    const words = `late: ${messages.lateForReply} waited for earlier answers`;
    expect(verdict.reason).toContain(own === 0 ? words : `${words}, ${own} because this generator was behind`);
  });

  test("because of its upstream bandwidth, of which a new connection has its own", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, {
      connections: 1,
      messages: [{ ...PING[0], text: "x".repeat(10_000) }],
      upstreamBytesPerSecond: 1000,
      channelLifetimeMs: 100,
      durationMs: 350,
      drainMs: 50,
    });
    expect(report.connections.opened).toBeGreaterThanOrEqual(3);
    // Each begins with one message, which is ten seconds' worth: some of it leaves, and none whole.
    expect(sink.texts.filter((text) => text.length > 0).length).toBeGreaterThanOrEqual(3);
    expect(report.messages.sent).toBe(0);
    expect(report.messages.dropped).toBeGreaterThanOrEqual(3);
  });

  test("because of its downstream bandwidth, 0 being never", async () => {
    const flood = await listen(
      { host: "127.0.0.1" },
      { open: (connection) => connection.write(new Uint8Array(900_000)) },
    );
    const runs = [20_000, 0].map((downstreamBytesPerSecond) =>
      runAgainst({ server: flood } as Awaited<ReturnType<typeof target>>, {
        connections: 1,
        messages: [],
        downstreamBytesPerSecond,
      }),
    );
    const [slow, never] = await Promise.all(runs);
    await flood.stop({ graceMs: 0 });
    expect(slow!.bytes.received).toBeGreaterThan(0);
    expect(slow!.bytes.received).toBeLessThan(900_000);
    expect(never!.bytes.received).toBe(0);
  });
});
