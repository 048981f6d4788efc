import { afterEach, describe, expect, test } from "bun:test";
import { checkDns } from "../../../src/probe/checks/mod.ts";
import { RecordType } from "../../../src/wire/dns/mod.ts";
import { type Asked, FakeServer } from "../../dns/upstream/fake-server.ts";
import { type ReplyFields, replyTo } from "../../dns/upstream/replies.ts";

const open: FakeServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
});

async function server(answer: (asked: Asked) => void): Promise<FakeServer> {
  const opened = await FakeServer.open(answer);
  open.push(opened);
  return opened;
}

type More = Partial<Parameters<typeof checkDns>[0]>;
const check = ({ port }: { port: number }, more: More = {}) =>
  checkDns({ host: "127.0.0.1", port, name: "nas.home.arpa", type: RecordType.a, timeoutMs: 20_000, slowMs: 20_000, ...more }); // biome-ignore format: one call

const NAS = "nas.home.arpa 60 A 192.0.2.7";
const ALIAS = "nas.home.arpa 60 CNAME disk.home.arpa";
const V6 = "nas.home.arpa 60 AAAA 2001:db8::7";

describe("a name server", () => {
  test.each<[string, ReplyFields, More, string, string | undefined]>([
    ["an answer", { answer: [NAS] }, {}, "up", undefined],
    ["the answer that is expected", { answer: [NAS] }, { answer: ["192.0.2.7"] }, "up", undefined],
    ["it behind a CNAME", { answer: [ALIAS, "disk.home.arpa 60 A 192.0.2.7"] }, { answer: ["192.0.2.7"] }, "up", undefined], // biome-ignore format: a row
    ["an IPv6 address, however it is written", { answer: [V6] }, { type: 28, answer: ["2001:DB8:0:0::7"] }, "up", undefined], // biome-ignore format: a row
    ["another answer", { answer: [NAS] }, { answer: ["192.0.2.8"] }, "down", "the A record of nas.home.arpa is 192.0.2.7, but 192.0.2.8 was expected"], // biome-ignore format: a row
    ["a CNAME alone", { answer: [ALIAS] }, {}, "down", "it knows no A record of nas.home.arpa"],
    ["nothing", {}, {}, "down", "it knows no A record of nas.home.arpa"],
    ["NXDOMAIN", { rcode: 3 }, {}, "down", "it says that there is no name nas.home.arpa"],
    ["SERVFAIL", { rcode: 2 }, {}, "down", "it answers SERVFAIL"],
    ["REFUSED", { rcode: 5 }, {}, "restricted", "it is up and refuses this question"],
    ["REFUSED where an answer is expected", { rcode: 5 }, { answer: ["192.0.2.7"] }, "down", "it answers REFUSED"],
    ["an answer late", { answer: [NAS] }, { slowMs: 0 }, "degraded", "slow: "],
  ])("that answers with %s", async (_, fields, more, result, reason) => {
    const outcome = await check(await server(({ bytes, reply }) => reply(replyTo(bytes, fields))), more);
    expect(outcome).toMatchObject({ result, facts: { latencyMs: expect.any(Number) } } as never);
    if (reason === undefined) expect(outcome.reason).toBeUndefined();
    else expect(outcome.reason).toContain(reason);
  });

  test("whose answer does not fit a datagram is asked by TCP", async () => {
    const asked = await server(({ bytes, transport, reply }) =>
      reply(transport === "udp" ? replyTo(bytes, { flags: 0x200 }) : replyTo(bytes, { answer: [NAS] })),
    );
    expect((await check(asked)).result).toBe("up");
    expect(asked.asked.map(({ transport }) => transport)).toEqual(["udp", "tcp"]);
  });

  test.each([
    ["closes", (socket: Asked["socket"]) => socket?.destroy()],
    ["breaks off", (socket: Asked["socket"]) => socket?.end(Uint8Array.of(0, 50, 1, 2, 3))],
    ["sends another message", (socket: Asked["socket"]) => socket?.write(Uint8Array.of(0, 3, 1, 2, 3))],
  ])("that cuts its answer, and %s by TCP, is down", async (_, byTcp) => {
    const cutting = await server(({ bytes, socket, reply }) =>
      socket === undefined ? reply(replyTo(bytes, { flags: 0x200 })) : byTcp(socket),
    );
    const outcome = await check(cutting);
    expect(outcome).toMatchObject({ result: "down", reason: expect.stringContaining("gives none by TCP") });
  });

  test("is not believed when it answers another question, nor is anybody else who answers", async () => {
    const forged = await server(({ bytes, reply, replyFromElsewhere }) => {
      const right = replyTo(bytes, { answer: [NAS] });
      replyFromElsewhere(right);
      for (const at of [0, 14]) reply(right.with(at, right[at]! ^ 1));
      reply(Uint8Array.of(1, 2, 3));
    });
    const outcome = await check(forged, { timeoutMs: 200 });
    expect(outcome).toMatchObject({ result: "down", reason: expect.stringContaining("no answer from") });
  });

  test("that sends what is no sound message is down", async () => {
    const outcome = await check(await server(({ bytes, reply }) => reply(replyTo(bytes).with(7, 9))));
    expect(outcome).toMatchObject({ result: "down", reason: expect.stringContaining("no sound DNS message (") });
  });

  test("whose own name nobody knows is down", async () => {
    const outcome = await check({ port: 53 }, { host: "no-such-name.invalid", timeoutMs: 5000 });
    expect(outcome).toMatchObject({ result: "down", reason: expect.stringContaining("give the server's address") });
  });

  test("that does not listen is down at once", async () => {
    const gone = await FakeServer.open(() => {});
    const { port } = gone;
    await gone[Symbol.asyncDispose]();
    expect(await check({ port })).toEqual({
      result: "down",
      facts: {},
      reason: `nothing listens on 127.0.0.1:${port}: is it running?`,
    });
  });
});
