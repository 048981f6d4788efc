import { describe, expect, test } from "bun:test";
import { type Asked, answer, dnsServer, queryFile, type Reply, runDns } from "./support.ts";

const OK: Reply = (asked) => [answer(asked)];

function changed(asked: Asked, change: (message: Uint8Array) => void): Uint8Array {
  const message = answer(asked);
  change(message);
  return message;
}

function lines(name: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${name}${index}.example A`).join("\n");
}

describe("load dns over UDP", () => {
  test("counts what the server's own log has, from as many ports as there are clients", async () => {
    await using server = await dnsServer(OK);
    const report = await runDns(server.port, lines("a", 500), { connections: 7, runs: 3, outstanding: 20 });
    expect(server.asked.length).toBe(1500);
    expect(new Set(server.asked.map(({ port }) => port)).size).toBe(7);
    expect(new Set(server.asked.map(({ name }) => name)).size).toBe(500);
    expect(report.messages).toMatchObject({ planned: 1500, sent: 1500, answered: 1500, unanswered: 0 });
    expect(report.bytes).toEqual({
      sent: server.asked.reduce((sum, { bytes }) => sum + bytes.length, 0),
      received: server.asked.reduce((sum, { bytes }) => sum + bytes.length, 0),
    });
    expect(report.protocol).toMatchObject({ mode: "udp", model: "closed", rcodes: { NOERROR: 1500 }, errors: 0 });
    expect(report.latencyUs.service.count).toBe(1500);
    expect([report.latencyUs.firstByte.count, report.verdict.pass]).toEqual([0, true]);
  });

  test("plans queries at a rate, several event loops together", async () => {
    await using server = await dnsServer(OK);
    const options = { connections: 4, workers: 2, totalRate: 500, durationMs: 600, edns: true };
    const report = await runDns(server.port, lines("a", 10), options);
    expect(report.messages.planned).toBe(300);
    expect(report.messages.answered).toBe(server.asked.length);
    expect(server.asked.every(({ bytes }) => bytes[11] === 1)).toBe(true);
    expect(report.protocol.model).toBe("open");
  });

  test("holds each answer against its question, and tells what else comes", async () => {
    const wrong: Readonly<Record<string, Reply>> = {
      ok: (asked) => [answer(asked)],
      id: (asked) => [changed(asked, (it) => it.set([0xff, 0xff])), answer(asked)],
      name: (asked) => [changed(asked, (it) => it.set([0x78], 13)), answer(asked)],
      case: (asked) => [changed(asked, (it) => it.set([0x43], 13)), answer(asked)],
      type: (asked) => [changed(asked, (it) => it.set([28], it.length - 3)), answer(asked)],
      class: (asked) => [changed(asked, (it) => it.set([3], it.length - 1)), answer(asked)],
      bare: (asked) => [changed(asked, (it) => it.set([0], 5)), answer(asked)],
      cut: (asked) => [answer(asked).subarray(0, 20), answer(asked)],
      query: (asked) => [asked.bytes, answer(asked)],
      few: (asked) => [new Uint8Array(5), answer(asked)],
      twice: (asked) => [answer(asked), answer(asked)],
      servfail: (asked) => [answer(asked, 0x8182)],
      nxdomain: (asked) => [answer(asked, 0x8183)],
      formerr: (asked) => [changed(asked, (it) => it.set([0x81, 0x81, 0, 0], 2)).subarray(0, 12)],
      truncated: (asked) => [answer(asked, 0x8380)],
    };
    await using server = await dnsServer((asked) => wrong[asked.name.split(".")[1]!]!(asked));
    const each = (kind: string, count: number) =>
      Array.from({ length: count }, (_, index) => `a${index}.${kind}.example A`);
    const counts = Object.keys(wrong).map((kind, index) => [kind, index + 2] as const);
    // One at a time: what follows an answer is read before the next one, and so before the end.
    const text = [...counts.flatMap(([kind, count]) => each(kind, count)), ...each("ok", 3)].join("\n");
    const report = await runDns(server.port, text, { outstanding: 1 });
    const of = Object.fromEntries(counts) as Record<string, number>;
    expect(report.messages).toMatchObject({ answered: server.asked.length, unanswered: 0 });
    expect(report.protocol).toMatchObject({
      unknownIds: of.id,
      mismatched: of.name! + of.case! + of.type! + of.class! + of.bare! + of.cut!,
      malformed: of.query! + of.few!,
      duplicates: of.twice,
      wrongRcode: of.servfail! + of.formerr!,
      truncated: of.truncated,
      retriedOverTcp: null,
      errors: 0,
    });
    const { NOERROR, ...others } = report.protocol.rcodes;
    expect(others).toEqual({ SERVFAIL: of.servfail!, NXDOMAIN: of.nxdomain!, FORMERR: of.formerr! });
    expect(NOERROR).toBe(server.asked.length - of.servfail! - of.nxdomain! - of.formerr!);
    expect(report.verdict).toMatchObject({ pass: false });
  });

  test("tells lost queries by their cause, and late answers from them", async () => {
    const reply: Reply = (asked) => {
      if (asked.name.startsWith("lost")) return [];
      return asked.name.startsWith("late") ? [[300, answer(asked)]] : [answer(asked)];
    };
    await using server = await dnsServer(reply);
    const files = ["lost", "late", "ok"].map((name) => queryFile(lines(name, 5), 1, name));
    const report = await runDns(server.port, files, { timeoutMs: 150, totalRate: 60, durationMs: 1000 });
    const { errors, errorsBy, lateAnswers } = report.protocol;
    const [lost, late] = report.protocol.files!;
    expect(server.asked.length).toBe(60);
    expect(lost).toMatchObject({ sent: 20, errors: 20, rcodes: {} });
    expect(errorsBy).toEqual({ timeout: errors });
    expect(report.messages).toMatchObject({ answered: 60 - errors, unanswered: errors });
    expect(lateAnswers).toBeGreaterThan(0);
    expect(lateAnswers).toBeLessThanOrEqual(late!.errors + errors - 20);
    expect(report.latencyUs.message.atLeast?.count).toBe(errors);
  });

  test("tells of a port on which nobody listens", async () => {
    const { port } = await closedPort();
    const report = await runDns(port, lines("a", 3), { timeoutMs: 100 });
    expect(report.protocol).toMatchObject({ errors: 3, errorsBy: { ECONNREFUSED: 3 } });
    expect(report.verdict.reason).toContain("no query was answered");
  });

  test("asks again over TCP where an answer is truncated, and counts both", async () => {
    const reply: Reply = (asked) => [answer(asked, asked.isTcp ? 0x8180 : 0x8380)];
    await using server = await dnsServer(reply, { queriesPerConnection: 8 });
    const report = await runDns(server.port, lines("a", 30), { retryTruncated: true, outstanding: 4 });
    const overTcp = server.asked.filter(({ isTcp }) => isTcp);
    expect(report.protocol).toMatchObject({ truncated: 30, retriedOverTcp: 30 });
    expect(report.messages.answered + report.protocol.errors).toBe(30);
    expect(overTcp.length).toBeGreaterThanOrEqual(report.messages.answered);
  });

  test("counts each file by itself, and gives each its share", async () => {
    const reply: Reply = (asked) => [answer(asked, asked.name.startsWith("miss") ? 0x8183 : 0x8180)];
    await using server = await dnsServer(reply);
    const files = [queryFile(lines("hit", 3), 80, "hits"), queryFile("miss\\{n}.example A", 20, "misses")];
    const report = await runDns(server.port, files, { totalRate: 400, durationMs: 500 });
    const misses = server.asked.filter(({ name }) => name.startsWith("miss"));
    expect(misses.length).toBe(40);
    expect(new Set(misses.map(({ name }) => name)).size).toBe(40);
    expect(report.protocol.files).toMatchObject([
      { name: "hits", sent: 160, errors: 0, rcodes: { NOERROR: 160 }, latencyUs: { count: 160 } },
      { name: "misses", sent: 40, errors: 0, rcodes: { NXDOMAIN: 40 }, latencyUs: { count: 40 } },
    ]);
  });
});

test("files of one name are counted apart", async () => {
  await using server = await dnsServer(OK);
  const files = [queryFile(lines("a", 3), 3, "q"), queryFile(lines("b", 3), 1, "q")];
  const report = await runDns(server.port, files, { totalRate: 200, durationMs: 200 });
  expect(report.protocol.files).toMatchObject([
    { name: "q", sent: 30 },
    { name: "q #2", sent: 10 },
  ]);
});

describe("load dns over TCP", () => {
  test("asks several queries on a connection, whose answers come in any order", async () => {
    const reply: Reply = (asked) => (asked.id % 3 === 0 ? [[20, answer(asked)]] : [answer(asked)]);
    await using server = await dnsServer(reply);
    const report = await runDns(server.port, lines("a", 200), { mode: "tcp", connections: 3, outstanding: 30 });
    expect(server.asked.length).toBe(200);
    expect(report.messages).toMatchObject({ sent: 200, answered: 200 });
    expect(report.protocol).toMatchObject({ mode: "tcp", errors: 0, mismatched: 0, latencyUs: { tcp: { count: 3 } } });
  });

  test("asks again what a server has left unanswered when it closed the connection", async () => {
    await using server = await dnsServer(OK, { queriesPerConnection: 10 });
    const report = await runDns(server.port, lines("a", 100), { mode: "tcp", outstanding: 4 });
    expect(server.asked.length).toBe(100);
    expect(report.messages).toMatchObject({ sent: 100, answered: 100, unanswered: 0 });
    expect(report.protocol).toMatchObject({ errors: 0 });
    expect(report.connections.opened).toBeGreaterThanOrEqual(10);
    expect(report.connections.lost).toBe(0);
  });
});

/** A port that was just closed. */
async function closedPort(): Promise<{ readonly port: number }> {
  await using server = await dnsServer(OK);
  return { port: server.port };
}
