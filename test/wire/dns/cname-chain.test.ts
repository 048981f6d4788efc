import { expect, test } from "bun:test";
import {
  CnameChain,
  expandName,
  Message,
  MessageWriter,
  nameText,
  parseName,
  parseRdata,
  parseType,
  readMessage,
} from "../../../src/wire/dns/mod.ts";

const OUT = new Uint8Array(65_535);
const writer = new MessageWriter();
const message = new Message();

/** Reads the chain of an answer with these records, each `owner TYPE data`, behind other bytes. */
function chainOf(
  question: string,
  ...rows: readonly string[]
): [isSound: boolean, names: string[], included: boolean[]] {
  const from = 7;
  writer.begin(OUT, from, 60_000);
  writer.header(1, 0x8180);
  const [asked, askedType] = question.split(" ");
  writer.question(parseName(asked!)!, 0, parseType(askedType!)!, 1);
  for (const row of rows) {
    const [owner, typeText, ...data] = row.split(" ");
    const type = parseType(typeText!)!;
    const rdata = parseRdata(type, data.join(" "));
    writer.record(1, parseName(owner!)!, 0, type, 1, 60, rdata, 0, rdata.length);
  }
  const end = writer.finish();
  expect(readMessage(message, OUT, from, end)).toBe(true);
  const chain = new CnameChain();
  const isSound = chain.read(message, OUT);
  const name = new Uint8Array(255);
  const names = Array.from({ length: chain.count }, (_, index) => {
    expandName(OUT, from, end, chain.nameAt(index), name, 0);
    return nameText(name);
  });
  return [isSound, names, rows.map((_, index) => chain.includes(message, OUT, index + 1))];
}

test.each<[what: string, question: string, rows: string[], names: string[], included: boolean[]]>([
  ["no CNAME", "a.x A", ["a.x A 192.0.2.1"], ["a.x"], [true]],
  ["one", "a.x A", ["a.x CNAME b.y", "b.y A 192.0.2.1"], ["a.x", "b.y"], [true, true]],
  [
    "in another order",
    "a.x A",
    ["c.z A 192.0.2.1", "b.y CNAME c.z", "a.x CNAME b.y"],
    ["a.x", "b.y", "c.z"],
    [true, true, true],
  ],
  ["in another case", "a.X A", ["A.x CNAME B.y", "b.Y A 192.0.2.1"], ["a.X", "B.y"], [true, true]],
  ["a name that nobody asked for (D05)", "a.x A", ["a.x A 192.0.2.1", "bank.y A 192.0.2.2"], ["a.x"], [true, false]],
  ["a chain from elsewhere", "a.x A", ["b.y CNAME c.z", "c.z A 192.0.2.1"], ["a.x"], [false, false]],
  ["asked for CNAME itself", "a.x CNAME", ["a.x CNAME b.y", "b.y A 192.0.2.1"], ["a.x"], [true, false]],
  ["by DNAME", "a.b.x A", ["b.x DNAME y", "a.b.x CNAME a.y", "a.y A 192.0.2.1"], ["a.b.x", "a.y"], [true, true, true]],
  ["a DNAME of elsewhere", "a.x A", ["y DNAME z", "ax DNAME z", "b.a.x DNAME z"], ["a.x"], [false, false, false]],
  ["no answer", "a.x A", [], ["a.x"], []],
])("%s", (_, question, rows, names, included) => {
  expect(chainOf(question, ...rows)).toEqual([true, names, included]);
});

test.each([
  ["itself", ["a.x CNAME A.X"]],
  ["two", ["a.x CNAME b.y", "b.y CNAME a.x"]],
  ["three, behind the first", ["a.x CNAME b.y", "b.y CNAME c.z", "c.z CNAME b.y"]],
])("a circle of %s is no chain", (_, rows) => {
  expect(chainOf("a.x A", ...rows)[0]).toBe(false);
});

test("ten links are followed, eleven are not", () => {
  const links = (count: number) => Array.from({ length: count }, (_, index) => `n${index}.x CNAME n${index + 1}.x`);
  expect(chainOf("n0.x A", ...links(10))[0]).toBe(true);
  expect(chainOf("n0.x A", ...links(11))[0]).toBe(false);
});
