import { expect, test } from "bun:test";
import fc from "fast-check";
import { nameText, parseName, reverseName, reverseNetwork } from "../../../src/wire/dns/mod.ts";
import { formatIp, parseIp } from "../../../src/wire/mod.ts";

test.each([
  ["192.0.2.1", "1.2.0.192.in-addr.arpa"],
  ["0.0.0.255", "255.0.0.0.in-addr.arpa"],
  ["2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
])("the address %s has the name %s", (address, name) => {
  expect(nameText(reverseName(parseIp(address)!))).toBe(name);
});

test("every address comes back from its name", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(fc.oneof(bytes(4), bytes(16)), (address) => {
      expect(reverseNetwork(reverseName(address))).toEqual({ address, prefixBits: 8 * address.length });
    }),
    { numRuns: 100 },
  );
});

test.each([
  ["168.192.in-addr.arpa", "192.168.0.0/16"],
  ["16.172.IN-ADDR.arpa", "172.16.0.0/16"],
  ["in-addr.arpa", "0.0.0.0/0"],
  ["8.E.f.ip6.arpa", "fe80::/12"],
  ["ip6.arpa", "::/0"],
])("%s is the network %s", (name, network) => {
  const { address, prefixBits } = reverseNetwork(parseName(name)!)!;
  expect(`${formatIp(address)}/${prefixBits}`).toBe(network);
});

test.each([
  ".",
  "arpa",
  "example.arpa",
  "1.in-addr.arp",
  "01.in-addr.arpa",
  "256.in-addr.arpa",
  "1.2.3.4.5.in-addr.arpa",
  "0/25.2.0.192.in-addr.arpa",
  "lb._dns-sd._udp.0.1.168.192.in-addr.arpa",
  "g.ip6.arpa",
  "00.ip6.arpa",
  `${"0.".repeat(33)}ip6.arpa`,
])("%s is no address", (name) => {
  expect(reverseNetwork(parseName(name)!)).toBeUndefined();
});
