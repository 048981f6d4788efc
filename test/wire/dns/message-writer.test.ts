import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  copyMessage,
  EdnsOption,
  ExtendedError,
  extendedErrorName,
  Flag,
  findOption,
  isForPlainClients,
  Message,
  MessageWriter,
  NameCompressor,
  nameText,
  OPT_BYTES,
  OptWriter,
  optionLength,
  parseName,
  parseRdata,
  Query,
  QueryVerdict,
  Rcode,
  RecordType,
  rcodeOfVerdict,
  readMessage,
  readQuery,
  Section,
  writeError,
} from "../../../src/wire/dns/mod.ts";
import { concat, hex, latin1 } from "../support.ts";
import { CORPUS } from "./corpus.ts";
import { JIGGLE } from "./jiggle.ts";
import { anyName, packet, recordsOf, wireOf } from "./support.ts";

const OUT = new Uint8Array(70_000);
const writer = new MessageWriter();
const opt = new OptWriter();
const message = new Message();

/** Reads what was written. */
function written(end: number): Message {
  expect(readMessage(message, OUT, 0, end)).toBe(true);
  return message;
}
const name = (text: string) => parseName(text)!;
function add(section: number, owner: string, type: number, data: string, ttl = 60): boolean {
  const rdata = parseRdata(type, data);
  return writer.record(section, name(owner), 0, type, 1, ttl, rdata, 0, rdata.length);
}

describe("a message that is written", () => {
  test("is a query with all that upstreams are told", () => {
    writer.begin(OUT, 0, 512);
    writer.header(0xabcd, Flag.recursionDesired | Flag.authenticData);
    expect(writer.question(name("Box.Example"), 0, RecordType.https, 1)).toBe(true);
    opt.begin(writer, 1232, true);
    opt.option(EdnsOption.cookie, hex("ff0011223344556677"), 1, 9);
    const query = new Query();
    const end = writer.finish();
    expect(readQuery(query, OUT, 0, end)).toBe(QueryVerdict.ok);
    expect(query).toMatchObject({
      id: 0xabcd,
      type: 65,
      class: 1,
      udpBytes: 1232,
      wantsDnssec: true,
      wantsAuthenticData: true,
    });
    const at = findOption(OUT, query.optionsFrom, query.optionsTo, EdnsOption.cookie);
    expect(OUT.subarray(at, at + optionLength(OUT, at)).toHex()).toBe("0011223344556677");
  });

  test("answers a query in the case in which it was asked, and points at its name", () => {
    const query = new Query();
    const bytes = packet("query with EDNS");
    readQuery(query, bytes, 0, bytes.length);
    writer.begin(OUT, 0, 1232);
    writer.answer(query, bytes, Rcode.noError, Flag.recursionAvailable);
    const questionEnd = writer.at;
    add(Section.answer, "www.example.com", RecordType.a, "192.0.2.1");
    expect(writer.at - questionEnd).toBe(16);
    add(Section.answer, "WWW.example.com", RecordType.cname, "a.EXAMPLE.com");
    add(Section.authority, "example.com", RecordType.soa, "ns.example.com x.example.com 1 2 3 4 5", 900);
    const end = writer.finish();
    expect(recordsOf(written(end), OUT).slice(1)).toEqual([
      [1, "WwW.eXaMpLe.com", "A", 60, "192.0.2.1"],
      [1, "WwW.eXaMpLe.com", "CNAME", 60, "a.eXaMpLe.com."],
      [2, "eXaMpLe.com", "SOA", 900, "ns.eXaMpLe.com. x.eXaMpLe.com. 1 2 3 4 5"],
    ]);
    expect(message.flags).toBe(Flag.response | Flag.recursionDesired | Flag.recursionAvailable);
    expect(end).toBeLessThan(120);
  });

  test.each<[string, string[], number]>([
    ["www.a.example", ["www.a.example", "b.a.example", "www.a.example", "c.b.a.example"], 2 + 4 + 2 + 4],
    // The root takes one byte, and a pointer would take two.
    [".", [".", "a", "."], 1 + 3 + 1],
  ])("answers about %s with pointers to its question, in any order of owners: %j", (asked, owners, ownerBytes) => {
    const bytes = concat(hex("0007 0100 0001 0000 0000 0000"), parseName(asked)!, hex("0001 0001"));
    const query = new Query();
    expect(readQuery(query, bytes, 0, bytes.length)).toBe(QueryVerdict.ok);
    writer.begin(OUT, 0, 512);
    writer.answer(query, bytes, Rcode.noError, 0);
    for (const owner of owners) {
      const [name, at] = owner === asked ? [bytes, query.nameFrom] : [parseName(owner)!, 0];
      expect(writer.record(Section.answer, name, at, 1, 1, 60, Uint8Array.of(192, 0, 2, 1), 0, 4)).toBe(true);
    }
    const end = writer.finish();
    expect(recordsOf(written(end), OUT).map(([, owner]) => owner)).toEqual([asked, ...owners]);
    expect(end).toBe(bytes.length + ownerBytes + owners.length * 14);
  });

  test("compresses only the names of types that every reader knows", () => {
    const sizes = (type: number, data: string) => {
      writer.begin(OUT, 0, 1232);
      writer.question(name("a.example"), 0, type, 1);
      const before = writer.at;
      add(Section.answer, "a.example", type, data);
      written(writer.finish());
      return writer.at - before - 12;
    };
    expect(sizes(RecordType.cname, "b.example")).toBe(4);
    expect(sizes(RecordType.mx, "1 a.example")).toBe(4);
    expect(sizes(RecordType.srv, "1 2 3 a.example")).toBe(6 + 11);
    expect(sizes(RecordType.https, "1 a.example")).toBe(2 + 11);
    expect(sizes(RecordType.dname, "a.example")).toBe(11);
    writer.compresses = false;
    expect(sizes(RecordType.cname, "b.example")).toBe(11 + 9);
    writer.compresses = true;
  });

  test("begins anywhere, and its pointers count from there", () => {
    writer.begin(OUT, 1000, 512);
    writer.header(1, Flag.response);
    writer.question(name("a.b"), 0, 1, 1);
    add(Section.answer, "b", RecordType.ns, "a.b");
    const end = writer.finish();
    expect(readMessage(message, OUT.slice(1000, end), 0, end - 1000)).toBe(true);
  });

  test("is cut behind a record, says so, and keeps room for OPT", () => {
    writer.begin(OUT, 0, 512, OPT_BYTES);
    writer.header(1, Flag.response);
    writer.question(name("many.example"), 0, 1, 1);
    let count = 0;
    while (add(Section.answer, "many.example", RecordType.a, "192.0.2.1")) count += 1;
    expect(count).toBe(Math.floor((512 - 12 - 18 - 11) / 16));
    expect(add(Section.answer, "x", RecordType.a, "192.0.2.1")).toBe(false);
    expect(opt.begin(writer, 1232, false)).toBe(true);
    const end = writer.finish();
    expect(end).toBeLessThanOrEqual(512);
    expect(written(end).isTruncated).toBe(true);
    expect(message.count(Section.answer)).toBe(count);
    expect(message.opt).toBeGreaterThan(0);
  });

  test("is not truncated for an additional record that does not fit", () => {
    writer.begin(OUT, 0, 60);
    writer.header(1, Flag.response);
    writer.question(name("a"), 0, 1, 1);
    expect(add(Section.answer, "a", RecordType.a, "192.0.2.1")).toBe(true);
    expect(add(Section.additional, "a", RecordType.txt, "x".repeat(40))).toBe(false);
    expect(written(writer.finish()).isTruncated).toBe(false);
    expect(writer.isFull).toBe(true);
  });

  test("never ends behind its limit, wherever that cuts a name or data", () => {
    for (let maxBytes = 20; maxBytes < 120; maxBytes++) {
      writer.begin(OUT, 0, maxBytes);
      writer.header(1, Flag.response);
      writer.question(name("a.a.a.a"), 0, 1, 1);
      add(Section.answer, "b.b.b.a.a", RecordType.mx, "1 c.c.b.b.b.a.a");
      add(Section.additional, "b.b.b.a.a", RecordType.txt, "abc");
      expect(writer.finish()).toBeLessThanOrEqual(maxBytes);
      written(writer.at);
    }
  });

  test("has no records where its question did not fit", () => {
    writer.begin(OUT, 0, 24);
    writer.header(1, Flag.response);
    expect(writer.question(name("too.long.example"), 0, 1, 1)).toBe(false);
    expect(add(Section.answer, "a", RecordType.ns, ".")).toBe(false);
    expect(written(writer.finish()).isTruncated).toBe(true);
  });

  test("points nowhere beyond 16 KiB", () => {
    writer.begin(OUT, 0, 65_535);
    writer.header(1, Flag.response);
    add(Section.answer, "x", RecordType.txt, `"${"x".repeat(250)}" `.repeat(70));
    for (let count = 0; count < 200; count++) add(Section.answer, `n${count % 9}.example`, RecordType.ns, "n1.example");
    const rows = recordsOf(written(writer.finish()), OUT).slice(1);
    expect(rows.length).toBe(200);
    expect(
      rows.every(([, owner, , , data], index) => owner === `n${index % 9}.example` && data === "n1.example."),
    ).toBe(true);
  });

  test("never points into the name that is being written", () => {
    const compressor = new NameCompressor();
    const out = new Uint8Array(300);
    // In a table of 256 slots some of these find their own start where they look for their end.
    for (let count = 0; count < 5000; count++) {
      out.fill(0);
      compressor.clear();
      const text = `n${count}.y.n${count}.y`;
      const end = compressor.write(name(text), 0, out, 0, 12, 300);
      expect(end).toBe(12 + text.length + 2);
    }
  });

  test("has the names that were written, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyName, anyName, anyName), { maxLength: 12 }),
        fc.integer({ min: 0, max: 9 }),
        (rows, from) => {
          writer.begin(OUT, from, 65_535);
          writer.header(7, Flag.response);
          const names = rows.map(([owner, prefix, target]) => {
            // Names that share their ends, as those of real messages do.
            const joined = [...prefix, ...owner].join("").length < 120 ? [...prefix, ...owner].slice(0, 20) : target;
            const rdata = concat(hex("0001"), wireOf(joined));
            expect(writer.record(1, wireOf(owner), 0, RecordType.mx, 1, 1, rdata, 0, rdata.length)).toBe(true);
            return [nameText(wireOf(owner)), nameText(wireOf(joined))];
          });
          const end = writer.finish();
          const copy = OUT.slice(from, end);
          expect(readMessage(message, copy, 0, copy.length)).toBe(true);
          const lower = (text: string) => text.toLowerCase();
          const back = recordsOf(message, copy).map(([, owner, , , data]) => [
            owner,
            data.slice(2).replace(/(.)\.$/, "$1"),
          ]);
          expect(back.map((pair) => pair.map(lower))).toEqual(names.map((pair) => pair.map(lower)));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("OPT", () => {
  const begin = (maxBytes = 512) => {
    writer.begin(OUT, 0, maxBytes, OPT_BYTES);
    writer.header(1, Flag.response);
    writer.question(name("a.example"), 0, 1, 1);
    return opt.begin(writer, 1232, false);
  };

  test("has the upper bits of the response code", () => {
    writer.begin(OUT, 0, 512);
    writer.header(1, Flag.response);
    writer.rcode = Rcode.badCookie;
    opt.begin(writer, 1232, true);
    expect(written(writer.finish()).rcode).toBe(23);
  });

  test.each([
    [128, 500],
    [468, 500],
    [468, 1000],
    [468, 100],
  ])("pads a message to a multiple of %i bytes, at most %i", (block, most) => {
    begin(most);
    opt.extendedError(ExtendedError.blocked, latin1("by a list"));
    expect(opt.pad(block)).toBe(true);
    const end = writer.finish();
    expect(end).toBe(Math.min(most, block));
    written(end);
    expect(OUT.subarray(end - 20, end).every((byte) => byte === 0)).toBe(true);
  });

  test("leaves out what does not fit: the text of an error first", () => {
    expect(begin(60)).toBe(true);
    expect(opt.extendedError(ExtendedError.blocked, latin1("by a list with a long name"))).toBe(true);
    expect(opt.option(EdnsOption.nsid, new Uint8Array(30), 0, 30)).toBe(false);
    written(writer.finish());
    const at = findOption(
      OUT,
      message.records.rdataFrom(message.opt),
      message.records.rdataTo(message.opt),
      EdnsOption.extendedError,
    );
    expect(optionLength(OUT, at)).toBe(2);
    expect(begin(22)).toBe(false);
    expect(opt.extendedError(1)).toBe(false);
    expect(opt.pad(128)).toBe(false);
  });

  test("names its errors", () => {
    expect([15, 6, 30, 99].map(extendedErrorName)).toEqual(["Blocked", "DNSSEC Bogus", "Invalid Query Type", "EDE 99"]);
  });
});

describe("an error", () => {
  const query = new Query();
  const answerTo = (bytes: Uint8Array, rcode?: number): Message | undefined => {
    const verdict = readQuery(query, bytes, 0, bytes.length);
    const code = rcode ?? rcodeOfVerdict(verdict);
    return code < 0 ? undefined : written(writeError(OUT, 0, query, bytes, code, ExtendedError.notReady, latin1("x")));
  };

  test("repeats id, RD, CD and question, and has OPT where the query had", () => {
    const bytes = packet("query with EDNS");
    bytes[3]! |= Flag.checkingDisabled;
    const answer = answerTo(bytes, Rcode.servFail)!;
    const { id, rcode, flags } = answer;
    expect({ id, rcode }).toEqual({ id: query.id, rcode: 2 });
    expect(flags & 0xfff0).toBe(
      Flag.response | Flag.recursionDesired | Flag.checkingDisabled | Flag.recursionAvailable,
    );
    expect(recordsOf(answer, OUT)[0]![1]).toBe("WwW.eXaMpLe.com");
    expect(answer.opt).toBe(1);
    expect(OUT[answer.records.ttlAt(1) + 2]).toBe(0x80);
    expect(answerTo(packet("query"), Rcode.refused)!.opt).toBe(-1);
  });

  test("says BADVERS in header and OPT", () => {
    const bytes = concat(packet("query"), hex("00 0029 04d0 00010000 0000"));
    bytes[11] = 1;
    expect(answerTo(bytes)!.rcode).toBe(16);
  });

  test("says NOTIMP with the opcode, and drops responses", () => {
    const bytes = packet("UPDATE without records");
    expect(answerTo(bytes)).toMatchObject({ rcode: 4, opcode: 5 });
    expect(answerTo(packet("A"))).toBeUndefined();
  });

  test.each(JIGGLE)("JIGGLE, %s: FORMERR that can be read", (_, bytes) => {
    const answer = answerTo(bytes)!;
    expect(answer.rcode).toBe(1);
    expect(answer.id).toBe((bytes[0]! << 8) | bytes[1]!);
  });
});

describe("a copy", () => {
  const source = new Message();

  test.each(CORPUS)("of %s says the same, with and without compression", (_, bytes) => {
    readMessage(source, bytes, 0, bytes.length);
    const rows = recordsOf(source, bytes).filter(([, , type]) => type !== "OPT");
    for (const compresses of [true, false]) {
      writer.compresses = compresses;
      writer.begin(OUT, 0, 65_535);
      writer.header(source.id, source.flags);
      expect(copyMessage(writer, source, bytes)).toBe(true);
      const end = writer.finish();
      expect(recordsOf(written(end), OUT).map(String).join("\n").toLowerCase()).toBe(
        rows.map(String).join("\n").toLowerCase(),
      );
    }
    writer.compresses = true;
  });

  test("leaves out records, and nothing points at them", () => {
    const bytes = packet("A with RRSIG");
    readMessage(source, bytes, 0, bytes.length);
    writer.begin(OUT, 0, 512);
    writer.header(source.id, source.flags);
    copyMessage(writer, source, bytes, (from, _, index) => isForPlainClients(from.records.type(index), RecordType.a));
    expect(recordsOf(written(writer.finish()), OUT).map(([, , type]) => type)).toEqual(["A", "A"]);
  });

  test.each([
    [RecordType.rrsig, RecordType.a, false],
    [RecordType.nsec, RecordType.a, false],
    [RecordType.nsec3, RecordType.a, false],
    [RecordType.rrsig, RecordType.rrsig, true],
    [RecordType.nsec, RecordType.any, true],
    [RecordType.ds, RecordType.a, true],
    [RecordType.a, RecordType.a, true],
  ])("type %i is for those who ask for %i without DO: %p", (type, asked, expected) => {
    expect(isForPlainClients(type, asked)).toBe(expected);
  });
});
