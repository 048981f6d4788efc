import { expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { runLoad } from "../../src/load/run.ts";
import { datagrams, planDatagrams } from "./datagram-protocol.ts";

/** A UDP server that answers each datagram with itself, but for every `silentEach`th. */
async function echo(silentEach = Number.POSITIVE_INFINITY) {
  const socket = createSocket("udp4");
  const seen = { datagrams: 0, answers: 0, senders: new Set<number>(), texts: new Set<string>() };
  socket.on("message", (bytes, { port, address }) => {
    seen.datagrams += 1;
    seen.senders.add(port);
    seen.texts.add(bytes.toString());
    if (seen.datagrams % silentEach === 0) return;
    seen.answers += 1;
    socket.send(bytes, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { seen, port: socket.address().port, [Symbol.dispose]: () => void socket.close() };
}

test.each([1, 2])("a protocol that is not TCP runs through the same loop: %d event loops", async (workers) => {
  using server = await echo();
  const options = {
    port: server.port,
    connections: 4,
    connectRate: Number.POSITIVE_INFINITY,
    statsUrl: false,
  } as const;
  const report = await runLoad(
    datagrams,
    planDatagrams({ ...options, ratePerConnection: 20, durationMs: 500, workers, expectations: ["answered=sent"] }),
  );
  expect(report.kind).toBe("datagram");
  expect(report.connections).toMatchObject({ opened: 4, peak: 4, held: 4, failed: 0, lost: 0 });
  // At least the plan's own; a few more are sent while connections open.
  const { sent } = report.messages;
  expect(sent).toBeGreaterThanOrEqual(40);
  expect(report.messages).toMatchObject({ planned: sent, answered: sent, unanswered: 0, unexpected: 0, dropped: 0 });
  expect(report.bytes).toEqual({ sent: sent * 5, received: sent * 5 });
  expect(report.latencyUs.message.count).toBe(sent);
  expect(server.seen).toMatchObject({ datagrams: sent, answers: sent, texts: new Set(["query"]) });
  expect(server.seen.senders.size).toBe(4);
  expect(report.verdict.pass).toBe(true);
});

test("messages that a protocol's peer leaves unanswered are counted as with TCP", async () => {
  using server = await echo(5);
  const plan = planDatagrams({
    port: server.port,
    ratePerConnection: 100,
    durationMs: 500,
    drainMs: 200,
    expectations: ["unanswered=0"],
    statsUrl: false,
  });
  const { messages, latencyUs, verdict } = await runLoad(datagrams, plan);
  const { datagrams: sent, answers } = server.seen;
  expect(sent).toBeGreaterThanOrEqual(50);
  expect(messages).toMatchObject({ sent, answered: answers, unanswered: sent - answers });
  expect(latencyUs.message.atLeast?.count).toBe(messages.unanswered);
  expect(verdict).toMatchObject({
    pass: false,
    checks: [{ expect: "unanswered=0", got: `${sent - answers}`, pass: false }],
  });
});
