import { describe, expect, test } from "bun:test";
import type { networkInterfaces } from "node:os";
import { type InterfaceSource, isOnNetworks, linkInterfaces, ownAddresses } from "../../../src/dns/mdns/interfaces.ts";
import { formatIp } from "../../../src/wire/mod.ts";

type Interfaces = ReturnType<typeof networkInterfaces>;

const MULTICAST = "0x1003";

/** Interfaces with their addresses: `eth0: ["192.0.2.2/24", "fe80::1/64"]`. */
function source(addresses: Record<string, string[]>, rest: Partial<InterfaceSource> = {}): InterfaceSource {
  const interfaces = Object.fromEntries(
    Object.entries(addresses).map(([name, all]) => [
      name,
      all.map((cidr) => ({ address: cidr.split("/")[0], cidr, internal: name === "lo" })),
    ]),
  ) as Interfaces;
  return {
    interfaces: () => interfaces,
    file: (_, file) => (file === "flags" ? MULTICAST : "7"),
    isBridgePort: () => false,
    inet6: () => "",
    ...rest,
  };
}

/** IPv4 with dots. */
function textOf(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join(".") : formatIp(bytes);
}

function found(given: InterfaceSource): Record<string, string[]> {
  return Object.fromEntries(linkInterfaces(given).map(({ name, addresses }) => [name, addresses.map(textOf)]));
}

describe("the interfaces for mDNS", () => {
  test("are those with an address, without loopback", () => {
    const given = source({ lo: ["127.0.0.1/8", "::1/128"], eth0: ["192.0.2.2/24"], wlan0: ["2001:db8::2/64"] });
    expect(found(given)).toEqual({ eth0: ["192.0.2.2"], wlan0: ["2001:db8::2"] });
    expect(linkInterfaces(given)[0]).toMatchObject({ number: 7, hasIpv4: true, hasIpv6: false });
    expect(ownAddresses(given).map(textOf)).toEqual(["127.0.0.1", "::1", "192.0.2.2", "2001:db8::2"]);
  });

  test.each([
    ["no multicast", "0x43"],
    ["a tunnel", "0x10d1"],
  ])("are none with %s", (_, flags) => {
    expect(found(source({ tun0: ["10.8.0.2/24"] }, { file: () => flags }))).toEqual({});
  });

  test("are none that are a port of a bridge", () => {
    const given = source({ br0: ["10.0.0.1/24"], veth1: ["fe80::1/64"] }, { isBridgePort: (name) => name === "veth1" });
    expect(Object.keys(found(given))).toEqual(["br0"]);
  });

  test("are tried where the kernel tells nothing of them", () => {
    expect(Object.keys(found(source({ eth0: ["10.0.0.1/24"] }, { file: () => undefined })))).toEqual(["eth0"]);
  });

  test("publish a link-local address only where there is no other of its family", () => {
    expect(found(source({ eth0: ["192.0.2.2/24", "169.254.1.1/16", "fe80::1/64"] }))).toEqual({
      eth0: ["192.0.2.2", "fe80::1"],
    });
    expect(found(source({ eth0: ["169.254.1.1/16", "fe80::1/64", "fd00::1/64"] }))).toEqual({
      eth0: ["169.254.1.1", "fd00::1"],
    });
  });

  test.each([
    ["temporary", "01"],
    ["deprecated", "20"],
    ["not used yet", "40"],
  ])("do not publish an address that is %s", (_, flags) => {
    const inet6 = () =>
      `20010db8000000000000000000000001 02 40 00 ${flags}     eth0\n20010db8000000000000000000000002 02 40 00 80     eth0\n`;
    expect(found(source({ eth0: ["2001:db8::1/64", "2001:db8::2/64"] }, { inet6 }))).toEqual({ eth0: ["2001:db8::2"] });
  });

  test("of this machine can be read", () => {
    for (const { name, number, addresses } of linkInterfaces()) {
      expect(name).not.toBe("lo");
      expect(number).toBePositive();
      expect(addresses.length).toBePositive();
    }
  });
});

test.each([
  ["192.0.2.9", true],
  ["192.0.2.130", false],
  ["192.0.3.9", false],
  ["169.254.7.7", true],
  ["fe80::9%eth0", true],
  ["2001:db8::ffff", true],
  ["2001:db8:0:1::1", false],
  ["::ffff:192.0.2.9", false],
  ["no address", false],
])("%s is on the networks: %p", (address, expected) => {
  expect(isOnNetworks(address, ["192.0.2.2/25", "2001:db8::2/64"])).toBe(expected);
});
