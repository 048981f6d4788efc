import { describe, expect, test } from "bun:test";
import type { Responder } from "../../../src/dns/mdns/responder.ts";
import { GIT, linesOf, messageOf, Network, TRUNCATED } from "./network.ts";

const CLIENT = { address: "192.0.2.99", port: 5353 };
const LEGACY = { address: "192.0.2.99", port: 40_000 };

/** A machine whose names are established, and whose announcements are long past. */
function established(random = 0): { network: Network; machine: Responder } {
  const network = new Network();
  const machine = network.machine("192.0.2.1", GIT, random);
  network.run(10_000);
  network.take();
  return { network, machine };
}

/** What is answered within a second: after how many ms, to whom, and what. */
function answersTo(lines: string[], from = CLIENT, random = 0): [ms: number, to: string, lines: string[]][] {
  const { network } = established(random);
  const startMs = network.nowMs;
  network.send(messageOf(lines, 0, 77), from);
  network.run(1000);
  return network.take().map(({ atMs, to, bytes }) => [atMs - startMs, to ? `${to.port}` : "all", linesOf(bytes)]);
}

const A = "answer git.local A! 120 192.0.2.1";
const NO_IPV6 = "NSEC! 120 git.local. A";

describe("a question", () => {
  test.each([
    ["question git.local A", [A, `additional git.local ${NO_IPV6}`]],
    ["question GIT.Local A", [A, `additional git.local ${NO_IPV6}`]],
    ["question git.local ANY", [A, `additional git.local ${NO_IPV6}`]],
    ["question git.local AAAA", [`answer git.local ${NO_IPV6}`]],
    ["question git.local TXT", [`answer git.local ${NO_IPV6}`]],
    ["question 1.2.0.192.in-addr.arpa PTR", ["answer 1.2.0.192.in-addr.arpa PTR! 120 box.local."]],
    ["question git._http._tcp.local TXT", ['answer git._http._tcp.local TXT! 4500 "path=/"']],
  ])("for a unique name is answered at once, to all: %s", (question, expected) => {
    const [[ms, to, lines] = []] = answersTo([question], CLIENT, 0.5);
    expect([ms, to]).toEqual([0, "all"]);
    expect(lines!.slice(0, expected.length)).toEqual(expected);
  });

  test.each(["question nas.local A", "question local ANY", "question example.com A", "question _ipp._tcp.local PTR"])(
    "for what is not ours is not answered: %s",
    (question) => {
      expect(answersTo([question])).toEqual([]);
    },
  );

  test.each([
    [0, 20],
    [0.5, 70],
    [1, 120],
  ])("for what others may have too waits for a random time: %d", (random, expected) => {
    const [[ms, to, lines] = []] = answersTo(["question _http._tcp.local PTR"], CLIENT, random);
    expect([ms, to]).toEqual([expected, "all"]);
    expect(lines).toEqual([
      "answer _http._tcp.local PTR 4500 git._http._tcp.local.",
      "additional git._http._tcp.local SRV! 120 0 0 80 git.local.",
      "additional git.local A! 120 192.0.2.1",
      `additional git.local ${NO_IPV6}`,
      'additional git._http._tcp.local TXT! 4500 "path=/"',
    ]);
  });

  test("for the types of services is answered with each", () => {
    const [[, , lines] = []] = answersTo(["question _services._dns-sd._udp.local PTR"]);
    expect(lines).toEqual(["answer _services._dns-sd._udp.local PTR 4500 _http._tcp.local."]);
  });

  test.each([
    ["with more than half of its time left", 2250, []],
    ["with less", 2249, ["all"]],
  ])("whose answer the client knows %s", (_, ttl, expected) => {
    const known = `answer _http._tcp.local PTR ${ttl} git._http._tcp.local`;
    expect(answersTo(["question _http._tcp.local PTR", known]).map(([, to]) => to)).toEqual(expected);
  });

  test("whose known answers come in further datagrams waits for them", () => {
    const { network } = established();
    const startMs = network.nowMs;
    network.send(messageOf(["question _http._tcp.local PTR", "question _services._dns-sd._udp.local PTR"], TRUNCATED));
    network.run(300);
    network.send(messageOf(["answer x.local A 120 192.0.2.9"], TRUNCATED));
    network.run(300);
    network.send(messageOf(["answer _http._tcp.local PTR 4500 git._http._tcp.local"]));
    // Of somebody else: not the one who asked.
    const other = messageOf(["answer _services._dns-sd._udp.local PTR 4500 _http._tcp.local"]);
    network.send(other, { address: "192.0.2.98", port: 5353 });
    network.run(1000);
    expect(network.take().map(({ atMs, bytes }) => [atMs - startMs, linesOf(bytes)])).toEqual([
      [700, ["answer _services._dns-sd._udp.local PTR 4500 _http._tcp.local."]],
    ]);
  });

  test("does not wait for ever for further datagrams", () => {
    const { network } = established();
    network.send(messageOf(["question _http._tcp.local PTR"], TRUNCATED));
    for (let count = 0; count < 100; count++) {
      network.send(messageOf(["answer x.local A 120 192.0.2.9"], TRUNCATED));
      network.run(100);
    }
    expect(network.take()).toHaveLength(1);
  });

  test("gets no additional record that all had a moment ago", () => {
    const { network } = established();
    network.send(messageOf(["question git.local A"]));
    network.run(500);
    network.take();
    network.send(messageOf(["question git._http._tcp.local SRV"]));
    expect(network.takeLines()).toEqual(["answer git._http._tcp.local SRV! 120 0 0 80 git.local."]);
  });

  test("behind 256 others in one datagram is not read", () => {
    const { network } = established();
    const others = Array.from({ length: 256 }, (_, index) => `question n${index}.local A`);
    network.send(messageOf([...others, "question git.local A"]));
    network.run(1000);
    expect(network.take()).toEqual([]);
  });

  test("that another machine answers with the same shared record is not answered again", () => {
    const { network } = established();
    network.send(messageOf(["question _services._dns-sd._udp.local PTR"]));
    network.send(messageOf(["answer _services._dns-sd._udp.local PTR 4500 _http._tcp.local"], 0x8400));
    network.run(1000);
    expect(network.take()).toEqual([]);
  });

  test("asked a hundred times a second is answered once a second", () => {
    const { network } = established();
    for (let count = 0; count < 500; count++) {
      network.send(messageOf(["question git.local A"]));
      network.run(10);
    }
    expect(network.take().length).toBeWithin(4, 7);
  });

  test("of a probe for a name of ours is answered after a quarter of a second at most", () => {
    const { network } = established();
    network.send(messageOf(["question git.local A"]));
    network.run(100);
    network.take();
    const startMs = network.nowMs;
    network.send(messageOf(["question git.local ANY", "authority git.local A 120 192.0.2.66"]));
    network.run(1000);
    expect(network.take().map(({ atMs, bytes }) => [atMs - startMs, linesOf(bytes)[0]])).toEqual([[150, A]]);
  });
});

describe("a client that wants the answer alone", () => {
  test("gets it alone where all others had it lately", () => {
    expect(answersTo(["question git.local A!"])).toEqual([[0, "5353", [A, `additional git.local ${NO_IPV6}`]]]);
  });

  test("gets it with all others where these had it long ago", () => {
    const { network } = established();
    network.run(31_000);
    network.send(messageOf(["question git.local A!"]));
    network.run(1000);
    expect(network.take().map(({ to }) => to)).toEqual([undefined]);
  });

  test("gets nothing from another network", () => {
    const { network, machine } = established();
    network.send(messageOf(["question git.local A!"]), { address: "198.51.100.1", port: 5353 });
    network.send(messageOf(["question git.local A"]), { address: "198.51.100.1", port: 53 });
    network.run(1000);
    expect(network.take()).toEqual([]);
    expect(machine.counts.foreign).toBe(2);
  });
});

describe("a client that does not speak mDNS", () => {
  test("gets an answer as of DNS: its id and question, short times, no bits in classes", () => {
    expect(answersTo(["question git.local A"], LEGACY)).toEqual([
      [0, "40000", ["question git.local A", "answer git.local A 10 192.0.2.1"]],
    ]);
    const { network } = established();
    network.send(messageOf(["question git.local A"], 0, 77), LEGACY);
    expect([...network.take()[0]!.bytes.subarray(0, 4)]).toEqual([0, 77, 0x84, 0]);
  });

  test("gets an empty one where the name has no such record", () => {
    expect(answersTo(["question git.local AAAA"], LEGACY)).toEqual([[0, "40000", ["question git.local AAAA"]]]);
  });
});

describe("an interface", () => {
  test("sends what does not fit into one datagram in several", () => {
    const network = new Network();
    const services = Array.from({ length: 200 }, (_, index) => ({
      instance: `service number ${index}`,
      type: "_http._tcp",
      host: "box.local",
      port: index,
      text: [],
    }));
    network.machine("192.0.2.1", { hosts: [{ name: "box.local" }], services });
    network.run(10_000);
    const probed = new Set(network.take().flatMap(({ bytes }) => (bytes.length > 1440 ? ["long"] : linesOf(bytes))));
    expect(probed.has("long")).toBe(false);
    expect([...probed].filter((line) => / SRV! /.test(line))).toHaveLength(200);
    network.send(messageOf(["question _http._tcp.local PTR"]));
    network.run(1000);
    const sent = network.take();
    expect(sent.flatMap(({ bytes }) => linesOf(bytes)).filter((line) => line.startsWith("answer"))).toHaveLength(200);
    // That bit says that more known answers follow (RFC 6762 §18.5).
    expect(sent.every(({ bytes }) => (bytes[2]! & 2) === 0)).toBe(true);
  });

  test("leaves out a record that is longer than a datagram", () => {
    const network = new Network();
    const text = Array.from({ length: 10 }, (_, index) => `${index}=${"x".repeat(200)}`);
    const service = { instance: "git", type: "_http._tcp", host: "box.local", port: 80, text };
    network.machine("192.0.2.1", { hosts: [{ name: "box.local" }], services: [service] });
    network.run(5000);
    network.take();
    network.send(messageOf(["question git._http._tcp.local ANY"]));
    expect(network.takeLines()[0]).toBe("answer git._http._tcp.local SRV! 120 0 0 80 box.local.");
  });

  test("reads only so much a second", () => {
    const { network, machine } = established();
    const bytes = messageOf(["question nas.local A"]);
    for (let count = 0; count < 20_000; count++) network.send(bytes);
    expect(machine.counts.limited).toBeGreaterThan(5000);
    network.run(1000);
    network.send(messageOf(["question git.local A"]));
    expect(network.take()).toHaveLength(1);
  });

  test("keeps only so many clients waiting", () => {
    const { network, machine } = established();
    for (let index = 0; index < 100; index++) {
      const peer = { address: `192.0.2.${index}`, port: 5353 };
      network.send(messageOf(["question _http._tcp.local PTR"], TRUNCATED), peer);
      network.send(messageOf(["question _services._dns-sd._udp.local PTR!"]), peer);
    }
    expect(machine.counts.dropped).toBe(100 - 16 + 100 - 64);
    network.run(5000);
    expect(network.take().length).toBeLessThan(70);
  });
});
