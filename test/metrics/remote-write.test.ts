import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { snappy, timedSamples, writeRequest } from "../../src/metrics/mod.ts";
import { readWriteRequest, unsnappy } from "./remote-write-support.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("snappy", () => {
  test.each([
    ["nothing", "", "00"],
    ["a byte", "a", "010061"],
    ["what does not repeat", "abcdef", `0614${hex(Buffer.from("abcdef"))}`],
    // 1 literal "a", then 15 bytes from 1 back
    ["one byte again and again", "a".repeat(16), "1000613a0100"],
    // 5 literals, then 5 bytes from 5 back in the short form
    ["a word twice", "abcdeabcde", `0a10${hex(Buffer.from("abcde"))}0505`],
  ])("%s", (_, text, expected) => {
    expect(hex(snappy(Buffer.from(text)))).toBe(expected);
  });

  test.each([60, 61, 256, 257, 300, 65_535, 65_536, 65_537, 200_000])("%d bytes that do not repeat", (length) => {
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(length, 65_536)));
    const input = new Uint8Array(length).map((_, index) => bytes[index % bytes.length]! ^ (index >> 16));
    expect(unsnappy(snappy(input))).toEqual(input);
  });

  test.each([4, 11, 12, 63, 64, 65, 66, 67, 68, 69, 128, 132, 1000])("a repetition of %d bytes", (length) => {
    for (const gap of [0, 3000]) {
      const word = crypto.getRandomValues(new Uint8Array(length));
      const input = Buffer.concat([word, crypto.getRandomValues(new Uint8Array(gap)), word]);
      expect(Buffer.from(unsnappy(snappy(input)))).toEqual(input);
    }
  });

  test("shrinks repetitions", () => {
    const names = Array.from(
      { length: 5000 },
      (_, index) => `tenk_tcp_bytes_read_total{listener="${index % 9}"} ${index}\n`,
    );
    const input = Buffer.from(names.join(""));
    const compressed = snappy(input);
    expect(compressed.length).toBeLessThan(input.length / 4);
    expect(Buffer.from(unsnappy(compressed))).toEqual(input);
  });

  test("decompressing returns the input", () => {
    const fewLetters = fc.array(fc.constantFrom(1, 2, 3), { maxLength: 3000 }).map((each) => Uint8Array.from(each));
    const words = fc.array(fc.constantFrom("listener", "reason", "=", "\n", "tenk_"), { maxLength: 500 });
    const inputs = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fewLetters,
      words.map((each) => Buffer.from(each.join(""))),
    );
    fc.assert(
      fc.property(inputs, (input) => {
        expect(hex(unsnappy(snappy(input)))).toBe(hex(input));
      }),
      { numRuns: 200 },
    );
  });
});

describe("a write request", () => {
  test("has the bytes of the protocol's description", () => {
    const bytes = writeRequest([{ labels: [["__name__", "up"]], value: 1, atMs: 300 }]);
    const label = `0a08${hex(Buffer.from("__name__"))}1202${hex(Buffer.from("up"))}`;
    const sample = "09000000000000f03f10ac02";
    expect(hex(bytes)).toBe(`0a1e0a0e${label}120c${sample}`);
  });

  test("has each sample of each family, with its labels sorted and none of them empty", () => {
    const families = [
      { name: "b_seconds", help: "B.", type: "histogram" as const, samples: [{ value: 2, labels: { le: "+Inf" }, suffix: "_bucket" }] },
      { name: "a_total", help: "A.", type: "counter" as const, samples: [{ value: 1, labels: { z: "1", A: "", B: "ä", job: "own" } }] },
    ]; // biome-ignore format: a table
    const read = readWriteRequest(
      writeRequest(timedSamples(families, { job: "tenk", instance: "box" }, 1_800_000_000_123)),
    );
    expect(read.map(({ labels, values, times }) => [Object.fromEntries(labels), values, times])).toEqual([
      [{ __name__: "b_seconds_bucket", instance: "box", job: "tenk", le: "+Inf" }, [2], [1_800_000_000_123]],
      [{ __name__: "a_total", B: "ä", instance: "box", job: "own", z: "1" }, [1], [1_800_000_000_123]],
    ]);
    for (const { labels } of read) expect(labels.map(([name]) => name)).toEqual(labels.map(([name]) => name).sort());
  });

  test("distinguishes the end of a series from NaN", () => {
    const values = ["stale", Number.NaN, -0.5, Number.POSITIVE_INFINITY] as const;
    const read = readWriteRequest(writeRequest(values.map((value) => ({ labels: [], value, atMs: 0 }))));
    expect(read.map(({ bits }) => bits[0])).toEqual([
      "7ff0000000000002",
      "7ff8000000000000",
      "bfe0000000000000",
      "7ff0000000000000",
    ]);
  });

  test("decoding returns the encoded samples", () => {
    const label = fc.tuple(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme", maxLength: 300 }));
    const atMs = fc.nat(Number.MAX_SAFE_INTEGER);
    const sample = fc.record({ labels: fc.array(label, { maxLength: 5 }), value: fc.double(), atMs });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 20 }), (samples) => {
        const read = readWriteRequest(unsnappy(snappy(writeRequest(samples))));
        expect(read.map(({ labels, values, times }) => ({ labels, value: values[0], atMs: times[0] }))).toEqual(
          samples,
        );
      }),
      { numRuns: 200 },
    );
  });
});
