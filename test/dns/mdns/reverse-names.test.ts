import { describe, expect, test } from "bun:test";
import { ReverseNames } from "../../../src/dns/mdns/reverse-names.ts";
import { parseName } from "../../../src/wire/dns/mod.ts";
import { BOX, messageOf, Network, RESPONSE } from "./network.ts";

const PHONE = "192.0.2.9";
const OWNER = parseName("9.2.0.192.in-addr.arpa")!;
const NAME = parseName("lisas-phone.local")!;
const HOUR_MS = 3_600_000;

function asked(maxNames?: number): { names: ReverseNames; questions: string[] } {
  const questions: string[] = [];
  const ask = (address: string) => questions.push(address) > 0;
  return { names: new ReverseNames(ask, maxNames), questions };
}

describe("the name of another machine", () => {
  test("is asked for once, and known when it answers", () => {
    const { names, questions } = asked();
    expect([names.nameOf(PHONE, 0), names.nameOf(PHONE, 1000)]).toEqual([undefined, undefined]);
    expect(questions).toEqual([PHONE]);
    names.heard(OWNER, NAME, 120, 1000);
    expect(names.nameOf(PHONE, 2000)).toBe("lisas-phone.local");
    // Asked for again in time, and kept until the answer.
    expect(names.nameOf(PHONE, HOUR_MS)).toBe("lisas-phone.local");
    expect(questions).toEqual([PHONE, PHONE]);
  });

  test.each([
    ["that was not asked for", parseName("8.2.0.192.in-addr.arpa")!, NAME, 120],
    ["that ends", OWNER, NAME, 0],
    ["outside of local", OWNER, parseName("bank.example")!, 120],
    ["of other characters than a host's", OWNER, parseName("\\<b\\>.local")!, 120],
    ["local itself", OWNER, parseName("local")!, 120],
  ])("is not taken from a record %s", (_, owner, name, ttl) => {
    const { names } = asked();
    names.nameOf(PHONE, 0);
    names.heard(owner, name, ttl, 0);
    expect(names.nameOf(PHONE, 0)).toBeUndefined();
    expect(names.size).toBe(1);
  });

  test("is remembered of so many, and asked for so often", () => {
    const { names, questions } = asked(10);
    for (let last = 0; last < 200; last++) names.nameOf(`192.0.2.${last}`, 0);
    expect(questions).toHaveLength(20);
    expect(names.size).toBe(10);
    for (let last = 0; last < 200; last++) names.nameOf(`192.0.2.${last}`, 1000);
    expect(questions).toHaveLength(25);
    expect(names.nameOf("no address", 0)).toBeUndefined();
  });

  test("is asked on its own network", () => {
    const network = new Network();
    const machine = network.machine("192.0.2.1", BOX);
    network.run(5000);
    network.take();
    expect(machine.nameOf("198.51.100.1", network.nowMs)).toBeUndefined();
    expect(network.take()).toEqual([]);
    expect(machine.nameOf(PHONE, network.nowMs)).toBeUndefined();
    expect(network.takeLines()).toEqual(["question 9.2.0.192.in-addr.arpa PTR"]);
    network.send(messageOf(["answer 9.2.0.192.in-addr.arpa PTR! 120 lisas-phone.local"], RESPONSE));
    expect(machine.nameOf(PHONE, network.nowMs)).toBe("lisas-phone.local");
  });
});
