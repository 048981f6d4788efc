import { expect, test } from "bun:test";
import { Head, HeadAssembler, readRequest } from "../../../src/wire/http1/mod.ts";
import { bytesOf } from "./support.ts";

const TEXT = "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";

test("a head in two or three pieces, cut anywhere, is put together", () => {
  const bytes = bytesOf(`${TEXT}next`);
  const head = new Head();
  for (let first = 0; first < TEXT.length; first++) {
    for (let second = first; second < TEXT.length; second++) {
      const assembler = new HeadAssembler();
      expect(assembler.add(bytes, 0, first)).toBe(0);
      expect(assembler.add(bytes, first, second)).toBe(0);
      expect(assembler.add(bytes, second, bytes.length)).toBe(TEXT.length - second);
      expect(readRequest(head, assembler.bytes, 0, assembler.length)).toBe(TEXT.length);
    }
  }
});

test("after clear the next head begins anew", () => {
  const assembler = new HeadAssembler();
  const bytes = bytesOf(TEXT);
  for (let round = 0; round < 3; round++) {
    expect(assembler.add(bytes, 0, 3)).toBe(0);
    expect(assembler.add(bytes, 3, bytes.length)).toBe(TEXT.length - 3);
    assembler.clear();
    expect(assembler.length).toBe(0);
  }
});

test.each([
  ["GET / HTTP/1.1\nHost: a\r\n\r\n", -400, "bad-line-end"],
  ["\nGET / HTTP/1.1\r\n", -400, "bad-line-end"],
  [`GET / HTTP/1.1\r\nX: ${"a".repeat(100)}\r\n\r\n`, -431, "head-too-long"],
])("%j byte by byte is refused", (text, error, refusal) => {
  const assembler = new HeadAssembler(100);
  const bytes = bytesOf(text);
  let result = 0;
  for (let at = 0; at < bytes.length && result === 0; at++) result = assembler.add(bytes, at, at + 1);
  expect([result, assembler.refusal]).toEqual([error, refusal as never]);
});

test("a head of exactly the maximum fits, and no byte more", () => {
  const bytes = bytesOf(TEXT);
  expect(new HeadAssembler(TEXT.length).add(bytes, 0, bytes.length)).toBe(TEXT.length);
  expect(new HeadAssembler(TEXT.length - 1).add(bytes, 0, bytes.length)).toBe(-431);
});
