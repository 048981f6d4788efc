import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  compileConstant,
  compileMessages,
  filesNamedIn,
  type MessagePart,
  SeededRandom,
} from "../../../src/load/message/mod.ts";
import { writeDecimal } from "../../../src/load/message/renderer.ts";

const text = (content: string, options: { first?: boolean; unescape?: boolean } = {}): MessagePart => ({
  kind: "text",
  text: content,
  first: options.first ?? false,
  unescape: options.unescape ?? false,
});

const NOW_US = 0x63c1a7f5d2e40;

function seeded(seed: number): () => number {
  const random = new SeededRandom();
  random.reseed(seed, 0, 0);
  return random.next;
}

const compile = (...parts: MessagePart[]) => compileMessages({ parts, random: seeded(1) });
const read = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

test("a constant message is the same array for every connection and every time", () => {
  const source = compile(text("PI", { unescape: true }), text("NG\\n", { unescape: true }), text('\\{"!"}'));
  expect(source).toMatchObject({ constant: true, constantLengthBytes: 6, maxLengthBytes: 6, hasMarker: false });
  expect(read(source.nextBytes(1, 0))).toBe("PING\n!");
  expect(source.nextBytes(2, 5)).toBe(source.nextBytes(1, 0));
});

test("all messages together are one, and so are all first messages, in their order", () => {
  const source = compile(text("b"), text("1st ", { first: true }), text("c"), text("2nd", { first: true }));
  expect(read(source.firstBytes(1, 0))).toBe("1st 2nd");
  expect(read(source.nextBytes(1, 0))).toBe("bc");
  expect(source.messagesPerCycle).toBe(1);
});

test("without messages nothing is sent", () => {
  const source = compile();
  expect(source).toMatchObject({ constant: true, constantLengthBytes: 0, hasMarker: false });
  expect(source.firstBytes(1, 0)).toBeUndefined();
  expect(source.nextBytes(1, 0).length).toBe(0);
});

test("the numbers of a connection are its own", () => {
  const source = compile(text("\\{connection.uid} \\{connection.uid % 10} \\{connection.uid%100%7};"));
  expect(read(source.nextBytes(123, 0))).toBe("123 3 2;");
  expect(read(source.nextBytes(7, 0))).toBe("7 7 0;");
  expect(source.constantLengthBytes).toBeUndefined();
  expect(compile(text("\\{connection.uid % 10}")).constantLengthBytes).toBe(1);
  const pointers = compile(text("\\{connection.ptr}"));
  expect(read(pointers.nextBytes(1, 0))).toMatch(/^0x7f[0-9a-f]{10}$/);
  expect(read(pointers.nextBytes(1, 0))).not.toBe(read(pointers.nextBytes(2, 0)));
});

test("a marker is tcpkali's, patched in place, and every one in the message has the same time", () => {
  const source = compile(text("<\\{message.marker}|\\{message.marker}>"));
  expect(source).toMatchObject({ constant: false, hasMarker: true, constantLengthBytes: 63 });
  const bytes = source.nextBytes(1, NOW_US);
  expect(read(bytes)).toBe("<TCPKaliMsgTS-00063c1a7f5d2e40.|TCPKaliMsgTS-00063c1a7f5d2e40.>");
  expect(source.nextBytes(2, NOW_US + 1)).toBe(bytes);
  expect(read(bytes)).toBe("<TCPKaliMsgTS-00063c1a7f5d2e41.|TCPKaliMsgTS-00063c1a7f5d2e41.>");
});

test("a marker behind text of changing length is patched where it stands", () => {
  const source = compile(text("\\{connection.uid}\\{re x{0,5}}\\{message.marker}"));
  const texts = Array.from({ length: 300 }, (_, uid) => read(source.nextBytes(uid, uid))!);
  for (const [uid, sent] of texts.entries()) {
    expect(sent).toMatch(new RegExp(`^${uid}x{0,5}TCPKaliMsgTS-${uid.toString(16).padStart(16, "0")}\\.$`));
  }
  expect(new Set(texts.slice(100).map((sent) => sent.length)).size).toBe(6);
});

test("a random text is drawn once a run, once a connection or once a message", () => {
  const source = compile(text("\\{global.re [a-z]{12}} \\{connection.re [a-z]{12}} \\{re [a-z]{12}}"));
  const [one, again, other] = [1, 1, 2].map((uid) => read(source.nextBytes(uid, 0))!.split(" "));
  expect(one![0]).toBe(again![0]!);
  expect(one![0]).toBe(other![0]!);
  expect(one![1]).toBe(again![1]!);
  expect(one![1]).not.toBe(other![1]!);
  expect(one![2]).not.toBe(again![2]!);
});

test("what was drawn for a connection is the same whatever others did in between", () => {
  const source = compile(text("\\{connection.re [a-z]{20}}"));
  const before = [1, 2, 3].map((uid) => read(source.nextBytes(uid, 0)));
  expect([3, 2, 1].map((uid) => read(source.nextBytes(uid, 0))).reverse()).toEqual(before);
  const texts = new Set(Array.from({ length: 10_000 }, (_, uid) => read(source.nextBytes(uid, 0))));
  expect(texts.size).toBe(10_000);
});

test("workers that share the global randomness send the same global text, whatever theirs is", () => {
  const parts = [text("\\{global.re [a-z]{20}}")];
  const workers = [1, 2].map((seed) => compileMessages({ parts, random: seeded(seed), globalRandom: seeded(9) }));
  expect(read(workers[0]!.nextBytes(1, 0))).toBe(read(workers[1]!.nextBytes(2, 0))!);
  expect(workers[0]!.constant).toBe(true);
});

test("files named in expressions are asked for once and their bytes sent as they are", () => {
  const parts = [text("a\\{<body.bin>}b\\{<body.bin>}", { unescape: true }), text("\\{<head>}", { first: true })];
  expect(filesNamedIn(parts)).toEqual(["body.bin", "head"]);
  const files = new Map([
    ["body.bin", new Uint8Array([0xff, 0x5c, 0x6e])],
    ["head", new Uint8Array([1])],
  ]);
  const source = compileMessages({ parts, files, random: Math.random });
  expect([...source.nextBytes(1, 0)]).toEqual([97, 0xff, 0x5c, 0x6e, 98, 0xff, 0x5c, 0x6e]);
  expect(() => compile(...parts)).toThrow("the file was not read");
});

test("messages are never longer than announced, and of the announced length where that is one", () => {
  const pieces = fc.constantFrom(
    "x", "\\{connection.uid}", "\\{connection.uid % 10}", "\\{connection.ptr}", "\\{connection.ptr % 1000}", "\\{re é{0,3}}",
    "\\{re [a-z]{4}}", "\\{connection.re .+}", "\\{message.marker}", "\\{global.re a*}",
  ); // biome-ignore format: a list
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 6 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
      (parts, uids) => {
        const source = compile(text(parts.join("")));
        for (const uid of uids) {
          const length = source.nextBytes(uid, NOW_US).length;
          expect(length).toBeLessThanOrEqual(source.maxLengthBytes);
          if (source.constantLengthBytes !== undefined) expect(length).toBe(source.constantLengthBytes);
        }
      },
    ),
  );
});

test("decimal digits are those that everyone writes", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const into = new Uint8Array(20);
      expect(read(into.subarray(2, writeDecimal(into, 2, value)))).toBe(String(value));
    }),
  );
});

test("a text to look for must not be empty and must not vary", () => {
  expect(read(compileConstant('PO\\{"NG"}\\n', { unescape: true, name: "--latency-marker" }))).toBe("PONG\n");
  expect(() => compileConstant("", { unescape: true, name: "--message-stop" })).toThrow("empty text (--message-stop)");
  expect(() => compileConstant("\\{connection.uid}", { unescape: true, name: "-x" })).toThrow(
    "expected text that never varies",
  );
});
