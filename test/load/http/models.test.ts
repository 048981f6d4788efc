import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { rawServer, runHttp } from "./support.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const STALL_MS = 400;

/** A server that answers at once, but stops for a while when it has answered so many. */
async function stalling(after: number) {
  let count = 0;
  let waiting: Socket[] | undefined;
  return rawServer((socket) => {
    count += 1;
    if (count === after) {
      waiting = [];
      setTimeout(() => {
        for (const each of waiting ?? []) each.write(OK);
        waiting = undefined;
      }, STALL_MS);
    }
    if (waiting === undefined) socket.write(OK);
    else waiting.push(socket);
  });
}

describe("while the server stalls", () => {
  test("the open model counts the wait of every planned request, and says what the service time hides", async () => {
    await using server = await stalling(100);
    const { protocol, messages, latencyUs } = await runHttp(server.url, {
      connections: 2,
      totalRate: 200,
      durationMs: 1500,
    });
    expect(protocol).toMatchObject({ model: "open", status: { 200: messages.sent }, errors: 0 });
    expect(messages).toMatchObject({ planned: 300, sent: 300, answered: 300, dropped: 0 });
    expect(latencyUs.message.count).toBe(300);
    // Eighty requests were planned within the stall: a quarter of all. Only two were sent in it.
    expect(latencyUs.message.p90).toBeGreaterThan((STALL_MS * 1000) / 4);
    expect(latencyUs.service.p90).toBeLessThan(latencyUs.message.p90);
    expect(latencyUs.service.max).toBeGreaterThan(STALL_MS * 900);
    // They were late because answers were awaited, and not because the generator was behind.
    expect(messages.late).toBeGreaterThan(0);
    expect(messages.lateForReply).toBeGreaterThanOrEqual(messages.late / 2);
  });

  test("the closed model asks for less", async () => {
    await using server = await stalling(100);
    const { protocol, latencyUs, messages } = await runHttp(server.url, { connections: 2, durationMs: 1000 });
    expect(protocol.model).toBe("closed");
    expect(latencyUs.message.p90).toBe(latencyUs.service.p90);
    expect(messages.answered).toBe(messages.planned);
  });
});

test("a closed run whose generator uses all of its core says that it was the limit", async () => {
  // The server answers at once, on the generator's own event loop: no other limit is left, however busy the machine is.
  await using server = await rawServer((socket) => void socket.write(OK));
  const { generator, verdict } = await runHttp(server.url, { connections: 64, durationMs: 600 });
  expect(generator.saturated).toBe(true);
  expect(generator.saturation.join()).toMatch(/^(CPU \d+% of a core|every core of this machine busy)/);
  expect(verdict.reason).toContain(`the generator was the limit (${generator.saturation.join(", ")})`);
});

describe("the open model", () => {
  test.each([1, 2])("sends exactly as many requests as were planned, over %d event loops", async (workers) => {
    await using server = await rawServer((socket) => void socket.write(OK));
    const { messages } = await runHttp(server.url, { connections: 4, totalRate: 300, durationMs: 500, workers });
    // Each event loop plans its half, to within one.
    expect(Math.abs(messages.planned - 150)).toBeLessThanOrEqual(workers);
    expect([messages.sent, messages.answered]).toEqual([messages.planned, server.seen.requests]);
  });

  test("gives a request to a connection that is free while another is stuck", async () => {
    let stuck: Socket | undefined;
    await using server = await rawServer((socket) => {
      stuck ??= socket;
      if (socket !== stuck) socket.write(OK);
    });
    const options = { connections: 3, totalRate: 100, durationMs: 600, timeoutMs: 2000 };
    const { protocol, messages } = await runHttp(server.url, options);
    // One request is stuck, with its connection; the others have two.
    expect(protocol).toMatchObject({ errors: 1, errorsBy: { "first byte timeout": 1 }, status: { 200: 59 } });
    expect(messages).toMatchObject({ planned: 60, sent: 60, dropped: 0 });
  });

  test("drops what waited too long for a free connection, and blames the server", async () => {
    await using server = await rawServer((socket) => void setTimeout(() => socket.write(OK), 100));
    const options = { connections: 1, totalRate: 200, durationMs: 800, dropAfterMs: 200 };
    const { messages, generator, verdict } = await runHttp(server.url, options);
    const { planned, sent, dropped, droppedBy } = messages;
    expect(sent + dropped).toBe(planned);
    expect(dropped).toBeGreaterThan(planned / 2);
    expect(droppedBy).toMatchObject({ noReply: dropped, old: 0 });
    expect(generator.saturated).toBe(false);
    expect(verdict.pass).toBe(false);
  });

  test("follows a shape, whose rates are requests a second in all", async () => {
    await using server = await rawServer((socket) => void socket.write(OK));
    const { messages, plan } = await runHttp(server.url, { connections: 5, shape: "steps:100,300", durationMs: 500 });
    expect(messages.planned).toBe(100);
    expect(plan).toMatchObject({ totalRate: 300, ratePerConnection: 0, shape: "steps:100,300" });
  });
});
