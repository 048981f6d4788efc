/** Messages are checked whole when they are read: lines D01 and D02 of the security tests. */
import { describe, expect, test } from "bun:test";
import { expandName, Message, nameText, RecordType, readMessage, Section } from "../../../src/wire/dns/mod.ts";
import { concat, hex } from "../support.ts";
import { CORPUS } from "./corpus.ts";

const message = new Message();

/** Reads all of the bytes, also with others around them. */
function read(bytes: Uint8Array): string | undefined {
  const around = concat(new Uint8Array(5).fill(0xff), bytes, new Uint8Array(300));
  readMessage(message, around, 5, 5 + bytes.length);
  const { refusal } = message;
  expect(readMessage(message, bytes, 0, bytes.length)).toBe(message.refusal === undefined);
  expect(message.refusal).toBe(refusal);
  return refusal;
}

const uint16 = (value: number) => Uint8Array.of(value >> 8, value);
const QUESTION = hex("0161 076578616d706c65 00 0001 0001");
/** A response with the question `a.example. A`, whose name is at 12, that of `example.` at 14. */
function response(records: string | Uint8Array, counts: readonly number[] = [1, 1, 0, 0]): Uint8Array {
  const rest = typeof records === "string" ? hex(records) : records;
  return concat(hex("12348180"), ...counts.map(uint16), QUESTION, rest);
}
const fixed = (type: number, length: number, recordClass = 1) =>
  concat(hex("c00c"), uint16(type), uint16(recordClass), hex("0000003c"), uint16(length));
const record = (type: number, data: string, lie = 0, recordClass = 1) => {
  const bytes = hex(data);
  return concat(fixed(type, bytes.length + lie, recordClass), bytes);
};

describe("a message", () => {
  test("is read into a table of its records", () => {
    const bytes = CORPUS.find(([what]) => what === "all sections")![1];
    expect(read(bytes)).toBeUndefined();
    const { records } = message;
    const { question, answer, authority, additional } = Section;
    expect([question, answer, authority, additional].map((section) => message.count(section))).toEqual([1, 2, 1, 2]);
    expect([...message.starts]).toEqual([0, 1, 3, 4, 6]);
    const out = new Uint8Array(255);
    const rows = Array.from({ length: records.count }, (_, index) => {
      expandName(bytes, 0, bytes.length, records.nameAt(index), out, 0);
      return [
        records.section(index),
        nameText(out),
        records.type(index),
        records.rdataTo(index) - records.rdataFrom(index),
      ];
    });
    expect(rows).toEqual([
      [0, "www.example.com", 1, 0],
      [1, "www.example.com", 5, 7],
      [1, "host.example.com", 1, 4],
      [2, "example.com", 2, 5],
      [3, "ns.example.com", 1, 4],
      [3, ".", 41, 41],
    ]);
    expect(message.ttl(bytes, 1)).toBe(300);
    expect(message.opt).toBe(5);
    expect(message.isResponse).toBe(true);
  });

  test.each(CORPUS)("%s is read, and at none of its bytes it may be cut off or have one more", (_, bytes) => {
    expect(read(bytes)).toBeUndefined();
    for (let to = 0; to < bytes.length; to++) {
      expect(readMessage(message, bytes, 0, to)).toBe(false);
    }
    expect(read(concat(bytes, hex("00")))).toBe("trailing-bytes");
  });

  test("has the response code that header and OPT make together", () => {
    expect(read(CORPUS.find(([what]) => what === "BADVERS")![1])).toBeUndefined();
    expect(message.rcode).toBe(16);
    expect(read(CORPUS.find(([what]) => what === "NXDOMAIN")![1])).toBeUndefined();
    expect(message.rcode).toBe(3);
    expect(message.opt).toBe(-1);
  });

  test.each([
    ["00000000", 0],
    ["7fffffff", 0x7fffffff],
    ["80000000", 0],
    ["ffffffff", 0],
  ])("a TTL of %s is %i seconds", (ttl, seconds) => {
    const bytes = response(`c00c 0001 0001 ${ttl} 0004 c0000201`);
    expect(read(bytes)).toBeUndefined();
    expect(message.ttl(bytes, 1)).toBe(seconds);
  });

  test("may have several questions, as mDNS asks them, with the bits of mDNS in their classes", () => {
    const questions = concat(QUESTION, hex("c00c 00ff 8001 c00e 000c 8001"));
    const bytes = concat(hex("0000 0000 0003 0000 0001 0000"), questions, hex("c00c 0001 8001 00000078 0004 c0a80001"));
    expect(read(bytes)).toBeUndefined();
    expect(message.count(Section.question)).toBe(3);
    expect(message.records.class(1)).toBe(0x8001);
    expect(read(concat(bytes.subarray(0, -5), hex("03c0a801")))).toBe("rdata");
  });

  test("leaves nothing of the one before", () => {
    read(CORPUS.find(([what]) => what === "all sections")![1]);
    expect(read(hex("00"))).toBe("short");
    expect(message).toMatchObject({ id: 0, flags: 0, rcode: 0, opt: -1 });
    expect(message.records.count).toBe(0);
    expect([...message.starts]).toEqual([0, 0, 0, 0, 0]);
  });
});

describe("compression (D01)", () => {
  test.each([
    ["an owner that points at itself", "c01b 0001 0001 00000000 0004 c0000201", "name"],
    ["an owner that points forward", "c01d 0001 0001 00000000 0004 c0000201", "name"],
    ["an owner that points into the header", "c004 0001 0001 00000000 0004 c0000201", "name"],
    ["an owner that points behind the message", "ffff 0001 0001 00000000 0004 c0000201", "name"],
    ["data that point at themselves", "c00c 0005 0001 00000000 0002 c027", "rdata"],
    ["data that point forward", "c00c 0005 0001 00000000 0002 c029", "rdata"],
    ["data that point into the header", "c00c 0005 0001 00000000 0002 c00b", "rdata"],
    ["a label of 64 bytes in data", `c00c 0005 0001 00000000 0042 40${"61".repeat(64)}00`, "rdata"],
    ["a name of 256 bytes in data", `c00c 0005 0001 00000000 0101 ${"0161".repeat(128)}00`, "rdata"],
    ["256 bytes through a pointer", `c00c 0005 0001 00000000 00fc ${"0161".repeat(125)}c00c`, "rdata"],
  ])("%s is refused", (_, records, refusal) => {
    expect(read(response(records))).toBe(refusal);
  });

  test("a chain of 200 pointers is refused", () => {
    const chain = Array.from({ length: 200 }, (_, index) =>
      index === 0 ? "c00c" : (0xc000 + 39 + 2 * (index - 1)).toString(16),
    );
    expect(
      read(
        response(
          concat(fixed(65_280, 400), hex(chain.join("")), hex("c1b5 0001 0001 00000000 0004 c0000201")),
          [1, 2, 0, 0],
        ),
      ),
    ).toBe("name");
  });

  test("thousands of names that each take the longest way are refused for their work, few are not", () => {
    // A name of 127 labels, then records whose owners point at it: 12 bytes each, and 128 steps.
    const long = concat(hex(`${"0161".repeat(126)}00 0001 0001`));
    const bomb = (count: number) => {
      const records = Array.from({ length: count }, () =>
        concat(hex("c00c"), uint16(65_280), hex("0001 00000000 0000")),
      );
      return concat(hex("12348180"), ...[1, count, 0, 0].map(uint16), long, ...records);
    };
    expect(read(bomb(10))).toBeUndefined();
    expect(read(bomb(1000))).toBe("too-much-work");
  });
});

describe("lengths and counts that lie (D02)", () => {
  const { a, aaaa, cname, mx, soa, txt, srv, https, rrsig, nsec, nsec3, ds, dnskey, naptr, caa } = {
    ...RecordType,
    naptr: 35,
    caa: 257,
  };
  const SOUND: readonly (readonly [string, number, string])[] = [
    ["A", a, "c0000201"],
    ["AAAA", aaaa, "20010db8000000000000000000000001"],
    ["CNAME", cname, "c00e"],
    ["MX", mx, "000a c00e"],
    ["SOA", soa, "c00e c00e 00000001 00000002 00000003 00000004 00000005"],
    ["TXT", txt, "03616263"],
    ["SRV", srv, "0001 0002 0003 c00e"],
    ["HTTPS", https, "0001 00 0001 0003 026832 0003 0002 01bb"],
    ["RRSIG", rrsig, "0001 0d 02 0000003c 70000000 60000000 1234 00 0102030405"],
    ["NSEC", nsec, "00 0001 40"],
    ["NSEC3", nsec3, "01 00 0001 02aabb 03010203 0001 40"],
    ["DS", ds, "1234 0d 02 00112233"],
    ["DNSKEY", dnskey, "0101 03 0d 00112233"],
    ["NAPTR", naptr, "0001 0002 0175 00 00 00"],
    ["CAA", caa, "00 05 6973737565 61"],
  ];

  test.each(SOUND)("%s is read with its own length, and not one byte longer", (_, type, data) => {
    expect(read(response(record(type, data)))).toBeUndefined();
    expect(read(response(record(type, data, 1)))).toBe("cut");
    expect(read(response(record(type, data, 65_535 - hex(data).length)))).toBe("cut");
  });

  // Types that end with whatever is left have no length of their own.
  const OPEN = new Set(["TXT", "RRSIG", "DS", "DNSKEY", "CAA", "NSEC", "NSEC3", "HTTPS"]);
  test.each(SOUND.filter(([type]) => !OPEN.has(type)))(
    "%s one byte shorter, longer, or empty is refused",
    (_, type, data) => {
      expect(read(response(record(type, `${data}00`)))).toBe("rdata");
      expect(read(response(record(type, "")))).toBe("rdata");
      expect(read(response(record(type, data, -1)))).toBe("rdata");
    },
  );

  test.each([
    ["no string", txt, ""],
    ["a string beyond the end", txt, "0261"],
    ["a second string beyond the end", txt, "0161 0261"],
    ["RRSIG without a signer", rrsig, "0001 0d 02 0000003c 70000000 60000000 1234"],
    ["NSEC without a name", nsec, ""],
    ["NSEC with half a window", nsec, "00 00"],
    ["NSEC with an empty window", nsec, "00 0000"],
    ["NSEC with a window of 33 bytes", nsec, `00 0021${"01".repeat(33)}`],
    ["NSEC with a window beyond the end", nsec, "00 0002 40"],
    ["NSEC with a window twice", nsec, "00 0001 40 0001 40"],
    ["NSEC with windows that go back", nsec, "00 0101 40 0001 40"],
    ["NSEC3 with a salt beyond the end", nsec3, "01 00 0001 09aabb"],
    ["NSEC3 without a hash", nsec3, "01 00 0001 00 00"],
    ["DS without a type of digest", ds, "1234 0d"],
    ["DS without a digest", ds, "1234 0d 02"],
    ["DNSKEY without an algorithm", dnskey, "0101 03"],
    ["DNSKEY without a key", dnskey, "0101 03 0d"],
    ["CAA without a tag", caa, "00 00 61"],
    ["CAA with a tag beyond the end", caa, "00 05 6973"],
    ["URI with half a weight", 256, "0001 00"],
    ["CSYNC with half its flags", 62, "00000001 00"],
    ["SVCB with a port beyond the end", https, "0001 00 0003 0002 01"],
    ["SVCB with an unknown value beyond the end", https, "0001 00 0400 0004 0102"],
    ["CAA with an odd tag", caa, "00 05 697373752d 61"],
    ["SVCB without a target", https, "0001"],
    ["SVCB with half a parameter", https, "0001 00 0001 00"],
    ["SVCB with a value beyond the end", https, "0001 00 0001 0004 026832"],
    ["SVCB with a key twice", https, "0001 00 0003 0002 01bb 0003 0002 01bb"],
    ["SVCB with keys that go back", https, "0001 00 0003 0002 01bb 0001 0003 026832"],
    ["SVCB with no protocol", https, "0001 00 0001 0000"],
    ["SVCB with an empty protocol", https, "0001 00 0001 0001 00"],
    ["SVCB with a protocol beyond the end", https, "0001 00 0001 0002 0268"],
    ["SVCB with a port of one byte", https, "0001 00 0003 0001 01"],
    ["SVCB with no hint", https, "0001 00 0004 0000"],
    ["SVCB with half a hint", https, "0001 00 0004 0006 c0000201 c000"],
    ["SVCB with half a hint of IPv6", https, "0001 00 0006 0008 20010db800000000"],
    ["SVCB with data for a flag", https, "0001 00 0001 0003 026832 0002 0001 00"],
    ["SVCB without a mandatory key", https, "0001 00 0000 0002 0003"],
    ["SVCB with a mandatory mandatory", https, "0001 00 0000 0002 0000"],
    ["SVCB with mandatory keys that go back", https, "0001 00 0000 0004 0003 0001 0001 0003 026832 0003 0002 01bb"],
    ["LOC of another version", 29, "01 12 16 13 80000000 80000000 00989680"],
    ["LOC beyond the pole", 29, "00 12 16 13 ffffffff 80000000 00989680"],
    ["LOC with a size of 10 × 10", 29, "00 a2 16 13 80000000 80000000 00989680"],
  ])("%s is refused", (_, type, data) => {
    expect(read(response(record(type, data)))).toBe("rdata");
  });

  test("a mandatory key that is there is fine", () => {
    expect(
      read(response(record(https, "0001 00 0000 0004 0001 0003 0001 0003 026832 0003 0002 01bb"))),
    ).toBeUndefined();
  });

  test("data of unknown types and classes are bytes", () => {
    expect(read(response(record(65_280, "c0ffee")))).toBeUndefined();
    expect(read(response(record(a, "c0ffee", 0, 3)))).toBeUndefined();
    expect(read(response(record(a, "", 0, 255)))).toBeUndefined();
    expect(read(response(record(cname, "ffff", 0, 3)))).toBe("rdata");
  });

  const OPT = hex("00 0029 04d0 00000000 0000");
  test.each<[what: string, bytes: Uint8Array, refusal: string]>([
    ["OPT twice", response(concat(OPT, OPT), [1, 0, 0, 2]), "opt"],
    ["OPT among the answers", response(OPT, [1, 1, 0, 0]), "opt"],
    ["OPT with a name", response("c00c 0029 04d0 00000000 0000", [1, 0, 0, 1]), "opt"],
    ["OPT with half an option", response("00 0029 04d0 00000000 0002 000a", [1, 0, 0, 1]), "opt"],
    ["OPT with a bad cookie", response("00 0029 04d0 00000000 0008 000a0004 00000000", [1, 0, 0, 1]), "opt"],
    ["OPT with a bad subnet", response("00 0029 04d0 00000000 0007 00080003 000118", [1, 0, 0, 1]), "opt"],
    [
      "OPT with a scope of 33 bits",
      response("00 0029 04d0 00000000 000b 00080007 00011821 c00002", [1, 0, 0, 1]),
      "opt",
    ],
    ["OPT whose length lies", response("00 0029 04d0 00000000 0009", [1, 0, 0, 1]), "cut"],
    [
      "500 options",
      response(concat(hex("00 0029 04d0 00000000"), uint16(2000), hex("00030000".repeat(500))), [1, 0, 0, 1]),
      "opt",
    ],
    ["one record too few", response("", [1, 1, 0, 0]), "name"],
    ["one record too many", response(record(a, "c0000201"), [1, 0, 0, 0]), "trailing-bytes"],
    ["a record in the wrong section", response(record(a, "c0000201"), [1, 0, 0, 2]), "name"],
    ["one question too few", response("", [0, 0, 0, 0]), "trailing-bytes"],
    ["one question too many", response("", [2, 0, 0, 0]), "name"],
    ["65 535 answers", response(record(a, "c0000201"), [1, 65_535, 0, 0]), "name"],
    ["half a question", response("", [1, 0, 0, 0]).subarray(0, -1), "cut"],
    ["half a record", response("c00c 0001 0001 0000", [1, 1, 0, 0]), "cut"],
  ])("%s: refused", (_, bytes, refusal) => {
    expect(read(bytes)).toBe(refusal);
  });

  test("a subnet of an answer may have a scope", () => {
    expect(read(response("00 0029 04d0 00000000 000b 00080007 00011818 c00002", [1, 0, 0, 1]))).toBeUndefined();
  });

  test("more records than there is room for are refused", () => {
    const small = new Message(4);
    const bytes = (count: number) =>
      response(concat(...Array.from({ length: count }, () => record(a, "c0000201"))), [1, count, 0, 0]);
    expect(readMessage(small, bytes(3), 0, bytes(3).length)).toBe(true);
    expect(readMessage(small, bytes(4), 0, bytes(4).length)).toBe(false);
    expect(small.refusal).toBe("too-many-records");
  });
});
