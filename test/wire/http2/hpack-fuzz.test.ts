import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeHuffman, encodeHuffman, huffmanLength } from "../../../src/wire/http2/huffman.ts";
import { FieldSection, type FieldSectionLimits, HpackDecoder, HpackEncoder } from "../../../src/wire/http2/mod.ts";
import { fuzz } from "../fuzz.ts";
import { hex } from "../support.ts";
import { encodeLines, LIMITS, linesOf } from "./support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 200);

test("every text comes back from its Huffman code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (text) => {
      const code = new Uint8Array(400);
      const end = encodeHuffman(text, 0, text.length, code, 0);
      expect(end).toBe(huffmanLength(text, 0, text.length));
      const back = new Uint8Array(400);
      expect(back.subarray(0, decodeHuffman(code, 0, end, back, 0))).toEqual(text);
    }),
    { numRuns: RUNS },
  );
});

test("blocks of one connection come back, however the table is limited between them", () => {
  const name = fc.constantFrom("Server", "X-A", "x-request-id", "content-type", "ETag", "set-cookie", "x-".repeat(40));
  const value = fc.oneof(
    fc.constantFrom("a", "text/html; charset=utf-8", "é\u00ff"),
    fc.stringMatching(/^[!-~]{0,90}$/),
  );
  const block = fc.array(fc.tuple(name, value), { maxLength: 8 });
  const limit = fc.option(fc.constantFrom(0, 40, 100, 300, 4096, 65_536));
  fc.assert(
    fc.property(fc.array(fc.tuple(block, limit), { maxLength: 12 }), (blocks) => {
      const encoder = new HpackEncoder();
      const decoder = new HpackDecoder();
      const section = new FieldSection(LIMITS);
      for (const [fields, tableBytes] of blocks) {
        if (tableBytes !== null) encoder.limitTable(tableBytes);
        const bytes = encodeLines(
          encoder,
          fields.map(([n, v]) => `${n}: ${v}`),
        );
        expect(decoder.decode(bytes, 0, bytes.length, section)).toBe(true);
        expect(linesOf(section)).toEqual(fields.map(([n, v]) => `${n.toLowerCase()}: ${v}`));
        if (bytes.length > 0) expect(decoder.tableBytes).toBe(encoder.tableBytes);
      }
    }),
    { numRuns: RUNS },
  );
});

const BLOCKS = [
  "828684410f7777772e6578616d706c652e636f6d",
  "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
  "828684418cf1e3c2e5f23a6ba0ab90f4ff5886a8eb10649cbf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
  "3fe11f88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab",
  "20400161016240016103626263bebfbebfc00f0a0161",
].map(hex);

test("foreign blocks: no throw, no more than the limits, and the same whatever lies around them", () => {
  const limits = { maxBytes: 600, maxFields: 12, maxBlockBytes: 4096 };
  const sections = [new FieldSection(limits), new FieldSection(limits)] as const;
  fuzz(BLOCKS, (bytes, random) => {
    const tableBytes = random(2) === 0 ? 200 : 4096;
    const decoders = [new HpackDecoder(tableBytes), new HpackDecoder(tableBytes)] as const;
    const shifted = new Uint8Array(bytes.length + 2).fill(0xff);
    shifted.set(bytes, 1);
    for (let count = 0; count < 3; count++) {
      const isDecoded = decoders[0].decode(bytes, 0, bytes.length, sections[0]);
      if (decoders[1].decode(shifted, 1, bytes.length + 1, sections[1]) !== isDecoded)
        throw new Error("another result");
      if (!isDecoded) return;
      check(sections[0], limits);
      if (String(linesOf(sections[0])) !== String(linesOf(sections[1]))) throw new Error("other lines");
      if (decoders[0].tableBytes > tableBytes) throw new Error("a table beyond its limit");
    }
  });
});

function check(section: FieldSection, limits: FieldSectionLimits): void {
  if (section.length > limits.maxBytes || section.count > limits.maxFields) throw new Error("more than the limits");
  if (section.isMalformed) return;
  for (const line of linesOf(section))
    if (!/^:?[^\s:A-Z]+: [^\r\n\0]*$/.test(line)) throw new Error(`no line: ${line}`);
}
