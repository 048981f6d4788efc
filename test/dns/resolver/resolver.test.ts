import { describe, expect, test } from "bun:test";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { until } from "../../net/support.ts";
import { queryBytes } from "../queries.ts";
import { type Asked, FakeServer } from "../upstream/fake-server.ts";
import { questionOf, type ReplyFields, replyTo } from "../upstream/replies.ts";
import { hasFlag, openHouse } from "./house.ts";

const answering =
  (fields: ReplyFields) =>
  ({ bytes, reply }: Asked) =>
    reply(replyTo(bytes, fields));
const silent = () => {};
const A = { answer: ["www.example 300 A 192.0.2.1"] };
const SOA = "example 900 SOA ns.example. hostmaster.example. 1 2 3 4 60";

describe("a stored answer knows whether it leads to other names:", () => {
  test.each([
    ["A", ["www.example 300 A 192.0.2.1"], false],
    ["A", ["www.example 300 CNAME a.example", "a.example 300 A 192.0.2.1"], true],
    ["HTTPS", ["www.example 300 HTTPS 1 a.example."], true],
    ["SVCB", ["www.example 300 SVCB 1 a.example."], true],
    ["MX", ["www.example 300 MX 1 a.example."], false],
  ])("%s %j: %p", async (type, records, expected) => {
    await using house = await openHouse(answering({ answer: records }));
    await house.ask("www.example", type);
    const query = queryBytes("www.example", type);
    const length = house.cache.find(query, 0, 13, 0, Math.floor(Date.now() / 1000), new Uint8Array(512), 0, 512);
    expect([length > 0, house.cache.leadsElsewhere]).toEqual([true, expected]);
  });
});

describe("an answer belongs to who asked:", () => {
  test("identical questions are asked once, and each client gets its own ID and spelling", async () => {
    const waiting: Asked[] = [];
    await using house = await openHouse((asked) => waiting.push(asked));
    const queries = ["www.example", "WWW.example", "www.EXAMPLE"].map((name, id) => queryBytes(name, "A", { id }));
    const answers = queries.map((bytes) => house.sent(bytes));
    await until(() => waiting.length > 0);
    answering(A)(waiting[0]!);
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      expect([answer.text, answer.id]).toEqual(["NOERROR A 192.0.2.1", index]);
      expect(answer.bytes.slice(12, 25)).toEqual(queries[index]!.slice(12, 25));
    }
    expect([house.server.count, house.resolver.counts.merged, house.resolver.inFlight]).toEqual([1, 2, 0]);
  });

  test("a client that sends the same ID again while the upstream is slow gets the answer (AdGuardHome#6691)", async () => {
    const waiting: Asked[] = [];
    await using house = await openHouse((asked) => waiting.push(asked));
    const both = [house.ask("www.example"), house.ask("www.example")];
    await until(() => waiting.length > 0);
    answering(A)(waiting[0]!);
    expect((await Promise.all(both)).map(({ text }) => text)).toEqual(["NOERROR A 192.0.2.1", "NOERROR A 192.0.2.1"]);
  });

  test("whoever asks may use the bytes of the query for something else at once", async () => {
    await using house = await openHouse(answering(A));
    const bytes = queryBytes("www.example", "A", { id: 9 });
    const answer = house.sent(bytes);
    bytes.fill(0xff);
    expect([(await answer).text, (await answer).id]).toEqual(["NOERROR A 192.0.2.1", 9]);
  });

  test("a query with ID 0 is answered with ID 0, and asked with another (dnsproxy#402)", async () => {
    await using house = await openHouse(answering(A));
    const ids = new Set<number>();
    for (const type of ["A", "AAAA", "MX", "TXT"]) expect((await house.ask("www.example", type, { id: 0 })).id).toBe(0);
    for (const { bytes } of house.server.asked) ids.add(bytes.readUInt16BE(0));
    expect(ids.size).toBe(4);
  });

  test("clients that name different subnets (ECS) ask one question, which names none", async () => {
    const waiting: Asked[] = [];
    await using house = await openHouse((asked) => waiting.push(asked));
    const subnet = (last: number) => [0, 8, 0, 7, 0, 1, 24, 0, 192, 0, last];
    const queries = [1, 2].map((last) => {
      const bytes = Uint8Array.of(...queryBytes("www.example", "A", { udpBytes: 1232 }), ...subnet(last));
      bytes[bytes.length - 12] = 11;
      return bytes;
    });
    const answers = queries.map((bytes) => house.sent(bytes));
    await until(() => waiting.length > 0);
    answering(A)(waiting[0]!);
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(Array(2).fill("NOERROR A 192.0.2.1"));
    expect([house.server.count, house.resolver.counts.merged]).toEqual([1, 1]);
    expect(Buffer.from(waiting[0]!.bytes).includes(Buffer.from([0, 8, 0, 7, 0, 1, 24, 0]))).toBe(false);
  });

  test("a name without HTTPS records still has its address (FTL#1446)", async () => {
    await using house = await openHouse(({ bytes, reply }) =>
      reply(replyTo(bytes, questionOf(bytes).type === 1 ? A : { authority: [SOA] })),
    );
    expect((await house.ask("www.example", "HTTPS")).text).toBe("NOERROR");
    expect((await house.ask("www.example", "A")).text).toBe("NOERROR A 192.0.2.1");
    expect((await house.ask("www.example", "HTTPS")).text).toBe("NOERROR");
    expect(house.server.count).toBe(2);
  });

  test("DO and CD are questions of their own", async () => {
    await using house = await openHouse(answering(A));
    await Promise.all([
      house.ask("www.example"),
      house.ask("www.example", "A", { wantsDnssec: true }),
      house.ask("www.example", "A", { flags: 0x0110 }),
    ]);
    expect(house.server.count).toBe(3);
  });

  test("what a datagram cannot carry is truncated for that client, and whole by TCP", async () => {
    const many = Array.from({ length: 60 }, (_, at) => `www.example 300 A 192.0.2.${at}`);
    await using house = await openHouse(answering({ answer: many }));
    const answer = await house.ask("www.example");
    expect([hasFlag(answer, "truncated"), answer.text]).toEqual([true, "NOERROR"]);
    const whole = await house.sent(queryBytes("www.example"), false);
    expect(whole.ttls).toHaveLength(60);
    expect(house.server.count).toBe(1);
  });

  test("AA is cleared, RA set, RD and CD are the query's", async () => {
    await using house = await openHouse(answering({ ...A, flags: 0x0400 }));
    const answer = await house.ask("www.example", "A", { flags: 0x0110 });
    expect(hasFlag(answer, "authoritative")).toBe(false);
    expect(
      ["recursionAvailable", "recursionDesired", "checkingDisabled"].map((f) => hasFlag(answer, f as "response")),
    ).toEqual([true, true, true]);
  });
});

describe("DNSSEC:", () => {
  const RRSIG = "www.example 300 RRSIG A 8 2 300 20301231000000 20200101000000 1 example. AAAA";

  test.each([
    [false, 0, false],
    [false, 0x20, false],
    [true, 0x20, true],
    [true, 0, false],
  ])("an upstream that is trusted: %p, and sets %p: AD %p (AdGuardHome#5479)", async (trustsAd, flags, expected) => {
    await using house = await openHouse(silent);
    house.server.answer(answering({ ...A, flags }));
    await using own = await openHouse(silent, {
      upstreams: [{ address: house.server.address, trustsAd, timeoutMs: 20_000 }],
    });
    const answer = await own.ask("www.example", "A", { wantsDnssec: true });
    expect(hasFlag(answer, "authenticData")).toBe(expected);
  });

  test("signatures and proofs are given with DO only (blocky#2203)", async () => {
    await using house = await openHouse(
      answering({ answer: [...A.answer, RRSIG], authority: ["www.example 300 NSEC z.example. A RRSIG NSEC"] }),
    );
    const plain = await house.ask("www.example");
    expect([plain.text, plain.authority]).toEqual(["NOERROR A 192.0.2.1", []]);
    const signed = await house.ask("www.example", "A", { wantsDnssec: true });
    expect([signed.ttls.length, signed.authority.length]).toEqual([2, 1]);
  });
});

describe("what does not belong is left out:", () => {
  const CHAIN = ["www.example 300 CNAME a.other", "a.other 300 CNAME b.other", "b.other 300 A 192.0.2.2"];

  test.each<[string, ReplyFields, string]>([
    ["records of another name", { answer: [...A.answer, "bank.example 300 A 192.0.2.66"] }, "NOERROR A 192.0.2.1"],
    ["all, where all are of another name", { answer: ["bank.example 300 A 192.0.2.66"] }, "NOERROR"],
    ["records of another type", { answer: [...A.answer, "www.example 300 TXT hello"] }, "NOERROR A 192.0.2.1"],
    ["but not what CNAMEs lead to", { answer: CHAIN }, "NOERROR CNAME a.other. CNAME b.other. A 192.0.2.2"],
    [
      "name servers and additional records",
      { ...A, authority: ["example 9 NS evil.example."], additional: ["evil.example 9 A 192.0.2.66"] },
      "NOERROR A 192.0.2.1",
    ],
    [
      "private addresses",
      { answer: ["www.example 9 A 192.168.1.1", "www.example 9 A 192.0.2.1"] },
      "NOERROR A 192.0.2.1",
    ],
    [
      "private addresses behind a CNAME",
      { answer: ["www.example 9 CNAME in.example", "in.example 9 A 10.0.0.1"] },
      "NOERROR CNAME in.example.",
    ],
    ["a negative answer's SOA of another zone", { rcode: 3, authority: [SOA.replace("example", "evil")] }, "NXDOMAIN"],
  ])("%s", async (_, fields, expected) => {
    await using house = await openHouse(answering(fields));
    const answer = await house.ask("www.example");
    expect([answer.text, answer.authority]).toEqual([expected, []]);
  });

  test.each([
    ["AAAA", ["::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "::"], "2001:db9::1"],
    ["A", ["0.0.0.0", "10.0.0.1", "127.0.0.1", "169.254.0.1", "172.16.0.1", "192.168.0.1"], "192.0.2.1"],
    ["HTTPS", ["1 . ipv4hint=10.0.0.1", "1 . ipv6hint=fd00::1", "1 . ipv4hint=192.0.2.1,127.0.0.1"], '1 . alpn="h2"'],
  ])("private addresses of every kind, in %s records", async (type, privates, kept) => {
    const answer = [...privates, kept].map((data) => `www.example 9 ${type} ${data}`);
    await using house = await openHouse(answering({ answer, additional: answer, authority: answer }));
    expect((await house.ask("www.example", type)).text).toBe(`NOERROR ${type} ${kept}`);
    expect(house.resolver.counts.privateRecords).toBe(privates.length);
  });

  test("private addresses of names that may have them are kept", async () => {
    const answer = ["nas.www.example 9 A 192.168.1.1"];
    await using house = await openHouse(answering({ answer }), { privateNames: [parseName("www.example")!] });
    expect((await house.ask("nas.www.example")).text).toBe("NOERROR A 192.168.1.1");
    expect((await house.ask("other.example")).text).toBe("NOERROR");
  });

  test("nothing of another name is kept", async () => {
    await using house = await openHouse(answering({ answer: ["bank.example 300 A 192.0.2.66"] }));
    await house.ask("www.example");
    expect(house.cache.count).toBe(0);
  });
});

describe("how long answers are kept:", () => {
  test.each<[string, ReplyFields, number, number]>([
    ["for the least of their TTLs", { answer: ["www.example 300 A 192.0.2.1", "www.example 200 A 192.0.2.2"] }, 1, 200],
    ["for a day at most", { answer: ["www.example 604800 A 192.0.2.1"] }, 1, 86_400],
    ["not with TTL 0", { answer: ["www.example 0 A 192.0.2.1"] }, 0, 0],
    ["not with a TTL of 2^31, which counts as 0", { answer: ["www.example 2147483648 A 192.0.2.1"] }, 0, 0],
    ["NXDOMAIN for the lesser of its SOA's TTL and minimum", { rcode: 3, authority: [SOA] }, 1, 60],
    ["NODATA the same", { authority: [SOA] }, 1, 60],
    ["NXDOMAIN without SOA not", { rcode: 3 }, 0, 0],
    ["NXDOMAIN behind a CNAME, without SOA, not", { rcode: 3, answer: ["www.example 300 CNAME a.example"] }, 0, 0],
    [
      "NXDOMAIN for an hour at most",
      { rcode: 3, authority: [SOA.replace("900", "9000").replace(" 60", " 9000")] },
      1,
      3600,
    ],
  ])("%s", async (_, fields, count, ttlSeconds) => {
    await using house = await openHouse(answering(fields));
    const answer = await house.ask("www.example");
    expect(house.cache.count).toBe(count);
    const stored: number[] = [];
    house.cache.each((entry) => stored.push(entry.ttlSeconds));
    expect(stored).toEqual(count === 0 ? [] : [ttlSeconds]);
    expect(answer.text).toContain(fields.rcode === 3 ? "NXDOMAIN" : "NOERROR");
  });

  test("for at least what the configuration says, but not with TTL 0", async () => {
    await using house = await openHouse(answering({ answer: ["www.example 5 A 192.0.2.1"] }), { minTtlSeconds: 60 });
    expect((await house.ask("www.example")).ttls).toEqual([60]);
    house.server.answer(answering({ answer: ["zero.example 0 A 192.0.2.1"] }));
    await house.ask("zero.example");
    expect(house.cache.count).toBe(1);
  });

  test("what is kept is given again without an upstream", async () => {
    await using house = await openHouse(answering(A));
    expect((await house.ask("www.example")).text).toBe("NOERROR A 192.0.2.1");
    expect((await house.ask("WWW.example")).text).toBe("NOERROR A 192.0.2.1");
    expect(house.server.count).toBe(1);
  });

  test("a stale NXDOMAIN gives way to the address with one refresh (coredns#3586)", async () => {
    await using house = await openHouse(answering({ rcode: 3, authority: [SOA] }));
    expect((await house.ask("www.example")).text).toBe("NXDOMAIN");
    house.server.answer(answering(A));
    house.resolver.refresh(queryBytes("www.example"));
    await until(() => house.resolver.inFlight === 0);
    expect((await house.ask("www.example")).text).toBe("NOERROR A 192.0.2.1");
    expect(house.server.count).toBe(2);
  });

  test("a refresh that fails leaves what there is", async () => {
    await using house = await openHouse(answering(A));
    await house.ask("www.example");
    house.server.answer(answering({ rcode: 2 }));
    house.resolver.refresh(queryBytes("www.example"));
    await until(() => house.resolver.inFlight === 0);
    expect((await house.ask("www.example")).text).toBe("NOERROR A 192.0.2.1");
  });
});

describe("when an upstream is no use:", () => {
  const LOOP = { answer: ["www.example 9 CNAME a.example", "a.example 9 CNAME www.example"] };
  const LONG = {
    answer: Array.from({ length: 12 }, (_, at) => `${at === 0 ? "www" : `n${at}`}.example 9 CNAME n${at + 1}.example`),
  };

  test.each<[string, (asked: Asked) => void]>([
    ["SERVFAIL", answering({ rcode: 2 })],
    ["REFUSED", answering({ rcode: 5 })],
    ["NOTIMP", answering({ rcode: 4 })],
    ["FORMERR", answering({ rcode: 1 })],
    ["a code that nobody knows", answering({ rcode: 13 })],
    ["CNAMEs in a circle", answering(LOOP)],
    ["too many CNAMEs", answering(LONG)],
    ["no answer", silent],
    [
      "garbage",
      ({ bytes, reply }) => reply(Buffer.concat([bytes.subarray(0, 2), Buffer.from([0x81, 0x80, 0, 1, 255, 255])])),
    ],
  ])("%s: the next one is asked", async (_, spoil) => {
    await using house = await openHouse([spoil, answering(A)], { mode: "strict", timeoutMs: 60 });
    expect((await house.ask("www.example")).text).toBe("NOERROR A 192.0.2.1");
  });

  test("without another, SERVFAIL says why, and is repeated without asking for five seconds", async () => {
    await using house = await openHouse(answering({ rcode: 2 }));
    const answer = await house.ask("www.example", "A", { udpBytes: 1232 });
    expect([answer.text, answer.error]).toEqual(["SERVFAIL", expect.stringContaining("No Reachable Authority")]);
    const asked = house.server.count;
    const again = await house.ask("www.example", "A", { udpBytes: 1232 });
    expect([again.text, again.error]).toEqual(["SERVFAIL", expect.stringContaining("Cached Error")]);
    expect([house.server.count, house.cache.count]).toEqual([asked, 0]);
  });

  test("the only upstream is asked twice", async () => {
    await using house = await openHouse(silent, { timeoutMs: 30 });
    expect((await house.ask("www.example")).text).toBe("SERVFAIL");
    await until(() => house.server.count === 2);
  });

  test("one that failed is left out until a probe is answered", async () => {
    await using house = await openHouse([silent, answering(A)], {
      mode: "strict",
      timeoutMs: 100,
      probeMinMs: 20,
      probeMaxMs: 50,
    });
    const [first] = house.resolver.upstreams.members;
    await house.ask("one.example");
    await house.ask("two.example");
    expect(first!.isDown).toBe(true);
    expect(house.resolver.upstreams.order()[0]).not.toBe(first!);
    house.servers[0]!.answer(answering({}));
    await until(() => !first!.isDown);
    expect(house.resolver.upstreams.order()[0]).toBe(first!);
  });

  test.each(["udp", "tcp"])(
    "one by %s that cannot be reached at the start is asked within one probe",
    async (protocol) => {
      const gone = await FakeServer.open(silent);
      const { port } = gone;
      await gone[Symbol.asyncDispose]();
      // That nobody is there is not told by UDP.
      const timeoutMs = protocol === "udp" ? 100 : 20_000;
      const upstreams = [{ address: `${protocol}://127.0.0.1:${port}`, timeoutMs }];
      await using house = await openHouse(silent, { upstreams, probeMinMs: 50, probeMaxMs: 50 });
      expect((await house.ask("www.example")).text).toBe("SERVFAIL");
      const [upstream] = house.resolver.members;
      expect(upstream!.isDown).toBe(true);
      const { queries } = upstream!.upstream.counts;
      await until(() => upstream!.upstream.counts.queries > queries);
      expect(upstream!.isDown).toBe(true);
      await using back = await FakeServer.open(answering(A), undefined, port);
      await until(() => !upstream!.isDown);
      // The failure of a moment ago is not remembered any longer.
      expect([(await house.ask("www.example")).text, back.count > 1]).toEqual(["NOERROR A 192.0.2.1", true]);
    },
  );

  test("the two best are asked at once, and the quicker one answers", async () => {
    await using house = await openHouse([silent, answering(A)]);
    expect((await house.ask("www.example")).text).toBe("NOERROR A 192.0.2.1");
    await until(() => house.servers.every(({ count }) => count === 1));
  });

  test("more questions or clients than there is room for are SERVFAIL at once", async () => {
    await using house = await openHouse(silent, { maxQuestions: 2, maxWaiting: 3 });
    for (const name of ["one.example", "two.example", "two.example"]) void house.ask(name);
    expect((await house.ask("one.example")).text).toBe("SERVFAIL");
    expect((await house.ask("three.example")).text).toBe("SERVFAIL");
    expect(house.resolver.counts.overloaded).toBe(2);
  });
});
