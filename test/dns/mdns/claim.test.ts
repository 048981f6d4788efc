import { describe, expect, test } from "bun:test";
import { randomFrom } from "../../wire/fuzz.ts";
import { BOX, GIT, linesOf, messageOf, Network, RESPONSE } from "./network.ts";

/** Sent since the last look: when, and what. */
function sentBy(network: Network, startMs: number): [number, string[]][] {
  return network.take().map(({ atMs, bytes }) => [atMs - startMs, linesOf(bytes)]);
}

const PROBE = ["question box.local ANY", "authority box.local A 120 192.0.2.1"];
const ANNOUNCEMENT = ["answer box.local A! 120 192.0.2.1", "answer 1.2.0.192.in-addr.arpa PTR! 120 box.local."];

describe("a name", () => {
  test("is asked for three times, then announced twice", () => {
    const network = new Network();
    const startMs = network.nowMs;
    network.machine("192.0.2.1", BOX);
    network.run(5000);
    const sent = sentBy(network, startMs);
    expect(sent.filter(([, lines]) => lines[0]!.startsWith("question"))).toEqual(
      [0, 250, 500].map((ms) => [ms, PROBE]),
    );
    const announced = sent.flatMap(([ms, lines]) =>
      lines.filter((line) => line.startsWith("answer box")).map(() => ms),
    );
    expect(announced).toEqual([750, 1750]);
    expect(sent.at(-1)).toEqual([1750, [...ANNOUNCEMENT, "additional box.local NSEC! 120 box.local. A"]]);
  });

  test("is not answered for before it is claimed", () => {
    const network = new Network();
    network.machine("192.0.2.1", BOX);
    network.run(700);
    network.take();
    network.send(messageOf(["question box.local A"]));
    expect(network.take()).toEqual([]);
  });

  test("of another machine is left to it: the next number is taken, and logged", () => {
    const network = new Network();
    const first = network.machine("192.0.2.1", BOX);
    network.run(5000);
    network.take();
    const second = network.machine("192.0.2.2", BOX);
    network.run(5000);
    expect(first.names()).toEqual([{ declared: "box.local", inUse: "box.local" }]);
    expect(second.names()).toEqual([{ declared: "box.local", inUse: "box-2.local" }]);
    expect(network.logged).toEqual([
      expect.objectContaining({ name: "box.local", using: "box-2.local", by: "192.0.2.1", interface: "eth0" }),
    ]);
    const lines = network.take().flatMap(({ from, bytes }) => (from === "192.0.2.2" ? linesOf(bytes) : []));
    expect(lines).toContain("answer box-2.local A! 120 192.0.2.2");
    expect(lines).toContain("answer 2.2.0.192.in-addr.arpa PTR! 120 box-2.local.");
    expect(lines).not.toContain("answer box.local A! 120 192.0.2.2");
  });

  test.each([
    ["192.0.2.1", "192.0.2.2"],
    ["192.0.2.2", "192.0.2.1"],
  ])("asked for by two at once goes to the one with the greater records: %s, %s", (one, other) => {
    const network = new Network();
    const machines = [one, other].map((address) => [address, network.machine(address, BOX)] as const);
    network.run(10_000);
    const inUse = Object.fromEntries(machines.map(([address, machine]) => [address, machine.names()[0]!.inUse]));
    expect(inUse).toEqual({ "192.0.2.2": "box.local", "192.0.2.1": "box-2.local" });
  });

  test("is taken by ten machines at once, each with another number", () => {
    const network = new Network();
    const machines = Array.from({ length: 10 }, (_, index) => network.machine(`192.0.2.${index + 1}`, GIT, index / 10));
    network.run(120_000);
    const names = machines.flatMap((machine) => machine.names().map(({ inUse }) => inUse));
    expect(new Set(names).size).toBe(30);
    expect(names).toContain("git-10.local");
    expect(names).toContain("git\\032\\(10\\)._http._tcp.local");
  });

  test("is asked for again when another machine claims it, and kept if that one does not answer", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    network.run(5000);
    network.take();
    network.send(messageOf(["answer box.local A! 120 192.0.2.66"], RESPONSE));
    network.run(5000);
    expect(sentBy(network, network.nowMs).filter(([, [line]]) => line === PROBE[0])).toHaveLength(3);
    expect(machine.names()[0]!.inUse).toBe("box.local");
    expect(machine.counts.conflicts).toBe(1);
  });

  test.each([
    ["the same record", "answer box.local A! 120 192.0.2.1"],
    ["a record that ends", "answer box.local A! 0 192.0.2.66"],
    ["a type that it has not", 'answer box.local TXT! 120 "x"'],
    ["another name", "answer nas.local A! 120 192.0.2.66"],
  ])("stays with %s of another machine", (_, line) => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    network.run(5000);
    network.take();
    network.send(messageOf([line], RESPONSE));
    network.run(5000);
    expect(network.takeLines()).not.toContain(PROBE[0]);
    expect(machine.counts.conflicts).toBe(0);
  });

  test("stays with an address of this machine that is not published here", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    network.run(5000);
    machine.setOwnAddresses([Uint8Array.of(192, 0, 2, 1), Uint8Array.of(172, 17, 0, 1)]);
    network.send(messageOf(["answer box.local A! 120 172.17.0.1"], RESPONSE));
    expect(machine.counts.conflicts).toBe(0);
  });

  test("that is asked for is not announced because another machine ends the same record", () => {
    const network = new Network();
    network.machine("192.0.2.1", BOX);
    network.run(300);
    network.take();
    network.send(messageOf(["answer box.local A! 0 192.0.2.1"], RESPONSE));
    expect(network.take()).toEqual([]);
  });

  test("is asked for to the end although an address changes meanwhile", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    network.run(300);
    machine.changeLink("eth0", [Uint8Array.of(192, 0, 2, 7)], network.nowMs);
    network.run(300);
    const lines = network.takeLines();
    expect(lines.filter((line) => line === PROBE[0])).toHaveLength(3);
    expect(lines.join()).not.toContain("answer");
  });

  test("is not lost to a probe by records behind the first 64", () => {
    const network = new Network();
    network.machine("192.0.2.1", BOX);
    network.run(300);
    const records = new Array(64).fill("authority box.local A 120 192.0.2.1");
    network.send(messageOf(["question box.local ANY", ...records, "authority box.local A 120 192.0.2.66"]));
    network.run(1000);
    expect(network.takeLines()).toContain(ANNOUNCEMENT[0]!);
  });

  test("is not taken by a response from another port", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    network.run(300);
    network.send(messageOf(["answer box.local A! 120 192.0.2.66"], RESPONSE), { address: "192.0.2.66", port: 1024 });
    network.run(5000);
    expect(machine.names()[0]!.inUse).toBe("box.local");
    expect(machine.counts.foreign).toBe(1);
  });

  test("that somebody takes again and again is looked for ever more slowly", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    for (let count = 0; count < 12_000; count++) {
      network.run(5);
      if (network.takeLines().some((line) => line.endsWith(" ANY")))
        network.send(messageOf([`answer ${machine.names()[0]!.inUse} A! 120 192.0.2.66`], RESPONSE));
    }
    // In a minute fifteen at once, then one every five seconds.
    expect(Number(/\d+/.exec(machine.names()[0]!.inUse)![0])).toBeWithin(20, 30);
    network.run(20_000);
    expect(network.takeLines()).toContain(`answer ${machine.names()[0]!.inUse} A! 120 192.0.2.1`);
  });

  test("that two machines ask for on two networks, where each goes first on one, is settled", () => {
    const network = new Network();
    const random = randomFrom(1);
    const machines = [1, 2].map((last) => {
      const machine = network.machine(`192.0.2.${last}`, BOX, () => random(1000) / 1000);
      network.join(machine, "wlan0", `192.0.3.${3 - last}`, 1);
      return machine;
    });
    network.run(60_000);
    const names = machines.map((machine) => machine.names()[0]!.inUse);
    expect(new Set(names).size).toBe(2);
    for (const machine of machines) expect(machine.claimed("wlan0")).toEqual({ probing: 0, established: 1 });
    network.take();
    network.run(60_000);
    expect(network.takeLines()).toEqual([]);
  });

  test("is the same on two interfaces of one network, without a conflict", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    network.join(machine, "wlan0", "192.0.2.2");
    network.run(10_000);
    expect(machine.names()[0]!.inUse).toBe("box.local");
    expect(machine.counts.conflicts).toBe(0);
    expect(machine.claimed("eth0")).toEqual({ probing: 0, established: 1 });
    expect(machine.claimed("wlan0")).toEqual({ probing: 0, established: 1 });
  });
});

describe("what is published", () => {
  test("ends with a goodbye", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", GIT);
    network.run(5000);
    network.take();
    machine.stop();
    expect(network.takeLines()).toEqual([
      "answer box.local A 0 192.0.2.1",
      "answer 1.2.0.192.in-addr.arpa PTR 0 box.local.",
      "answer git.local A 0 192.0.2.1",
      "answer git._http._tcp.local SRV 0 0 0 80 git.local.",
      'answer git._http._tcp.local TXT 0 "path=/"',
      "answer _http._tcp.local PTR 0 git._http._tcp.local.",
      "answer _services._dns-sd._udp.local PTR 0 _http._tcp.local.",
    ]);
  });

  test("may be the name of another machine, which is not this machine's address", () => {
    const network = new Network();
    network.machine("192.0.2.1", {
      hosts: [{ name: "box.local" }, { name: "nas.local", address: "192.0.2.7" }],
      services: [],
    });
    network.run(5000);
    const lines = network.takeLines();
    expect(lines).toContain("answer nas.local A! 120 192.0.2.7");
    expect(lines.join()).not.toContain("7.2.0.192.in-addr.arpa");
    expect(lines.join()).not.toContain("nas.local A! 120 192.0.2.1");
  });

  test("changes live: a removed service says goodbye, a new name is claimed, others are left alone", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", GIT);
    network.run(5000);
    network.take();
    machine.publish({ hosts: [{ name: "box.local" }, { name: "nas.local" }], services: [] }, network.nowMs);
    const goodbyes = network.takeLines();
    expect(goodbyes).toContain("answer git.local A 0 192.0.2.1");
    expect(goodbyes).toContain("answer _http._tcp.local PTR 0 git._http._tcp.local.");
    expect(goodbyes.join()).not.toContain("box.local A");
    network.run(5000);
    const lines = network.takeLines();
    expect(lines).toContain("question nas.local ANY");
    expect(lines).toContain("answer nas.local A! 120 192.0.2.1");
    expect(lines.join()).not.toContain("box.local A");
    network.send(messageOf(["question git.local A"]));
    expect(network.take()).toEqual([]);
  });

  test("is announced again when an interface's address changes", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    network.run(5000);
    network.take();
    machine.changeLink("eth0", [Uint8Array.of(192, 0, 2, 7)], network.nowMs);
    network.run(5000);
    const lines = network.takeLines();
    expect(lines.slice(0, 2)).toEqual([
      "answer box.local A 0 192.0.2.1",
      "answer 1.2.0.192.in-addr.arpa PTR 0 box.local.",
    ]);
    expect(lines.filter((line) => line === "answer box.local A! 120 192.0.2.7")).toHaveLength(2);
    expect(lines.join()).not.toContain("question");
  });

  test("is announced again when another machine says that it ends", () => {
    const network = new Network();
    network.machine("192.0.2.1", BOX);
    network.run(5000);
    network.take();
    network.send(messageOf(["answer box.local A! 0 192.0.2.1"], RESPONSE));
    expect(network.takeLines()).toContain("answer box.local A! 120 192.0.2.1");
  });
});
