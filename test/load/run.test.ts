import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { LoadControl, type LoadSnapshot } from "../../src/load/mod.ts";
import { connect } from "../../src/net/mod.ts";
import { freePort } from "../net/support.ts";
import { PING, processTarget, runAgainst, type Target, target } from "./servers.ts";

describe("a run", () => {
  test("sends exactly what was planned, spread evenly, and says what it cost", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { connections: 20, ratePerConnection: 50, durationMs: 400 });
    const { planned, sent, dropped } = report.messages;
    // 20 connections × 50 a second × 0.4 s; each counts from its own opening.
    expect(planned).toBeGreaterThanOrEqual(400);
    expect(sent + dropped).toBe(planned);
    expect(sink.bytes).toBe(4 * sent);
    expect(report.bytes).toEqual({ sent: 4 * sent, received: 0 });
    const each = sink.texts.map((text) => text.length / 4);
    expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
    expect(report.connections).toEqual({
      opened: 20,
      reopened: 0,
      peak: 20,
      held: 20,
      failed: 0,
      lost: 0,
      byCause: {},
    });
    expect(report.latencyUs.connect.count).toBe(20);
    expect(report.latencyUs.send.count).toBe(sent);
    expect(report.latencyUs.message.count).toBe(0);
    expect(report.server).toBeNull();
    expect(report.plan).toMatchObject({ connections: 20, ratePerConnection: 50, durationMs: 400, workers: 1 });
    expect(report.generator.rssBytes).toBeGreaterThan(1e6);
  });

  test("opens connections at their rate, and lets the duration begin when all are open", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { connections: 20, connectRate: 50, ratePerConnection: 10 });
    // 380 ms; less where a busy machine let the first wait, since the others are opened when they are due.
    expect(report.timing.connectMs).toBeGreaterThanOrEqual(200);
    expect(report.timing.sendMs).toBeGreaterThanOrEqual(299);
    // All of the duration, and something of the ramp-up.
    expect(report.messages.planned).toBeGreaterThan(20 * 10 * 0.3);
  });

  test("several workers share connections, rate and counts", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { connections: 7, ratePerConnection: 40, workers: 3, durationMs: 400 });
    expect(report.connections).toMatchObject({ opened: 7, peak: 7, lost: 0 });
    expect(report.messages.sent).toBeGreaterThanOrEqual(7 * 40 * 0.4 - 7);
    expect(sink.bytes).toBe(4 * report.messages.sent);
    expect(report.latencyUs.send.count).toBe(report.messages.sent);
  });

  test("the sending rate counts neither what was sent during the ramp-up nor after the plan, whatever the workers", async () => {
    await using sink = await target();
    for (const workers of [1, 2]) {
      const options = { connections: 10, connectRate: 20, ratePerConnection: 50, durationMs: 300, workers };
      const { messages, timing } = await runAgainst(sink, options);
      const sentWhileSending = (messages.perSecondSent * timing.sendMs) / 1000;
      // 10 connections × 50 a second × 0.3 s, and a tick or two at either end; the ramp-up sent more than a hundred.
      expect(Math.abs(sentWhileSending - 150)).toBeLessThan(75);
      expect(messages.sent).toBeGreaterThan(sentWhileSending + 70);
    }
  });

  test("a total rate is shared by all connections", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { connections: 10, totalRate: 100, durationMs: 500 });
    expect(report.messages.planned).toBeGreaterThanOrEqual(50);
    expect(report.messages.planned).toBeLessThanOrEqual(55);
    expect(report.plan).toMatchObject({ ratePerConnection: 0, totalRate: 100 });
  });

  test("random gaps keep the plan's sum", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { connections: 10, ratePerConnection: 100, shape: "poisson" });
    const { planned, sent, dropped } = report.messages;
    expect(Math.abs(planned - 300)).toBeLessThan(100);
    expect(sent + dropped).toBe(planned);
  });

  test("without a message connections are held", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { connections: 5, messages: [] });
    expect([report.connections.peak, report.messages.planned, report.verdict.pass]).toEqual([5, 0, true]);
    expect(report.verdict.reason).not.toContain("judged");
    const some = await runAgainst(sink, { messages: [], durationMs: 50, expectations: ["connections=1", "lost=0"] });
    expect(some.verdict.reason).toStartWith("every expectation held; not judged: failed=0, late+dropped<=0.1%");
  });

  test("without a rate messages go as fast as they are taken", async () => {
    await using sink = await target();
    const report = await runAgainst(sink, { connections: 2, durationMs: 100 });
    expect(report.messages.sent).toBeGreaterThan(10_000);
    expect(report.messages.planned).toBe(report.messages.sent + report.messages.dropped);
    expect(report.plan.ratePerConnection).toBe(0);
  });

  test("shows itself four times a second, to the end", async () => {
    await using sink = await target();
    const snapshots: LoadSnapshot[] = [];
    const options = { connections: 5, ratePerConnection: 20, durationMs: 1000 };
    const report = await runAgainst(sink, options, { onSnapshot: (snapshot) => snapshots.push(snapshot) });
    expect(snapshots.length).toBeGreaterThanOrEqual(3);
    expect(snapshots[0]).toMatchObject({ phase: "send", connections: { wanted: 5, open: 5, lost: 0 } });
    const last = snapshots.at(-1)!;
    expect([last.phase, last.messages.sent]).toEqual(["done", report.messages.sent]);
    expect(last.elapsedMs).toBeGreaterThanOrEqual(1000);
  });

  test("shows what comes back as its report does, also where answers are not told apart", async () => {
    await using echo = await target((connection, bytes) => connection.write(bytes));
    const messages = [...PING, { kind: "text", text: "hello", first: true, unescape: false }] as const;
    for (const replies of [undefined, { kind: "length", bytes: 4 }] as const) {
      let last: LoadSnapshot | undefined;
      const options = { connections: 2, ratePerConnection: 100, messages, ...(replies ? { replies } : {}) };
      const report = await runAgainst(echo, options, { onSnapshot: (snapshot) => (last = snapshot) });
      expect(report.messages.received).toBeGreaterThan(20);
      expect(last!.messages).toMatchObject({ received: report.messages.received, answersTold: replies !== undefined });
      expect(last!.bytes.received).toBe(report.bytes.received);
    }
  });

  test("ends early by control and by signal, with a full report", async () => {
    await using sink = await target();
    const control = new LoadControl();
    const abort = new AbortController();
    const options = { connections: 2, ratePerConnection: 100, durationMs: 60_000 };
    const first = await runAgainst(sink, options, { control, onSnapshot: () => control.stop() });
    const second = await runAgainst(sink, options, { signal: abort.signal, onSnapshot: () => abort.abort() });
    for (const { endedBy, messages, verdict } of [first, second]) {
      expect([endedBy, messages.planned > 0, messages.planned === messages.sent]).toEqual(["stopped", true, true]);
      expect(verdict).toMatchObject({ pass: false, reason: expect.stringContaining("stopped before its time") });
      // What is late is the machine's.
      expect(verdict.checks.filter(({ expect }) => !expect.startsWith("late")).every(({ pass }) => pass)).toBe(true);
    }
    const stopOnceSent = ({ messages }: LoadSnapshot) => messages.sent > 0 && control.stop();
    const endless = { ...options, durationMs: Number.POSITIVE_INFINITY };
    const { verdict } = await runAgainst(sink, endless, { control, onSnapshot: () => control.stop() });
    expect(verdict.reason).not.toContain("before its time");
    expect(verdict.pass).toBe(verdict.checks.every(({ pass }) => pass));
    const connecting = { ...options, connections: 1000, connectRate: 20 };
    for (const workers of [1, 2]) {
      const { messages, timing } = await runAgainst(
        sink,
        { ...connecting, workers },
        { control, onSnapshot: stopOnceSent },
      );
      expect(messages.sent).toBeGreaterThan(0);
      expect([timing.sendMs, messages.perSecondSent]).toEqual([0, (messages.sent * 1000) / timing.connectMs]);
    }
    const never = await runAgainst(sink, { ...options, connections: 1000, connectRate: 10 }, { signal: abort.signal });
    expect(never.endedBy).toBe("stopped");
  });

  test("changes its rate while it runs", async () => {
    await using sink = await target();
    const control = new LoadControl();
    let calls = 0;
    const onSnapshot = () => {
      calls += 1;
      if (calls === 1) control.scaleRate(10);
    };
    const options = { connections: 1, ratePerConnection: 100, durationMs: 500 };
    const report = await runAgainst(sink, options, { control, onSnapshot });
    expect(control.rateFactor).toBe(10);
    expect(report.messages.planned).toBeGreaterThan(150);
    control.scaleRate(2);
    expect(control.rateFactor).toBe(10);
  });
});

describe("connections", () => {
  test("that are refused are counted by phase and cause", async () => {
    const closed = { server: { port: await freePort() } } as Target;
    const report = await runAgainst(closed, { connections: 5, ratePerConnection: 10 });
    expect(report.connections).toEqual({
      opened: 0,
      reopened: 0,
      peak: 0,
      held: 0,
      failed: 5,
      lost: 0,
      byCause: { "connect ECONNREFUSED": 5 },
    });
    expect([report.endedBy, report.verdict.pass]).toEqual(["no-connections", false]);
    expect(report.verdict.reason).toContain("no connection was left");
  });

  test("that fail in TLS are counted apart from those that fail to connect", async () => {
    await using plain = await target((connection) => connection.close());
    const report = await runAgainst(plain, { connections: 2, tls: true });
    const [[cause = "", count] = []] = Object.entries(report.connections.byCause);
    expect([cause.split(":")[0], count]).toEqual(["TLS handshake failed", 2]);
  });

  test("that the server resets or closes are lost, by cause; the others go on", async () => {
    await using sink = await target((connection, _, index) => {
      if (index < 3) connection.reset();
      else if (index < 5) connection.end();
    });
    const report = await runAgainst(sink, { connections: 20, ratePerConnection: 20, durationMs: 400 });
    expect(report.connections).toEqual({
      opened: 20,
      reopened: 0,
      peak: 20,
      held: 15,
      failed: 0,
      lost: 5,
      byCause: { "established reset": 3, "established peer": 2 },
    });
    expect(report.endedBy).toBeNull();
    expect(report.messages.planned).toBe(report.messages.sent + report.messages.dropped);
    expect(report.verdict.checks).toContainEqual({ expect: "lost=0", got: "5", pass: false });
    expect(report.verdict.pass).toBe(false);
  });

  test("that are all lost end the run before its time", async () => {
    await using sink = await target((connection) => connection.reset());
    const report = await runAgainst(sink, { connections: 5, ratePerConnection: 100, durationMs: 60_000 });
    expect([report.endedBy, report.connections.lost]).toEqual(["no-connections", 5]);
  });

  test("that a killed server leaves behind are counted, and the report is made all the same", async () => {
    await using killed = await processTarget();
    let calls = 0;
    const onSnapshot = () => {
      calls += 1;
      if (calls === 2) killed.kill();
    };
    const options = { connections: 50, ratePerConnection: 20, durationMs: 60_000 };
    const report = await runAgainst(killed as unknown as Target, options, { onSnapshot });
    const { opened, lost, byCause } = report.connections;
    expect([opened, lost, report.endedBy, report.verdict.pass]).toEqual([50, 50, "no-connections", false]);
    expect(Object.keys(byCause).every((cause) => /^established (peer|reset)$/.test(cause))).toBe(true);
    expect(report.messages.planned).toBe(report.messages.sent + report.messages.dropped);
  });

  test("that are lost come back where that is wanted", async () => {
    await using sink = await target((connection, _, index) => index < 3 && connection.reset());
    const report = await runAgainst(sink, { connections: 3, ratePerConnection: 50, reconnect: true });
    expect(report.connections).toMatchObject({ opened: 6, reopened: 3, peak: 3, held: 3, lost: 3 });
  });

  test("live for their lifetime and are opened again, with a uid of their own", async () => {
    await using sink = await target();
    const messages = [{ kind: "text", text: "<\\{connection.uid}>", first: true, unescape: false }] as const;
    const report = await runAgainst(sink, { connections: 3, channelLifetimeMs: 100, durationMs: 800, messages });
    expect(report.connections.opened).toBeGreaterThanOrEqual(9);
    expect(report.connections).toMatchObject({ peak: 3, lost: 0 });
    // Those that were under way when the run ended have said nothing.
    const uids = sink.texts.filter((text) => text !== "");
    expect(uids.length).toBeGreaterThanOrEqual(report.connections.opened - 3);
    expect(new Set(uids).size).toBe(uids.length);
  });

  test("have a uid of their own also where some are opened again before the last is opened at all", async () => {
    await using sink = await target();
    const messages = [{ kind: "text", text: "<\\{connection.uid}>", first: true, unescape: false }] as const;
    const options = { connections: 12, connectRate: 60, channelLifetimeMs: 50, durationMs: 100, messages };
    const report = await runAgainst(sink, options);
    expect(report.connections.opened).toBeGreaterThan(12);
    // Those that were under way when the run ended have said nothing.
    const uids = sink.texts.filter((text) => text !== "");
    expect(uids.length).toBeGreaterThanOrEqual(report.connections.opened - 3);
    expect(new Set(uids).size).toBe(uids.length);
  });

  test("that were retired are closed at the end, whether the server has closed them or not", async () => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket.on("error", () => {}).resume());
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const report = await runAgainst({ server: { port } } as Target, {
      connections: 2,
      channelLifetimeMs: 100,
      durationMs: 1000,
      messages: [],
    });
    expect(report.connections.opened).toBeGreaterThanOrEqual(4);
    // What is written to a closed connection is answered with a reset; one still open would take it.
    // One whose connect was under way at the end has been reset by now.
    const open = sockets.filter((socket) => !socket.closed);
    const closed = open.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of open) socket.write("still there?");
    await Promise.all(closed);
    server.close();
  });

  test("come from the given addresses in turn", async () => {
    const seen: string[] = [];
    await using sink = await target(undefined, { open: (connection) => seen.push(connection.remoteAddress) });
    await runAgainst(sink, { connections: 4, sourceAddresses: ["127.0.0.2", "127.0.0.3"], messages: [] });
    expect(seen.toSorted()).toEqual(["127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3"]);
  });

  test("are silent for their delay, and send their first message once", async () => {
    await using sink = await target();
    const messages = [...PING, { kind: "text", text: "hello ", first: true, unescape: false }] as const;
    const report = await runAgainst(sink, {
      connections: 2,
      messages,
      ratePerConnection: 100,
      delaySendMs: 200,
      durationMs: 400,
    });
    for (const text of sink.texts) expect(text).toMatch(/^hello (ping)+$/);
    expect(report.messages.planned).toBeLessThan(2 * 100 * 0.3);
    expect(sink.bytes).toBe(4 * report.messages.sent + 2 * 6);
  });
});

test("the server is still well after all this", async () => {
  await using echo = await target((connection, bytes) => connection.write(bytes));
  const { promise, resolve } = Promise.withResolvers<number>();
  const connection = await connect({ port: echo.server.port }, { chunk: (_, bytes) => resolve(bytes.length) });
  connection.write("well");
  expect(await promise).toBe(4);
  connection.close();
});
