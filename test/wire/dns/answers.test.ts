/** What is known of an answer: how long it may be kept, whether it is the one that was asked for, which addresses it gives. */
import { describe, expect, test } from "bun:test";
import {
  givesPrivateAddress,
  isNegative,
  Message,
  minTtl,
  nameText,
  negativeTtl,
  parseName,
  parseRdata,
  parseType,
  RecordType,
  readMessage,
  responseMismatch,
  scrambleCase,
  ttlOffsets,
  writeUint32,
} from "../../../src/wire/dns/mod.ts";
import { concat, hex } from "../support.ts";
import { packet, written } from "./support.ts";

const message = new Message();
const read = (bytes: Uint8Array) => {
  expect(readMessage(message, bytes, 0, bytes.length)).toBe(true);
  return message;
};

describe("an answer's TTLs", () => {
  test("are where a cache finds them, from the message's start, without OPT's", () => {
    const bytes = packet("all sections");
    const around = concat(new Uint8Array(9), bytes);
    const offsets = new Uint16Array(10);
    readMessage(message, around, 9, around.length);
    const count = ttlOffsets(message, offsets);
    expect(count).toBe(4);
    expect([...offsets.subarray(0, count)].map((at) => hexAt(bytes, at))).toEqual(Array(4).fill("0000012c"));
    expect(minTtl(message, around)).toBe(300);
    expect(ttlOffsets(message, new Uint16Array(2))).toBe(4);
  });

  test("count as the least, and as 0 where they are negative (D06)", () => {
    const bytes = packet("CNAME chain");
    const offsets = new Uint16Array(3);
    ttlOffsets(read(bytes), offsets);
    expect(minTtl(message, bytes)).toBe(20);
    writeUint32(bytes, offsets[0]!, 0x80000000);
    expect(minTtl(message, bytes)).toBe(0);
    expect(minTtl(read(packet("REFUSED")), packet("REFUSED"))).toBe(-1);
  });

  test.each([
    [900, 300, 300],
    [60, 300, 60],
    [900, 0, 0],
    [900, 0x80000000, 0],
    [0xffffffff, 300, 0],
  ])(
    "a negative one is kept for the lesser of the SOA's %i and its minimum of %i: %i (RFC 2308)",
    (ttl, minimum, expected) => {
      const bytes = packet("NXDOMAIN");
      const soa = read(bytes).starts[2]!;
      writeUint32(bytes, message.records.ttlAt(soa), ttl);
      writeUint32(bytes, message.records.rdataTo(soa) - 4, minimum);
      expect(negativeTtl(message, bytes)).toBe(expected);
    },
  );

  test("there is none without a SOA in the authority", () => {
    const bytes = packet("SOA");
    expect(negativeTtl(read(bytes), bytes)).toBe(-1);
  });

  test.each([
    ["NXDOMAIN", RecordType.a, true],
    ["NODATA", RecordType.txt, true],
    ["CNAME chain", RecordType.a, false],
    ["CNAME chain", RecordType.aaaa, true],
    ["HINFO", RecordType.any, false],
    ["REFUSED", RecordType.any, false],
    ["referral", RecordType.a, true],
  ])("%s asked for type %i says that there is nothing: %p", (what, type, expected) => {
    expect(isNegative(read(packet(what)), type)).toBe(expected);
  });
});

function hexAt(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + 4).toHex();
}

describe("a response", () => {
  const query = packet("query with EDNS");
  const questionEnd = 12 + parseName("www.example.com")!.length + 4;
  const response = (at: number, flipped: number, length = query.length) => {
    const bytes = query.slice();
    bytes[2]! |= 0x80;
    bytes[at]! ^= flipped;
    const around = concat(hex("ffffff"), bytes);
    return responseMismatch(query, 0, questionEnd, around, 3, 3 + length);
  };

  test.each([
    ["the same", undefined, 0, 0],
    ["one with an error code", undefined, 3, 2],
    ["one with other counts of records", undefined, 11, 1],
    ["a query", "form", 2, 0x80],
    ["another opcode", "form", 2, 0x28],
    ["another id", "id", 1, 1],
    ["another case", "question", 13, 0x20],
    ["another name", "question", 13, 1],
    ["another type", "question", questionEnd - 3, 1],
    ["another class", "question", questionEnd - 1, 2],
    ["no question", "question", 5, 1],
    ["two questions", "question", 5, 3],
  ])("%s: %p (D03)", (_, mismatch, at, flipped) => {
    expect<string | undefined>(response(at, flipped)).toBe(mismatch);
  });

  test("has a whole header and a whole question", () => {
    for (let length = 0; length < questionEnd; length++) {
      expect(response(0, 0, length)).toBe(length < 12 ? "form" : "question");
    }
    expect(response(0, 0, questionEnd)).toBeUndefined();
  });

  test("cannot be forged without the case of each letter", () => {
    const name = parseName("a-1.Zz{[.example")!;
    scrambleCase(name, 0, Uint8Array.of(0b10101010, 0b1));
    expect(nameText(name)).toBe("a-1.Zz{[.ExAmPLe");
    const long = parseName("abcdefgh.ijklmnop")!;
    scrambleCase(long, 0, Uint8Array.of(0xff, 0x0f));
    expect(nameText(long)).toBe("ABCDEFGH.IJKLmnop");
    scrambleCase(long, 0, Uint8Array.of(0, 0));
    expect(nameText(long)).toBe("abcdefgh.ijklmnop");
  });
});

describe("a record gives a private address (D09)", () => {
  test.each([
    ["A", "0.0.0.0", true],
    ["A", "0.1.2.3", true],
    ["A", "10.0.0.1", true],
    ["A", "127.0.0.1", true],
    ["A", "127.255.255.255", true],
    ["A", "169.254.169.254", true],
    ["A", "172.16.0.1", true],
    ["A", "172.31.255.255", true],
    ["A", "192.168.1.1", true],
    ["A", "255.255.255.255", true],
    ["A", "1.1.1.1", false],
    ["A", "9.255.255.255", false],
    ["A", "11.0.0.0", false],
    ["A", "128.0.0.1", false],
    ["A", "169.253.0.1", false],
    ["A", "172.15.255.255", false],
    ["A", "172.32.0.0", false],
    ["A", "192.167.0.1", false],
    ["A", "192.169.0.1", false],
    ["A", "255.255.255.254", false],
    ["AAAA", "::", true],
    ["AAAA", "::1", true],
    ["AAAA", "fe80::1", true],
    ["AAAA", "febf::1", true],
    ["AAAA", "fec0::1", true],
    ["AAAA", "fc00::1", true],
    ["AAAA", "fdff::1", true],
    ["AAAA", "::ffff:192.168.0.1", true],
    ["AAAA", "::ffff:127.0.0.1", true],
    ["AAAA", "::192.168.0.1", true],
    ["AAAA", "64:ff9b::10.0.0.1", true],
    ["AAAA", "64:ff9b::7f00:1", true],
    ["AAAA", "2001:db8::1", false],
    ["AAAA", "fe7f::1", false],
    ["AAAA", "fbff::1", false],
    ["AAAA", "ff02::1", false],
    ["AAAA", "::ffff:8.8.8.8", false],
    ["AAAA", "::8.8.8.8", false],
    ["AAAA", "64:ff9b::8.8.8.8", false],
    ["AAAA", "64:ff9b:1::a00:1", false],
    ["AAAA", "64:ff9b::ffff:10.0.0.1", false],
    ["AAAA", "0:0:0:0:0:1:10.0.0.1", false],
    ["AAAA", "0:1::10.0.0.1", false],
    ["HTTPS", "1 . alpn=h2 ipv4hint=8.8.8.8,192.168.0.1", true],
    ["HTTPS", "1 . ipv6hint=2001:db8::1,fd00::1", true],
    ["SVCB", "1 a.example ipv4hint=127.0.0.1", true],
    ["HTTPS", "1 . ipv4hint=8.8.8.8 ipv6hint=2001:db8::1", false],
    ["HTTPS", "1 . alpn=h2", false],
    ["HTTPS", "0 a.example", false],
    ["TXT", "192.168.0.1", false],
  ])("%s %s: %p", (type, text, expected) => {
    const number = parseType(type)!;
    const bytes = written(number, parseRdata(number, text));
    expect(givesPrivateAddress(read(bytes), bytes, 1)).toBe(expected);
  });

  test("only in class IN", () => {
    const bytes = written(RecordType.a, hex("c0a80001"), 3);
    expect(givesPrivateAddress(read(bytes), bytes, 1)).toBe(false);
  });
});
