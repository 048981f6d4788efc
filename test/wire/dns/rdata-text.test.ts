import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  Message,
  parseRdata,
  parseType,
  RecordClass,
  RecordType,
  rdataText,
  readMessage,
} from "../../../src/wire/dns/mod.ts";
import { hex } from "../support.ts";
import { CORPUS } from "./corpus.ts";

const textOf = (type: number, bytes: Uint8Array) => rdataText(type, RecordClass.in, bytes, 0, 0, bytes.length);

describe("the data of a record as text", () => {
  // Text as `dig` writes it, and its bytes.
  test.each([
    ["A", "192.0.2.1", "c0000201"],
    ["AAAA", "2001:db8::1", "20010db8000000000000000000000001"],
    ["CNAME", "a.b.", "0161016200"],
    ["MX", "10 .", "000a00"],
    ["SOA", "a. b. 1 2 3 4 4294967295", "016100016200 00000001 00000002 00000003 00000004 ffffffff"],
    ["TXT", '"a b" "" "\\"\\\\\\000\\255"', "03612062 00 04225c00ff"],
    ["SRV", "1 2 65535 a.", "00010002ffff016100"],
    ["CAA", '128 issue ""', "80056973737565"],
    ["CAA", '0 issue "a;b=c"', "00056973737565613b623d63"],
    ["HINFO", '"RFC8482" ""', "075246433834383200"],
    ["DS", "60485 5 1 2bb1", "ec4505012bb1"],
    ["DNSKEY", "257 3 13 AQIDBA==", "0101030d01020304"],
    [
      "NSEC3",
      "1 0 12 aabb 2t7b4g4vsa5smi47k61mv5bv1a22bojr A",
      "0100000c02aabb14174eb2409fe28bcb4887a1836f957f0a8425e27b000140",
    ],
    ["NSEC3PARAM", "1 0 0 -", "0100000000"],
    ["TLSA", "3 1 1 d2ab", "030101d2ab"],
    ["SSHFP", "4 2 1234", "04021234"],
    ["DNAME", "x.", "017800"],
    ["EUI48", "00-00-5e-00-53-2a", "00005e00532a"],
    ["L64", "10 2001:0db8:1140:1000", "000a20010db811401000"],
    ["URI", '10 1 "http://a/"', "000a0001687474703a2f2f612f"],
    ["HTTPS", "0 cdn.", "00000363646e00"],
    [
      "HTTPS",
      '1 . alpn="h3,h2" port="443" ipv4hint="192.0.2.1"',
      "000100 0001 0006 0268330268 32 0003 0002 01bb 0004 0004 c0000201",
    ],
    ["SVCB", '1 . mandatory="alpn" alpn="h2" no-default-alpn', "000100 0000 0002 0001 0001 0003 026832 0002 0000"],
    [
      "SVCB",
      '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      "001003666f6f076578616d706c65036f726700 0001 000c 08665c6f6f2c626172 026832",
    ],
    ["SVCB", '1 . key667="hello\\210qoo"', "000100 029b 0009 68656c6c6fd2716f6f"],
    ["TYPE65280", "\\# 3 abcdef", "abcdef"],
    ["TYPE65280", "\\# 0", ""],
  ])("%s %s", (type, text, digits) => {
    const number = parseType(type)!;
    expect(parseRdata(number, text).toHex()).toBe(hex(digits).toHex());
    expect(textOf(number, hex(digits))).toBe(text);
  });

  test.each([
    ["A", " 192.0.2.1\t; a comment", "192.0.2.1"],
    ["MX", "10 mail.example", "10 mail.example."],
    ["TXT", "a b", '"a" "b"'],
    ["TXT", '"a""b"', '"a" "b"'],
    ["TXT", "a\\032b \\; \u00e9", '"a b" ";" "\\195\\169"'],
    ["SOA", "a b ( 1 ; serial\n 2 3\n 4 5 )", "a. b. 1 2 3 4 5"],
    ["DNSKEY", "257 3 13 AQID BA==", "257 3 13 AQIDBA=="],
    ["NSEC", "a. TYPE1234 aaaa A A TYPE65535", "a. A AAAA TYPE1234 TYPE65535"],
    ["HTTPS", "1 . port=443 alpn=h2,h3 ipv6hint=2001:db8::1", '1 . alpn="h2,h3" port="443" ipv6hint="2001:db8::1"'],
    ["HTTPS", '1 . "alpn=h2"', '1 . alpn="h2"'],
    ["LOC", "42 N 71 6 W -24 30", "42 0 0.000 N 71 6 0.000 W -24.00m 30m 10000m 10m"],
    ["LOC", "0 0 0 S 0 E 1m 0.5m 0m 3m", "0 0 0.000 N 0 0 0.000 E 1.00m 0.50m 0m 3m"],
    ["RRSIG", "TYPE9999 8 0 0 1 4294967295 0 . AQ==", "TYPE9999 8 0 0 19700101000001 21060207062815 0 . AQ=="],
    ["RRSIG", "A 13 2 300 20261231235959 1 12345 a. AQID", "A 13 2 300 20261231235959 19700101000001 12345 a. AQID"],
    ["NAPTR", '1 2 u "E2U+sip" !^.*$!sip:a@b! .', '1 2 "u" "E2U+sip" "!^.*$!sip:a@b!" .'],
    ["LOC", "51 30 12.748 N 0 7 39.611 W 0m", "51 30 12.748 N 0 7 39.611 W 0.00m 1m 10000m 10m"],
    ["A", "\\# 4 c0000201", "192.0.2.1"],
    ["TYPE1", "\\# 4 c000 0201", "192.0.2.1"],
  ])("%s is also read from %p", (type, text, expected) => {
    const number = parseType(type)!;
    expect(textOf(number, parseRdata(number, text))).toBe(expected);
  });

  test.each([
    [
      "A",
      "192.0.2.256",
      'Invalid A record "192.0.2.256": address is "192.0.2.256": expected an IPv4 address such as 192.0.2.1',
    ],
    ["A", "2001:db8::1", "expected an IPv4 address"],
    ["A", "", "address is missing: expected an IPv4 address"],
    ["A", "192.0.2.1 192.0.2.2", '"192.0.2.2" is one field too many'],
    ["AAAA", "192.0.2.1", "expected an IPv6 address"],
    ["MX", "mail.example", 'preference is "mail.example": expected a number from 0 to 65535'],
    ["MX", "10", "target is missing: expected a name"],
    ["MX", "65536 a", "expected a number from 0 to 65535"],
    ["CNAME", "a..b", 'target is "a..b": expected a name'],
    ["CNAME", '"a"', "expected a name"],
    ["TXT", '"a', "a quote is not closed"],
    ["TXT", "", "text is missing"],
    ["TXT", "x".repeat(256), "split a longer one"],
    ["TXT", "\\25", "expected texts"],
    ["SRV", "1 2 3", "target is missing"],
    ["CAA", "0 is-sue x", 'tag is "is-sue"'],
    ["CAA", "0 issue", "value is missing"],
    ["DS", "1 2 3 abc", "expected hexadecimal digits"],
    ["DNSKEY", "1 2 3 a", "expected base64"],
    ["OPENPGPKEY", '""', "expected base64"],
    ["DS", '1 2 3 ""', "expected hexadecimal digits"],
    ["RRSIG", "A 1 2 3 20260230000000 1 1 . AQ==", 'expiration is "20260230000000": expected a time'],
    ["NSEC", "a. NO", "expected types of records"],
    ["NSEC3", "1 0 0 - 0w A", 'next is "0w": expected base32'],
    ["LOC", "91 N 0 E 0m", "expected a place"],
    ["LOC", "1 N 1 E", "expected a place"],
    ["HTTPS", "1 . alpn=h2 alpn=h3", "alpn is given twice"],
    ["HTTPS", "1 . port=x", "port has a value that it cannot have: x"],
    ["HTTPS", "1 . port", "port has a value that it cannot have: none"],
    ["HTTPS", "1 . prot=1", "prot is no parameter: expected mandatory, alpn"],
    ["HTTPS", "1 . mandatory=port", "mandatory names a parameter that is not there"],
    ["HTTPS", "1 . mandatory=mandatory", "or itself"],
    ["HTTPS", "1 . mandatory=port,port port=1", "mandatory has a value"],
    ["HTTPS", "1 . no-default-alpn", "needs alpn"],
    ["HTTPS", "1 . ipv4hint=::1", "ipv4hint has a value"],
    ["EUI48", "00-00", "expected six bytes"],
    ["NULL", "abc", "the type has no text of its own"],
    ["A", "\\# 3 c00002", "these bytes are no data of type A"],
    ["CNAME", "\\# 2 c000", "these bytes are no data of type CNAME"],
    ["TYPE65280", "\\# 2 c0", "as many hexadecimal digits"],
  ])("%s %p: what is wrong is said", (type, text, problem) => {
    expect(() => parseRdata(parseType(type)!, text)).toThrow(problem);
  });

  test("of every record of real messages comes back", () => {
    const message = new Message();
    let records = 0;
    for (const [, bytes] of CORPUS) {
      readMessage(message, bytes, 0, bytes.length);
      for (let index = message.starts[1]!; index < message.records.count; index++) {
        const [type, recordClass] = [message.records.type(index), message.records.class(index)];
        if (type === RecordType.opt) continue;
        const text = rdataText(
          type,
          recordClass,
          bytes,
          0,
          message.records.rdataFrom(index),
          message.records.rdataTo(index),
        );
        const rdata = parseRdata(type, text, recordClass);
        expect(rdataText(type, recordClass, rdata, 0, 0, rdata.length)).toBe(text);
        records += 1;
      }
    }
    expect(records).toBeGreaterThan(100);
  });

  test("strings of any bytes come back", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 }), (strings) => {
        const bytes = Uint8Array.from(strings.flatMap((string) => [string.length, ...string]));
        const text = textOf(RecordType.txt, bytes);
        expect(text).toMatch(/^[ -~]+$/);
        expect(parseRdata(RecordType.txt, text)).toEqual(bytes);
      }),
      { numRuns: 100 },
    );
  });
});
