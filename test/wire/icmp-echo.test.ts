import { describe, expect, test } from "bun:test";
import { echoRequest, ipv4Content, readEchoReply } from "../../src/wire/mod.ts";

const data = new Uint8Array([0xc0, 0xff, 0xee]);
const request = (version: 4 | 6) => echoRequest({ version, identifier: 0x1234, sequence: 7, data });

describe("an ICMP echo", () => {
  test("asks with a checksum that makes the sum of all words 0xffff (RFC 1071)", () => {
    const bytes = request(4);
    expect(Buffer.from(bytes).toString("hex")).toBe("080036c412340007c0ffee");
    const words = [0, 2, 4, 6, 8, 10].map((at) => bytes[at]! * 256 + (bytes[at + 1] ?? 0));
    const sum = words.reduce((before, word) => before + word);
    expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff);
  });

  test.each([
    [4, 8, 0],
    [6, 128, 129],
  ] as const)("of IPv%d is type %d, its reply type %d with the same numbers and data", (version, type, reply) => {
    const bytes = request(version);
    expect(bytes[0]).toBe(type);
    expect(readEchoReply(bytes, version)).toBeUndefined();
    bytes[0] = reply;
    expect(readEchoReply(bytes, version)).toEqual({ version, identifier: 0x1234, sequence: 7, data });
    expect(readEchoReply(bytes, version === 4 ? 6 : 4)).toBeUndefined();
  });

  test("that is too short, or has a code, is none", () => {
    expect(readEchoReply(new Uint8Array(7), 4)).toBeUndefined();
    expect(readEchoReply(new Uint8Array([0, 1, 0, 0, 0, 0, 0, 0]), 4)).toBeUndefined();
  });

  test("is behind the header of its packet, whatever options that has", () => {
    const packet = new Uint8Array(32);
    packet[0] = 0x46;
    expect(ipv4Content(packet)).toHaveLength(8);
    packet[0] = 0x4f;
    expect(ipv4Content(packet)).toBeUndefined();
    packet[0] = 0x65;
    expect(ipv4Content(packet)).toBeUndefined();
    expect(ipv4Content(new Uint8Array(0))).toBeUndefined();
  });
});
