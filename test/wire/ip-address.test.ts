import { describe, expect, test } from "bun:test";
import { isIP, SocketAddress } from "node:net";
import fc from "fast-check";
import { formatIp, isMappedIpv4, parseIp } from "../../src/wire/mod.ts";
import { hex } from "./support.ts";

describe("an address", () => {
  test.each([
    ["0.0.0.0", "00000000"],
    ["255.255.255.255", "ffffffff"],
    ["::", "00000000 00000000 00000000 00000000"],
    ["::1", "00000000 00000000 00000000 00000001"],
    ["1::", "00010000 00000000 00000000 00000000"],
    ["2001:DB8::8:800:200C:417A", "20010db8 00000000 00080800 200c417a"],
    ["0001:2:3:4:5:6:7:8", "00010002 00030004 00050006 00070008"],
    ["1:2:3:4:5:6:7::", "00010002 00030004 00050006 00070000"],
    ["::ffff:192.0.2.128", "00000000 00000000 0000ffff c0000280"],
    ["64:ff9b::192.0.2.33", "0064ff9b 00000000 00000000 c0000221"],
  ])("%s is read", (text, bytes) => {
    expect(parseIp(text)).toEqual(hex(bytes));
  });

  test.each([
    ...["", "a.example", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.", "1.2.3.4 ", "0x1.2.3.4", "+1.2.3.4"],
    ...[":", ":::", "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4::5:6:7:8", "::12345", "::g", "fe80::1%lo", "[::1]"],
    ...[
      "1.2.3.4::",
      "::1.2.3",
      "::1.2.3.4:5",
      "1:2:3:4:5:6:7:1.2.3.4",
      ":1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:",
      "1".repeat(99),
    ],
  ])("%p is refused", (text) => {
    expect(parseIp(text)).toBeUndefined();
    expect(isIP(text.replace(/%.*/, "%"))).toBe(0);
  });

  test.each([
    ["20010db8 00000000 00000000 00000001", "2001:db8::1"],
    ["20010db8 00000001 00010001 00010001", "2001:db8:0:1:1:1:1:1"],
    ["00010000 00000002 00000000 00000003", "1:0:0:2::3"],
    ["00010000 00000002 00030000 00000004", "1::2:3:0:0:4"],
    ["00000000 00000000 0000ffff c0000280", "::ffff:192.0.2.128"],
    ["00000000 00000000 00000000 00000000", "::"],
  ])("%s is written as RFC 5952 says: %s", (bytes, text) => {
    expect(formatIp(hex(bytes))).toBe(text);
  });

  test("of any bytes comes back from its text, and the system reads the same", () => {
    const group = fc.oneof(fc.constant([0, 0]), fc.tuple(fc.nat(255), fc.nat(255)));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), fc.boolean(), (groups, isShort) => {
        const bytes = Uint8Array.from(groups.flat()).subarray(0, isShort ? 4 : 16);
        const text = formatIp(bytes);
        expect(parseIp(text)).toEqual(bytes.slice());
        expect(isIP(text)).toBe(isShort ? 4 : 6);
        if (!isShort) expect(new SocketAddress({ family: "ipv6", address: text }).address).toBe(text);
      }),
    );
  });

  test("any text that the system takes for an address is one, and no other", () => {
    const part = fc.constantFrom("0", "1", "ffff", "fe80", ":", "::", ".", "255", "256", "01", "1.2.3.4", "g", "");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 16 }), (parts) => {
        const text = parts.join("");
        expect(parseIp(text)?.length).toBe(({ 0: undefined, 4: 4, 6: 16 } as const)[isIP(text) as 0 | 4 | 6]);
      }),
      { numRuns: 5000 },
    );
  });

  test("of IPv4 within IPv6 is seen as such", () => {
    expect(isMappedIpv4(parseIp("::ffff:1.2.3.4")!)).toBe(true);
    expect(isMappedIpv4(parseIp("::fffe:1.2.3.4")!)).toBe(false);
    expect(isMappedIpv4(new Uint8Array([9, ...parseIp("::ffff:1.2.3.4")!]), 1)).toBe(true);
  });
});
