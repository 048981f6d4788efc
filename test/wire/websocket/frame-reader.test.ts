import { describe, expect, test } from "bun:test";
import { type Close, FrameReader, type Opcode } from "../../../src/wire/websocket/mod.ts";
import { run } from "../plain.ts";
import { concat, encoder, hex, latin1, split } from "../support.ts";

const NAMES: Readonly<Record<number, string>> = { 1: "text", 2: "binary" };

/** Events as lines; content of a message is joined, however it came. */
function read(chunks: readonly Uint8Array[], isMasked = false, maxPayloadBytes = 1000): string[] {
  const told: string[] = [];
  let content = "";
  const piece = (bytes: Uint8Array, from: number, to: number) =>
    Buffer.from(bytes.subarray(from, to)).toString("latin1");
  const reader = new FrameReader(
    { isMasked, maxPayloadBytes },
    {
      content: (_, bytes, from, to) => {
        content += piece(bytes, from, to);
      },
      message: (opcode: Opcode) => {
        told.push(`${NAMES[opcode]} ${content}`);
        content = "";
      },
      ping: (bytes, from, to) => void told.push(`ping ${piece(bytes, from, to)}`),
      pong: (bytes, from, to) => void told.push(`pong ${piece(bytes, from, to)}`),
      closing: ({ code, reason }: Close) => void told.push(`close ${code} ${reason}`),
      broke: (code, why) => void told.push(`broke ${code} ${why}`),
    },
  );
  for (const chunk of chunks) reader.read(chunk);
  return told;
}

const frame = (first: number, payload: Uint8Array | string) => {
  const bytes = typeof payload === "string" ? latin1(payload) : payload;
  return concat(Uint8Array.of(first, bytes.length), bytes);
};

test.each<[string, Uint8Array, readonly string[]]>([
  ["a text", frame(0x81, "Hello"), ["text Hello"]],
  ["an empty message", frame(0x82, ""), ["binary "]],
  [
    "fragments with a ping between",
    concat(frame(0x01, "a"), frame(0x89, "?"), frame(0x00, ""), frame(0x80, "b")),
    ["ping ?", "text ab"],
  ],
  ["a character in two fragments", concat(frame(0x01, "\xc3"), frame(0x80, "\xa9")), ["text \xc3\xa9"]],
  ["a pong", frame(0x8a, "!"), ["pong !"]],
  ["an empty close frame", frame(0x88, ""), ["close 1005 "]],
  ["a close frame, and nothing behind it", concat(frame(0x88, "\x03\xe8bye"), frame(0x81, "late")), ["close 1000 bye"]],
])("%s is read, however it is cut", (_, bytes, told) => {
  expect(read([bytes])).toEqual([...told]);
  for (let place = 1; place < bytes.length; place++) expect(read(split(bytes, [place]))).toEqual([...told]);
  expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual([...told]);
});

describe("a peer breaks the rules with", () => {
  test.each([
    ["c1 00", "1002 reserved bits are set"],
    ["83 00", "1002 unknown opcode 3"],
    ["8b 00", "1002 unknown opcode 11"],
    ["81 80 00 00 00 00", "1002 a frame is masked"],
    ["09 00", "1002 a control frame is fragmented"],
    ["89 7e 00 7e", "1002 a control frame is longer than 125 bytes"],
    ["81 7e 00 7d", "1002 a length is not in its shortest form"],
    ["81 7f 00 00 00 00 00 00 00 01", "1002 a length is not in its shortest form"],
    ["81 7f 7f ff ff ff ff ff ff ff", "1009 a message is longer than 1000 bytes"],
    ["80 00", "1002 a continuation of no message"],
    ["01 01 61 81 01 62", "1002 a message begins within another"],
    ["81 01 ff", "1007 a text is not UTF-8"],
    ["81 05 ed a0 80 61 61", "1007 a text is not UTF-8"],
    ["81 01 c3", "1007 a text is not UTF-8"],
    ["88 01 03", "1002 a close frame has no valid code"],
    ["88 02 03 ed", "1002 a close frame has no valid code"],
    ["88 03 03 e8 ff", "1007 a close frame's reason is not UTF-8"],
  ])("%s", (digits, why) => {
    const bytes = hex(digits);
    expect(read([bytes])).toEqual([`broke ${why}`]);
    expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual([`broke ${why}`]);
  });

  test("a message of many fragments that is too long", () => {
    const fragments = Array.from({ length: 9 }, (_, index) => frame(index === 0 ? 2 : 0, "x".repeat(125)));
    expect(read(fragments)).toEqual(["broke 1009 a message is longer than 1000 bytes"]);
  });

  test("a text that is not UTF-8, before its frame is complete", () => {
    expect(read([hex("81 7e 03 00 61 f4 90")])).toEqual(["broke 1007 a text is not UTF-8"]);
  });
});

test("masked content is unmasked in pieces", () => {
  const bytes = hex("81 85 37 fa 21 3d 7f 9f 4d 51 58");
  for (let place = 1; place < bytes.length; place++)
    expect(read(split(new Uint8Array(bytes), [place]), true)).toEqual(["text Hello"]);
});

const SEEDS = [
  frame(0x81, "Hello"),
  frame(0x82, "\x00\xff"),
  concat(frame(0x01, "a"), frame(0x89, "?"), frame(0x80, "b")),
  frame(0x88, "\x03\xe8bye"),
  frame(0x8a, "pong"),
  hex(`82 7e 00 80 ${"61".repeat(128)}`),
  hex("82 7f 00 00 00 00 00 01 00 00"),
  concat(frame(0x81, encoder.encode("Grüße, 世界 🌍")), frame(0x81, "")),
];

/** How a stream is cut into chunks changes nothing: `TENK_FUZZ=5000000` gives it so many. */
run("frames of a server", SEEDS, (bytes, random) => {
  const whole = read([new Uint8Array(bytes)]);
  const places = Array.from({ length: 1 + random(6) }, () => random(bytes.length + 1));
  const cut = read(split(new Uint8Array(bytes), places));
  if (whole.join() !== cut.join()) throw new Error(`whole: ${whole.join()}, cut: ${cut.join()}`);
  if (whole.slice(0, -1).some((line) => /^(close|broke)/.test(line)))
    throw new Error("told of something after the end");
});
