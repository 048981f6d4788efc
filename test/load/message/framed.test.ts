import { expect, test } from "bun:test";
import { compileFramed, type FramedItem, filesNamedIn, type MessagePart } from "../../../src/load/message/mod.ts";

const part = (text: string, first = false): MessagePart => ({ kind: "text", text, first, unescape: false });
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** An item in few words, for tables. */
function brief(item: FramedItem): string {
  if (item.kind === "message") return `message ${latin1(item.nextBytes(7, 0))}`;
  if (item.kind === "raw") return `raw ${latin1(item.payload)}`;
  return `${item.opcode}${item.isFinal ? "" : "…"}${item.reserved > 0 ? ` rsv ${item.reserved}` : ""} ${latin1(item.payload)}`;
}

function compiled(...parts: readonly MessagePart[]): string[] {
  const files = new Map([["a.bin", Uint8Array.of(0x78, 0xff)]]);
  return compileFramed({ parts, files, random: () => 0 }).items.map(brief);
}

test.each([
  ["a", ["message a"]],
  ["", ["message "]],
  ["a\\{connection.uid}b", ["message a7b"]],
  ["\\{ws.ping}", ["9 "]],
  ['a\\{ws.ping "?"}b', ["message a", "9 ?", "message b"]],
  ['\\{ws.text "a\\n" "b" <a.bin>}', ["1 a\nbxÿ"]],
  ['\\{ws.binary <a.bin> ...}\\{ws.cont "c"}', ["2… xÿ", "0 c"]],
  ["\\{ws.continuation rsv1 ... rsv3}", ["0… rsv 5 "]],
  ['\\{ ws . close "\\x03\\xe8" }', ["8 \x03\xe8"]],
  ['\\{raw "GET /"}\\{raw <a.bin>}', ["raw GET /", "raw xÿ"]],
])("%s is sent as %j", (text, items) => expect(compiled(part(text))).toEqual(items));

test("each part is a message of its own, and first ones are apart", () => {
  expect(compiled(part("a"), part("hello", true), part("b"))).toEqual(["message a", "message b"]);
  const { first } = compileFramed({ parts: [part("a"), part("hello", true)], random: () => 0 });
  expect(first.map(brief)).toEqual(["message hello"]);
});

test.each([
  ["\\{ws.pung}", "expected one of ws.continuation"],
  ["\\{raw}", 'expected "text" or <file> after raw'],
  ["\\{ws.ping 5}", 'expected "}"'],
  ["\\{ws.text <b.bin>}", "the file was not read"],
])("%s is refused: %s", (text, why) => expect(() => compiled(part(text))).toThrow(why));

test("files of frames are named", () => {
  expect(filesNamedIn([part("\\{ws.text <a> <b>}\\{raw <a>}")], { frames: true })).toEqual(["a", "b"]);
});
