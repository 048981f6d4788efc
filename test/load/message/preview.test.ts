import { expect, test } from "bun:test";
import { type MessagePart, messagePreview } from "../../../src/load/message/mod.ts";

const text = (words: string, first = false): MessagePart => ({ kind: "text", text: words, first, unescape: true });
const file = (bytes: Uint8Array): MessagePart => ({ kind: "file-bytes", bytes, first: false, unescape: false });

test.each([
  [[], undefined],
  [[text("AUTH x", true)], undefined],
  [[text("PING\\r\\n")], "PING\\r\\n"],
  [[text("AUTH x", true), text("a"), file(new Uint8Array([98, 10, 0, 0xc3, 0xbc]))], "ab\\n\\x00ü"],
  [[text("x".repeat(100))], `${"x".repeat(80)}…`],
  [[text("😀".repeat(90))], `${"😀".repeat(80)}…`],
  [[file(new Uint8Array(1_000_000).fill(65))], `${"A".repeat(80)}…`],
])("of %j people see %p", (parts, preview) => expect(messagePreview(parts)).toBe(preview!));
