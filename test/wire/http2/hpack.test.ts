import { describe, expect, test } from "bun:test";
import { FieldSection, HpackDecoder, HpackEncoder } from "../../../src/wire/http2/mod.ts";
import { hex, latin1 } from "../support.ts";
import { decodeHex, encodeLines, LIMITS, linesOf } from "./support.ts";

const REQUESTS = [
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"],
  [":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"],
];
const SEEN = "date: Mon, 21 Oct 2013 20:13:21 GMT";
const RESPONSES = [
  [":status: 302", "cache-control: private", SEEN, "location: https://www.example.com"],
  [":status: 307", "cache-control: private", SEEN, "location: https://www.example.com"],
  [
    ":status: 200",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:22 GMT",
    "location: https://www.example.com",
    "content-encoding: gzip",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
];

/** RFC 7541 Appendix C: the table's size, then for each block its bytes, its fields and the table's size after it. */
const VECTORS: [name: string, tableBytes: number, blocks: [string, string[], number][]][] = [
  [
    "C.2.1 literal with indexing",
    4096,
    [["400a637573746f6d2d6b65790d637573746f6d2d686561646572", ["custom-key: custom-header"], 55]],
  ],
  ["C.2.2 literal without indexing", 4096, [["040c2f73616d706c652f70617468", [":path: /sample/path"], 0]]],
  ["C.2.3 literal never indexed", 4096, [["100870617373776f726406736563726574", ["password: secret"], 0]]],
  ["C.2.4 indexed", 4096, [["82", [":method: GET"], 0]]],
  [
    "C.3 requests without Huffman code",
    4096,
    [
      ["828684410f7777772e6578616d706c652e636f6d", REQUESTS[0]!, 57],
      ["828684be58086e6f2d6361636865", REQUESTS[1]!, 110],
      ["828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565", REQUESTS[2]!, 164],
    ],
  ],
  [
    "C.4 requests with Huffman code",
    4096,
    [
      ["828684418cf1e3c2e5f23a6ba0ab90f4ff", REQUESTS[0]!, 57],
      ["828684be5886a8eb10649cbf", REQUESTS[1]!, 110],
      ["828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", REQUESTS[2]!, 164],
    ],
  ],
  [
    "C.5 responses without Huffman code, with evictions",
    256,
    [
      [
        "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54" +
          "6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
        RESPONSES[0]!,
        222,
      ],
      ["4803333037c1c0bf", RESPONSES[1]!, 222],
      [
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d" +
          "4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
        RESPONSES[2]!,
        215,
      ],
    ],
  ],
  [
    "C.6 responses with Huffman code, with evictions",
    256,
    [
      [
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff" +
          "6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        RESPONSES[0]!,
        222,
      ],
      ["4883640effc1c0bf", RESPONSES[1]!, 222],
      [
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960" +
          "d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
        RESPONSES[2]!,
        215,
      ],
    ],
  ],
];

describe("RFC 7541 Appendix C:", () => {
  test.each(VECTORS)("%s", (_, tableBytes, blocks) => {
    const decoder = new HpackDecoder(tableBytes);
    for (const [digits, lines, bytes] of blocks) {
      expect(decodeHex(decoder, digits)).toEqual(lines);
      expect(decoder.tableBytes).toBe(bytes);
    }
  });
});

describe("the decoder refuses", () => {
  test.each([
    ["index 0", "80"],
    ["an index behind the table", "be"],
    ["a name behind the table", "7e0161"],
    ["an integer without end", "ffffffffffff01"],
    ["an integer that is cut off", "ff"],
    ["a text that is cut off", "400a6375"],
    ["a literal without value", "000161"],
    ["Huffman padding of zeros", "008125016100"],
    ["Huffman padding of a byte", "0001618325ffff"],
    ["the end of string in a Huffman text", "00016184ffffffff"],
    ["a size update behind a field", "8220"],
    ["a size update above the limit", "3fe21f"],
  ])("%s", (_, digits) => {
    expect(decodeHex(new HpackDecoder(), digits)).toBeUndefined();
  });

  test("a block that is too long", () => {
    const bytes = new Uint8Array(LIMITS.maxBlockBytes + 1).fill(0x82);
    expect(new HpackDecoder().decode(bytes, 0, bytes.length, new FieldSection(LIMITS))).toBe(false);
  });
});

describe("a field that HTTP/2 forbids marks its section:", () => {
  test.each([
    ["a capital letter", "0001580161"],
    ["a space in a name", "0003612062 0161"],
    ["an empty name", "00000161"],
    ["a colon in a name", "0003613a62 0161"],
    ["a line break in a value", "000161 03610a62"],
    ["a NUL in a value", "000161 03610062"],
    ["a space in front of a value", "000161 022061"],
    ["a tab behind a value", "000161 026109"],
  ])("%s", (_, digits) => {
    const decoder = new HpackDecoder();
    const section = new FieldSection(LIMITS);
    expect(decodeHex(decoder, digits, section)).toBeDefined();
    expect(section.isMalformed).toBe(true);
    expect(decodeHex(decoder, "82", section)).toEqual([":method: GET"]);
    expect(section.isMalformed).toBe(false);
    // In the table it stays what it is.
    decodeHex(decoder, `40${digits.slice(2)}`, section);
    decodeHex(decoder, "be", section);
    expect(section.isMalformed).toBe(true);
  });
});

test("a size update empties the table, and a larger entry than it holds does too", () => {
  const decoder = new HpackDecoder(256);
  decodeHex(decoder, "400161 0162");
  expect(decoder.tableBytes).toBe(34);
  decodeHex(decoder, "20");
  expect(decoder.tableBytes).toBe(0);
  expect(decodeHex(decoder, "be")).toBeUndefined();
  decodeHex(decoder, "3fe101 400161 0162");
  expect(decodeHex(decoder, `4001617fb101${"62".repeat(304)}`)).toHaveLength(1);
  expect(decoder.tableBytes).toBe(0);
});

test("references to a large field cost no more than the limit of the section", () => {
  const decoder = new HpackDecoder();
  const section = new FieldSection({ maxBytes: 8192, maxFields: 100, maxBlockBytes: 16_384 });
  decodeHex(decoder, `4001617fa11e${"62".repeat(4000)}`, section);
  expect(decoder.tableBytes).toBe(4033);
  const bomb = new Uint8Array(16_384).fill(0xbe);
  expect(decoder.decode(bomb, 0, bomb.length, section)).toBe(true);
  expect([section.isTooLarge, section.count]).toEqual([true, 2]);
  expect(section.length).toBeLessThanOrEqual(8192);
  // The table follows the peer's all the same.
  expect(decodeHex(decoder, "be", section)?.[0]).toBe(`a: ${"b".repeat(4000)}`);
});

test("literals that refer to a long name a thousand times end the connection", () => {
  const decoder = new HpackDecoder();
  decodeHex(decoder, `407fa11e${"62".repeat(4000)}00`);
  expect(decodeHex(decoder, "7e00".repeat(5))).toHaveLength(4);
  expect(decodeHex(decoder, "7e00".repeat(5000))).toBeUndefined();
});

test("a field is indexed when it comes again, and one byte from then on", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder();
  const section = new FieldSection(LIMITS);
  const lines = ["Server: tenk", "X-Frame-Options: DENY"];
  const sizes = [1, 2, 3].map(() => {
    const block = encodeLines(encoder, lines);
    expect(decoder.decode(block, 0, block.length, section)).toBe(true);
    expect(linesOf(section)).toEqual(["server: tenk", "x-frame-options: DENY"]);
    expect(decoder.tableBytes).toBe(encoder.tableBytes);
    return block.length;
  });
  expect(sizes[2]).toBe(2);
});

test("a prepared line is found by its identity, as long as its entry is in the table", () => {
  const encoder = new HpackEncoder(100);
  const decoder = new HpackDecoder(100);
  const section = new FieldSection(LIMITS);
  const line = latin1("a: b");
  const out = new Uint8Array(200);
  /** @returns whether the identity was enough */
  const send = (...others: string[]) => {
    let at = encoder.begin(out, 0);
    for (const other of others) {
      const bytes = latin1(other);
      at = encoder.field(out, at, bytes, 0, 1, 3, bytes.length, 0);
    }
    const end = encoder.prepared(out, at, line);
    at = end >= 0 ? end : encoder.field(out, at, line, 0, 1, 3, 4, 0);
    if (end < 0) encoder.remember(line);
    encoder.commit();
    expect(decoder.decode(out, 0, at, section)).toBe(true);
    expect(linesOf(section)).toEqual([...others, "a: b"]);
    return end >= 0;
  };
  // Once it is a literal, then it goes into the table, then it is found there, and known from then on.
  expect([send(), send(), send(), send(), send("c: d")]).toEqual([false, false, false, true, true]);
  // A new entry of the same block may push it out, and two do.
  expect([send("c: d"), send("e: f"), send("e: f"), send("e: f")]).toEqual([true, true, false, false]);
  expect(decoder.tableBytes).toBe(encoder.tableBytes);
});

test("a block that is not committed leaves no trace", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder();
  const section = new FieldSection(LIMITS);
  const line = latin1("a: b");
  encodeLines(encoder, ["a: b"]);
  const out = new Uint8Array(100);
  encoder.field(out, encoder.begin(out, 0), line, 0, 1, 3, 4, 0);
  expect(encoder.tableBytes).toBe(0);
  for (let count = 0; count < 3; count++) {
    const block = encodeLines(encoder, ["a: b"]);
    expect(decoder.decode(block, 0, block.length, section)).toBe(true);
    expect(linesOf(section)).toEqual(["a: b"]);
  }
  expect([encoder.tableBytes, decoder.tableBytes]).toEqual([34, 34]);
});

test("cookies and credentials never go into the table, and say so", () => {
  const encoder = new HpackEncoder();
  for (let count = 0; count < 3; count++) {
    for (const line of ["set-cookie: a=b", "authorization: Basic eDp5"]) {
      const block = encodeLines(encoder, [line]);
      expect(block[0]! & 0xf0).toBe(0x10);
    }
  }
  expect(encoder.tableBytes).toBe(0);
});

test("a smaller table of the peer is announced before the next field, its least size first", () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder();
  const section = new FieldSection(LIMITS);
  const send = (lines: string[]) => {
    const block = encodeLines(encoder, lines);
    expect(decoder.decode(block, 0, block.length, section)).toBe(true);
    return block;
  };
  send(["a: b"]);
  send(["a: b"]);
  encoder.limitTable(0);
  encoder.limitTable(100);
  expect(send(["a: b"]).subarray(0, 3)).toEqual(hex("203f45"));
  expect(send(["a: b"])[0]).toBe(0xbe);
  expect(decoder.tableBytes).toBe(encoder.tableBytes);
});

test("status and length are written without strings", () => {
  const encoder = new HpackEncoder();
  const section = new FieldSection(LIMITS);
  const out = new Uint8Array(100);
  for (const [status, length] of [
    [200, 0],
    [404, 9],
    [599, 1_234_567_890_123],
  ] as const) {
    const at = encoder.contentLength(out, encoder.status(out, 0, status), length);
    expect(new HpackDecoder().decode(out, 0, at, section)).toBe(true);
    expect(linesOf(section)).toEqual([`:status: ${status}`, `content-length: ${length}`]);
  }
});
