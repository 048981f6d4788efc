import { describe, expect, test } from "bun:test";
import {
  EdnsOption,
  findOption,
  nameText,
  optionLength,
  parseName,
  Query,
  QueryVerdict,
  readQuery,
} from "../../../src/wire/dns/mod.ts";
import { concat, hex, latin1 } from "../support.ts";
import { JIGGLE } from "./jiggle.ts";

const query = new Query();
/** Reads all of the bytes, also with others around them. */
function read(bytes: Uint8Array): [verdict: QueryVerdict, refusal: string | undefined] {
  const around = concat(new Uint8Array(5).fill(0xff), bytes, new Uint8Array(300));
  const shifted = [readQuery(query, around, 5, 5 + bytes.length), query.refusal] as const;
  const verdict = readQuery(query, bytes, 0, bytes.length);
  expect(shifted).toEqual([verdict, query.refusal]);
  expect(query.refusal === undefined).toBe(verdict === QueryVerdict.ok);
  return [verdict, query.refusal];
}

const uint16 = (value: number) => Uint8Array.of(value >> 8, value);
interface Parts {
  flags?: number;
  counts?: [number, number, number, number];
  question?: Uint8Array;
  rest?: Uint8Array;
}
const QUESTION = concat(parseName("WWW.Example")!, uint16(28), uint16(1));
function message({ flags = 0x0100, counts, question = QUESTION, rest = new Uint8Array() }: Parts): Uint8Array {
  const all = counts ?? [1, 0, 0, rest.length > 0 ? 1 : 0];
  return concat(uint16(0xabcd), uint16(flags), ...all.map(uint16), question, rest);
}
const opt = (options: Uint8Array, { size = 1232, ttl = "00000000", extra = 0 } = {}) =>
  concat(hex("000029"), uint16(size), hex(ttl), uint16(options.length + extra), options);
const option = (code: number, data: Uint8Array | string) => {
  const bytes = typeof data === "string" ? hex(data) : data;
  return concat(uint16(code), uint16(bytes.length), bytes);
};

describe("a query", () => {
  test("is read into places and numbers, its case untouched", () => {
    const bytes = message({ flags: 0x0130 });
    expect(read(bytes)[0]).toBe(QueryVerdict.ok);
    expect(query).toMatchObject({ id: 0xabcd, type: 28, class: 1, labels: 2, hasEdns: false, udpBytes: 512 });
    expect(query).toMatchObject({ wantsRecursion: true, wantsAuthenticData: true, checkingDisabled: true, opcode: 0 });
    expect(nameText(bytes, query.nameFrom)).toBe("WWW.Example");
    expect(query.questionEnd).toBe(bytes.length);
    expect(query.nameEnd).toBe(bytes.length - 4);
    expect([...query.labelStarts.subarray(0, 2)]).toEqual([0, 4]);
  });

  test("of the root, and of the longest name", () => {
    expect(read(message({ question: hex("00 0002 0001") }))[0]).toBe(QueryVerdict.ok);
    expect(query).toMatchObject({ labels: 0, type: 2 });
    expect(read(message({ question: concat(parseName("a.".repeat(127))!, hex("00010001")) }))[0]).toBe(QueryVerdict.ok);
    expect(query.labels).toBe(127);
    expect(query.labelStarts[126]).toBe(252);
  });

  test("with EDNS: size, DO, and where its options are", () => {
    const options = concat(option(EdnsOption.nsid, ""), option(EdnsOption.cookie, "0011223344556677"));
    const bytes = message({ rest: opt(options, { ttl: "00008000" }) });
    expect(read(bytes)[0]).toBe(QueryVerdict.ok);
    expect(query).toMatchObject({ hasEdns: true, udpBytes: 1232, wantsDnssec: true, ednsVersion: 0 });
    const at = findOption(bytes, query.optionsFrom, query.optionsTo, EdnsOption.cookie);
    expect(bytes.subarray(at, at + optionLength(bytes, at)).toHex()).toBe("0011223344556677");
    expect(findOption(bytes, query.optionsFrom, query.optionsTo, EdnsOption.padding)).toBe(-1);
  });

  test.each([
    [0, 512],
    [511, 512],
    [512, 512],
    [4096, 4096],
    [65_535, 65_535],
  ])("a size of %i counts as %i", (size, expected) => {
    expect(read(message({ rest: opt(hex(""), { size }) }))[0]).toBe(QueryVerdict.ok);
    expect(query.udpBytes).toBe(expected);
  });

  test("of an unknown version of EDNS is answered BADVERS, once its form is sound", () => {
    expect(read(message({ rest: opt(hex(""), { ttl: "00010000" }) }))).toEqual([QueryVerdict.badVers, "edns-version"]);
    expect(query).toMatchObject({ ednsVersion: 1, hasEdns: true });
    const bad = opt(option(EdnsOption.cookie, "00"), { ttl: "00010000" });
    expect(read(message({ rest: bad }))).toEqual([QueryVerdict.formErr, "options"]);
  });

  test("leaves nothing of the one before", () => {
    read(message({ rest: opt(option(10, "0011223344556677"), { ttl: "00018000" }) }));
    read(hex("1234"));
    const { labelStarts: _, ...fields } = query;
    expect(fields).toMatchObject({
      id: 0,
      flags: 0,
      questionEnd: 0,
      hasEdns: false,
      udpBytes: 512,
      wantsDnssec: false,
    });
    expect(fields).toMatchObject({ ednsVersion: 0, optionsFrom: 0, optionsTo: 0, type: 0, class: 0, labels: 0 });
  });
});

describe("what is no query that is answered", () => {
  test.each<[what: string, bytes: Uint8Array, verdict: QueryVerdict, refusal: string]>([
    ["nothing", hex(""), QueryVerdict.drop, "short"],
    ["eleven bytes", message({}).subarray(0, 11), QueryVerdict.drop, "short"],
    ["a response", message({ flags: 0x8180 }), QueryVerdict.drop, "response"],
    ["a broken response", hex("abcd 8180 ffff ffff ffff ffff"), QueryVerdict.drop, "response"],
    ["IQUERY", message({ flags: 0x0800 }), QueryVerdict.notImp, "opcode"],
    ["STATUS", message({ flags: 0x1000 }), QueryVerdict.notImp, "opcode"],
    ["NOTIFY", message({ flags: 0x2400 }), QueryVerdict.notImp, "opcode"],
    ["UPDATE", message({ flags: 0x2800, counts: [1, 0, 1, 0] }), QueryVerdict.notImp, "opcode"],
    ["opcode 15", message({ flags: 0x7800 }), QueryVerdict.notImp, "opcode"],
    ["no question", message({ counts: [0, 0, 0, 0], question: hex("") }), QueryVerdict.formErr, "question-count"],
    ["two", message({ counts: [2, 0, 0, 0], rest: QUESTION }), QueryVerdict.formErr, "question-count"],
    ["a count of 65 535", message({ counts: [65_535, 0, 0, 0] }), QueryVerdict.formErr, "question-count"],
    ["a count of 257", message({ counts: [257, 0, 0, 0] }), QueryVerdict.formErr, "question-count"],
    ["a name that points", message({ question: hex("c00c 0001 0001") }), QueryVerdict.formErr, "name"],
    ["a label, then a pointer", message({ question: hex("0161 c00c 0001 0001") }), QueryVerdict.formErr, "name"],
    ["half a type", message({ question: QUESTION.subarray(0, -1) }), QueryVerdict.formErr, "question-cut"],
    ["64 bytes", message({ question: concat(hex("40"), new Uint8Array(70)) }), QueryVerdict.formErr, "name"],
    [
      "256",
      message({ question: concat(latin1("\x01a".repeat(128)), new Uint8Array(5)) }),
      QueryVerdict.formErr,
      "name",
    ],
    [
      "an answer",
      message({ counts: [1, 1, 0, 0], rest: hex("c00c00010001") }),
      QueryVerdict.formErr,
      "unexpected-records",
    ],
    ["an answer that is not there", message({ counts: [1, 1, 0, 0] }), QueryVerdict.formErr, "unexpected-records"],
    ["an authority", message({ counts: [1, 0, 1, 0] }), QueryVerdict.formErr, "unexpected-records"],
    ["256 of them", message({ counts: [1, 0, 256, 0] }), QueryVerdict.formErr, "unexpected-records"],
    [
      "OPT twice",
      message({ counts: [1, 0, 0, 2], rest: concat(opt(hex("")), opt(hex(""))) }),
      QueryVerdict.formErr,
      "unexpected-records",
    ],
    ["OPT that is not there", message({ counts: [1, 0, 0, 1] }), QueryVerdict.formErr, "opt-cut"],
    ["TSIG", message({ rest: hex("0161 00 00fa 00ff 00000000 0000") }), QueryVerdict.formErr, "unexpected-records"],
    [
      "OPT with a name",
      message({ rest: hex("0161 00 0029 04d0 00000000 0000") }),
      QueryVerdict.formErr,
      "unexpected-records",
    ],
    [
      "OPT by a pointer",
      message({ rest: hex("c01800 29 04d0 00000000 0000") }),
      QueryVerdict.formErr,
      "unexpected-records",
    ],
    ["OPT whose length lies, up", message({ rest: opt(hex(""), { extra: 1 }) }), QueryVerdict.formErr, "opt-cut"],
    [
      "OPT whose length lies, down",
      message({ rest: opt(hex("00030000"), { extra: -4 }) }),
      QueryVerdict.formErr,
      "trailing-bytes",
    ],
    ["bytes behind", message({ counts: [1, 0, 0, 0], rest: hex("00") }), QueryVerdict.formErr, "trailing-bytes"],
  ])("%s", (_, bytes, verdict, refusal) => {
    expect(read(bytes)).toEqual([verdict, refusal]);
  });

  test("one that is cut off anywhere", () => {
    const bytes = message({ rest: opt(option(EdnsOption.cookie, "0011223344556677")) });
    for (let to = 0; to < bytes.length; to++) {
      expect(read(bytes.subarray(0, to))[0]).toBe(to < 12 ? QueryVerdict.drop : QueryVerdict.formErr);
    }
  });

  test("500 options, and one more than the bound; the bound is served", () => {
    const nsid = (count: number) => concat(...Array.from({ length: count }, () => option(EdnsOption.nsid, "")));
    expect(read(message({ rest: opt(nsid(32)) }))[0]).toBe(QueryVerdict.ok);
    expect(read(message({ rest: opt(nsid(33)) }))).toEqual([QueryVerdict.formErr, "options"]);
    expect(read(message({ rest: opt(nsid(500)) }))).toEqual([QueryVerdict.formErr, "options"]);
  });

  test.each([
    ["half an option", "000300"],
    ["an option beyond the end", "0003000100 0003000200"],
    ["a cookie of 7 bytes", "000a0007 00112233445566"],
    ["a cookie of 9 bytes", "000a0009 001122334455667788"],
    ["a cookie of 15 bytes", `000a000f${"00".repeat(15)}`],
    ["a cookie of 41 bytes", `000a0029${"00".repeat(41)}`],
    ["a subnet of 3 bytes", "00080003 000118"],
    ["a subnet with too many bytes", "00080008 00011800 c0000201"],
    ["a subnet with too few bytes", "00080006 00011800 c000"],
    ["a subnet with bits behind its prefix", "00080007 00011700 c00003"],
    ["a subnet of 33 bits", "00080009 00012100 c000020100"],
    ["a subnet of 129 bits", `00080015 00028100${"00".repeat(17)}`],
    ["a subnet with a scope", "00080007 00011818 c00002"],
    ["a subnet of family 3", "00080004 00030000"],
    ["a subnet of no family with bits", "00080005 00000800 c0"],
    ["keepalive of one byte", "000b0001 00"],
    ["expire of one byte", "00090001 00"],
    ["an extended error of one byte", "000f0001 00"],
    ["LLQ of four bytes", "00010004 01020304"],
  ])("%s", (_, options) => {
    expect(read(message({ rest: opt(hex(options)) }))).toEqual([QueryVerdict.formErr, "options"]);
  });

  test.each([
    ["a client's cookie", "000a0008 0011223344556677"],
    ["both cookies", `000a0010${"00".repeat(16)}`],
    ["the longest cookie", `000a0028${"00".repeat(40)}`],
    ["two cookies", "000a0008 0011223344556677 000a0008 0011223344556677"],
    ["a subnet of 24 bits", "00080007 00011800 c00002"],
    ["a subnet of 23 bits", "00080007 00011700 c00002"],
    ["a subnet of 56 bits", "0008000b 00023800 20010db8000000"],
    ["no subnet", "00080004 00000000"],
    ["no subnet of IPv4", "00080004 00010000"],
    ["keepalive", "000b0000"],
    ["padding", "000c0004 00000000"],
    ["padding that is not zero (RFC 7830 §3)", "000c0002 ffff"],
    ["an unknown option", "ffff0003 010203"],
  ])("but not %s", (_, options) => {
    expect(read(message({ rest: opt(hex(options)) }))[0]).toBe(QueryVerdict.ok);
  });

  test.each(JIGGLE)("JIGGLE: %s", (_, bytes) => {
    expect(read(bytes)[0]).toBe(QueryVerdict.formErr);
  });

  test("JIGGLE has 54 packets", () => {
    expect(JIGGLE.length).toBe(54);
    expect(Math.max(...JIGGLE.map(([, bytes]) => bytes.length))).toBe(18_484);
  });
});
