import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Budget } from "../../../src/http/http2/budget.ts";
import { ByteQueue, release } from "../../../src/http/http2/byte-queue.ts";
import { FrameReader, type FrameSink } from "../../../src/http/http2/frame-reader.ts";
import { ReceiveWindow } from "../../../src/http/http2/receive-window.ts";
import { FrameFlag, FrameType, PREFACE } from "../../../src/wire/http2/mod.ts";
import { concat, split } from "../../wire/support.ts";
import { frame } from "./support.ts";

const RUNS = Number(process.env.TENK_RUNS ?? 200);
const MAX_FRAME_BYTES = 300;
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Writes down what it gets; the parts of DATA as one text. */
class Notes implements FrameSink {
  isClosing = false;
  readonly notes: string[] = [];
  #data = "";

  frame(type: number, flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    this.notes.push(`${type} ${flags} ${streamId} ${hexOf(bytes.subarray(from, to))}`);
  }
  dataBegins(streamId: number, flags: number, length: number): void {
    this.#data = `data ${flags} ${streamId} ${length} `;
  }
  dataPart(bytes: Uint8Array, from: number, to: number): void {
    this.#data += hexOf(bytes.subarray(from, to));
  }
  dataEnds(flags: number): void {
    this.notes.push(`${this.#data} ${flags}`);
  }
}

/** @returns what was read, and the error that ended it */
function read(chunks: readonly Uint8Array[]): string[] {
  const sink = new Notes();
  const reader = new FrameReader(sink, MAX_FRAME_BYTES);
  try {
    for (const chunk of chunks) {
      reader.read(chunk);
      chunk.fill(0xee);
    }
  } catch (error) {
    return [...sink.notes, String(error)];
  }
  return sink.notes;
}

const frames = fc.array(
  fc
    .record({
      type: fc.integer({ min: 0, max: 11 }),
      flags: fc.constantFrom(0, 1, 4, 5, FrameFlag.padded),
      streamId: fc.integer({ min: 0, max: 9 }),
      payload: fc.uint8Array({ maxLength: MAX_FRAME_BYTES + 10 }),
    })
    .map(({ type, flags, streamId, payload }) => frame(type, flags, streamId, payload)),
  { maxLength: 6 },
);

test("frames are the same, however the bytes are split", () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(2000), { maxLength: 12 }), (given, cuts) => {
      const bytes = concat(PREFACE, ...given);
      const places = cuts.map((place) => place % (bytes.length + 1));
      expect(read(split(bytes, places))).toEqual(read([bytes.slice()]));
    }),
    { numRuns: RUNS },
  );
});

describe("the reader refuses", () => {
  test.each([
    ["another protocol", concat(new TextEncoder().encode("GET / HTTP/1.1\r\n")), "not the preface"],
    ["a long frame, before it came", concat(PREFACE, frame(1, 0, 1, new Uint8Array(301)).subarray(0, 9)), "301 bytes"],
  ])("%s", (_, bytes, message) => {
    expect(read([bytes.slice()]).at(-1)).toContain(message);
    expect(
      read(
        split(
          bytes,
          Array.from({ length: bytes.length }, (_, index) => index),
        ),
      ).at(-1),
    ).toContain(message);
  });
});

test("content behind a head is seen where both came together", () => {
  const seen: boolean[] = [];
  const sink = new Notes();
  const reader = new FrameReader(sink, MAX_FRAME_BYTES);
  sink.frame = () => seen.push(reader.contentFollows(1));
  const head = frame(FrameType.headers, 4, 1);
  const data = frame(FrameType.data, 0, 1, new Uint8Array(2));
  reader.read(concat(PREFACE, head, data, head, frame(FrameType.data, 1, 1), head, frame(FrameType.data, 0, 3), head));
  expect(seen).toEqual([true, false, false, false]);
});

test("a budget is used up and comes back with time", () => {
  const budget = new Budget(3, 10);
  const take = (nowMs: number, count: number) => Array.from({ length: count }, () => budget.take(nowMs));
  expect(take(0, 4)).toEqual([true, true, true, false]);
  expect(take(200, 2)).toEqual([true, false]);
  expect(take(1e9, 4)).toEqual([true, true, true, false]);
});

test("a window is opened by halves, by what was taken", () => {
  const window = new ReceiveWindow(100_000);
  expect([window.receive(100_000), window.receive(1)]).toEqual([true, false]);
  expect([window.take(49_999), window.take(1), window.take(50_001)]).toEqual([0, 50_000, 50_001]);
  expect([window.isHalfUsed, window.receive(50_000), window.isHalfUsed]).toEqual([false, true, true]);
});

test("a queue gives back what went in, whatever the pieces", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.nat(9000).map((length) => new Uint8Array(length).fill(7)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, fc.nat(9000)), { maxLength: 20 }), (steps) => {
      const queue = new ByteQueue();
      let expected: Uint8Array = new Uint8Array(0);
      for (const [bytes, most] of steps) {
        queue.push(bytes);
        expected = concat(expected, bytes);
        const first = queue.first().slice(0, most);
        expect(first).toEqual(expected.slice(0, first.length));
        queue.take(first.length);
        expected = expected.slice(first.length);
        expect(queue.length).toBe(expected.length);
      }
      while (queue.length > 0) {
        const first = queue.first().slice();
        expect(first.length).toBeGreaterThan(0);
        expect(first).toEqual(expected.slice(0, first.length));
        queue.take(first.length);
        expected = expected.slice(first.length);
      }
      expect([expected.length, queue.first().length]).toEqual([0, 0]);
    }),
    { numRuns: RUNS },
  );
});

test("bytes that come one by one are kept in blocks", () => {
  const queue = new ByteQueue();
  for (let count = 0; count < 10_000; count++) queue.push(new Uint8Array([count]));
  let runs = 0;
  for (; queue.length > 0; runs++) queue.take(queue.first().length);
  expect(runs).toBe(2);
});

test("blocks of a long queue are used again once they are released, and not before", () => {
  const queue = new ByteQueue();
  queue.push(new Uint8Array(40_000));
  const first = queue.first();
  const emptied = queue.take(first.length);
  const other = new ByteQueue();
  other.push(new Uint8Array(20_000));
  expect(other.first().buffer).not.toBe(first.buffer);
  release(emptied);
  const third = new ByteQueue();
  third.push(new Uint8Array(20_000));
  expect(third.first().buffer).toBe(first.buffer);
});
