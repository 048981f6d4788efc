import { describe, expect, test } from "bun:test";
import { ReverseNames, type ReverseNamesOptions } from "../../../src/dns/client-names/reverse-names.ts";
import { nameText } from "../../../src/wire/dns/mod.ts";
import { replyTo } from "../upstream/replies.ts";

/** A router that knows a name for each address, and what it was asked. */
function names(nameOf: (asked: string) => string | undefined, options: Partial<ReverseNamesOptions> = {}) {
  const asked: string[] = [];
  const clock = { ms: 0 };
  const reverse = new ReverseNames(
    {
      ask(query, done) {
        const name = nameText(query, 12);
        asked.push(name);
        const target = nameOf(name);
        const reply = replyTo(Buffer.from(query), { answer: target === undefined ? [] : [`${name} 60 PTR ${target}`] });
        done(reply, reply.length);
        return true;
      },
      ...options,
    },
    () => clock.ms,
  );
  return { reverse, asked, clock };
}

describe("names by reverse lookups", () => {
  test("are asked for once an hour", async () => {
    const { reverse, asked, clock } = names(() => "lisas-phone.lan");
    await reverse.learn(["192.168.1.7", "192.168.1.7"]);
    await reverse.learn(["192.168.1.7"]);
    expect([reverse.nameOf("192.168.1.7"), asked]).toEqual(["lisas-phone.lan", ["7.1.168.192.in-addr.arpa"]]);
    expect([reverse.addressesOf("phone"), reverse.addressesOf("x")]).toEqual([["192.168.1.7"], []]);
    clock.ms = 3_600_001;
    await reverse.learn(["192.168.1.7"]);
    expect(asked.length).toBe(2);
  });

  test("of IPv6 addresses too", async () => {
    const { reverse } = names((name) => (name.endsWith("d.f.ip6.arpa") ? "laptop.lan" : undefined));
    await reverse.learn(["fd00::7"]);
    expect(reverse.nameOf("fd00::7")).toBe("laptop.lan");
  });

  test("are none where there is none, and that is believed for as long", async () => {
    const { reverse, asked } = names(() => undefined);
    await reverse.learn(["192.168.1.7"]);
    await reverse.learn(["192.168.1.7"]);
    expect([reverse.nameOf("192.168.1.7"), asked.length]).toEqual([undefined, 1]);
  });

  test("are host names only", async () => {
    const { reverse } = names(() => String.raw`evil\027[31m.lan`);
    await reverse.learn(["192.168.1.7"]);
    expect(reverse.nameOf("192.168.1.7")).toBeUndefined();
  });

  test("are not asked for where nobody is to be asked, nor what is no address", async () => {
    const { reverse } = names(() => "x.lan", { ask: () => false });
    await reverse.learn(["192.0.2.7", "no address"]);
    expect(reverse.nameOf("192.0.2.7")).toBeUndefined();
  });

  test("are bounded, those known and those asked for", async () => {
    const { reverse } = names(() => "x.lan", { maxNames: 2 });
    for (const last of [1, 2, 3]) await reverse.learn([`192.168.1.${last}`]);
    expect([1, 2, 3].map((last) => reverse.nameOf(`192.168.1.${last}`))).toEqual([undefined, "x.lan", "x.lan"]);
    let asked = 0;
    const slow = new ReverseNames({ ask: () => ++asked > 0, maxAsked: 2 });
    void slow.learn(["192.168.1.1", "192.168.1.2", "192.168.1.3", "192.168.1.1"]);
    expect(asked).toBe(2);
  });
});
