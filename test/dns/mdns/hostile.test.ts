/** Datagrams that are built to hurt: nothing is thrown, nothing grows, nothing goes on by itself. */
import { describe, expect, test } from "bun:test";
import { mutated, randomFrom } from "../../wire/fuzz.ts";
import { GIT, messageOf, Network, RESPONSE, TRUNCATED } from "./network.ts";

/** `TENK_FUZZ=1000000` for a long run. */
const COUNT = Number(process.env.TENK_FUZZ ?? 20_000);

const SEEDS = [
  messageOf(["question git.local A!", "question _http._tcp.local PTR", "question _services._dns-sd._udp.local PTR"]),
  messageOf(["question _http._tcp.local PTR", "answer _http._tcp.local PTR 4500 git._http._tcp.local"], TRUNCATED),
  messageOf(["question git.local ANY", "authority git.local A 120 192.0.2.66", "authority git.local TXT 120 x"]),
  messageOf(
    ["answer git.local A! 120 192.0.2.66", "additional git._http._tcp.local SRV! 120 0 0 80 x.local"],
    RESPONSE,
  ),
  messageOf(["answer _http._tcp.local PTR 0 git._http._tcp.local", "answer git.local NSEC! 120 git.local A"], RESPONSE),
  messageOf(['answer git.local TXT 120 "a" "b"', "answer 1.2.0.192.in-addr.arpa PTR! 120 x.local"], RESPONSE),
];

describe("hostile datagrams", () => {
  test(`${COUNT} of them, changed at random, neither throw nor wedge`, () => {
    const seed = Date.now() % 2 ** 32;
    const random = randomFrom(seed);
    const network = new Network();
    const machine = network.machine("192.0.2.1", GIT);
    network.run(5000);
    for (let count = 0; count < COUNT; count++) {
      const address = `192.0.2.${random(200)}`;
      network.send(mutated(SEEDS, random), { address, port: random(3) === 0 ? random(65_536) : 5353 });
      network.run(random(50));
      network.take();
    }
    const { counts } = machine;
    expect(
      counts.queries + counts.responses + counts.malformed + counts.limited + counts.foreign,
      `seed ${seed}`,
    ).toBeGreaterThanOrEqual(COUNT);
    expect(counts.malformed).toBePositive();
    // It still works, whatever its names are by now.
    network.run(120_000);
    network.take();
    network.send(messageOf([`question ${machine.names()[0]!.inUse} A`]));
    expect(network.takeLines()[0]).toBe(`answer ${machine.names()[0]!.inUse} A! 120 192.0.2.1`);
  });

  test.each([
    ["nothing", new Uint8Array(0)],
    ["a header alone", new Uint8Array(11)],
    ["counts that lie", Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255)],
    ["another opcode", messageOf(["question git.local A"], 0x2800)],
    ["a response code", Uint8Array.of(0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0)],
    ["a name that points at itself", Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1)],
    ["more than 9000 bytes", messageOf(new Array(36).fill(`answer git.local TXT 120 "${"x".repeat(240)}"`), RESPONSE)],
  ])("with %s are malformed", (_, bytes) => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", GIT);
    network.run(5000);
    network.take();
    network.send(bytes);
    expect(machine.counts.malformed).toBe(1);
    expect(network.take()).toEqual([]);
  });

  test("with a thousand questions for everything are answered once", () => {
    const network = new Network();
    network.machine("192.0.2.1", GIT);
    network.run(5000);
    network.take();
    network.send(messageOf(new Array(500).fill("question _http._tcp.local ANY")));
    network.run(1000);
    expect(network.take()).toHaveLength(1);
  });

  test("as a flood of conflicts cause no flood of probes", () => {
    const network = new Network();
    network.machine("192.0.2.1", GIT);
    network.run(5000);
    network.take();
    for (let count = 0; count < 1000; count++) {
      network.send(messageOf(["answer git.local A! 120 192.0.2.66"], RESPONSE));
      network.run(10);
    }
    expect(network.take().length).toBeLessThan(100);
  });
});
