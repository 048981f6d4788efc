import { describe, expect, test } from "bun:test";
import { parseQueryFile } from "../../../src/load/dns/query-file.ts";
import { QuerySet } from "../../../src/load/dns/query-set.ts";
import { byShare, querySource } from "../../../src/load/dns/query-source.ts";
import { Message, nameText, readMessage } from "../../../src/wire/dns/mod.ts";
import { queryFile } from "./support.ts";

const NO_EDNS = { udpBytes: 0, dnssecOk: false, options: new Uint8Array(0) };

describe("a file of queries", () => {
  test("has a name and a type on each line, comments and empty lines", () => {
    const queries = parseQueryFile("; dnsperf's\nwww.Example.org A\r\n\n  a.b\tTYPE65 \n. NS", "q.txt");
    expect(queries.map(({ question }) => Buffer.from(question).toString("latin1"))).toEqual([
      "\x03www\x07Example\x03org\0\0\x01\0\x01",
      "\x01a\x01b\0\0\x41\0\x01",
      "\0\0\x02\0\x01",
    ]);
  });

  test.each([
    ["a.example", 'q.txt:1: expected a name and a type, found "a.example"'],
    ["; x\na.example A IN", 'q.txt:2: expected a name and a type, found "a.example A IN"'],
    ["a.example AA", 'q.txt:1: unknown type "AA"'],
    ["a..example A", "q.txt:1: the name has an empty label: two dots in a row, or one at the start"],
    ["; only\n\n", 'q.txt has no query: expected lines such as "example.org A"'],
  ])("%j is refused: %s", (text, why) => {
    expect(() => parseQueryFile(text, "q.txt")).toThrow(why);
  });

  test.each(["\\{n}.x A", "a\\{n}.x A", "\\001\\{n}b.x A"])("%s has other digits in each query", (line) => {
    const set = new QuerySet(parseQueryFile(line, "q.txt"), NO_EDNS);
    const out = new Uint8Array(200);
    const texts = [0, 35, 36, 36 ** 10 - 1].map((serial) => {
      set.write(0, serial, out, 0);
      expect(set.isAsked(0, serial, out, 12, set.lengthOf(0))).toBe(true);
      expect(set.isAsked(0, serial + 1, out, 12, set.lengthOf(0))).toBe(false);
      return nameText(out, 12);
    });
    const [before = "", after = ""] = line.replace(" A", "").split("\\{n}");
    expect(texts).toEqual(
      ["0000000000", "000000000z", "0000000010", "zzzzzzzzzz"].map((digits) => `${before}${digits}${after}`),
    );
  });
});

describe("queries", () => {
  test("are messages that a server reads, with and without an OPT record", () => {
    for (const edns of [NO_EDNS, { udpBytes: 4096, dnssecOk: true, options: Uint8Array.of(0xfd, 0xe9, 0, 1, 7) }]) {
      const set = new QuerySet(parseQueryFile("www.example.org AAAA", "q.txt"), edns);
      const out = new Uint8Array(200);
      const length = set.write(0, 0, out, 3);
      const message = new Message();
      expect(readMessage(message, out, 3, 3 + length)).toBe(true);
      expect([message.flags, message.isResponse, message.opt >= 0]).toEqual([0x0100, false, edns.udpBytes > 0]);
    }
  });

  test("of several event loops are together once the file", () => {
    const text = Array.from({ length: 10 }, (_, index) => `n${index}.example A`).join("\n");
    const files = [queryFile(text)];
    const seen = [0, 1, 2].flatMap((worker) => {
      const source = querySource({ files, edns: NO_EDNS, startedUs: 0 }, { worker, workers: 3 });
      const count = Math.ceil((10 * (worker + 1)) / 3) - Math.ceil((10 * worker) / 3);
      return Array.from({ length: count }, () => nameText(source.nextBytes(0, 0, 0), 12));
    });
    expect(seen).toEqual(text.replaceAll(" A", "").split("\n"));
  });

  test("of several files are as many as their shares say", () => {
    const pick = byShare([80, 15, 5]);
    const counts = [0, 0, 0];
    for (let index = 0; index < 1000; index++) counts[pick()]! += 1;
    expect(counts).toEqual([800, 150, 50]);
  });
});
