import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  byAnyChunk,
  byDelimiter,
  byLength,
  byMarker,
  compileMessages,
  messageMarkerFinder,
  type ReplyFinder,
  stopAt,
} from "../../../src/load/message/mod.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

/** What the finder counts when the stream comes in pieces of these lengths, the last one being the rest. */
function countCut(finder: ReplyFinder, stream: Uint8Array, lengths: readonly number[]): number {
  // The slots stand between others, which a finder must leave alone.
  const state = new Int32Array(finder.intsPerConnection + 2).fill(7);
  state.fill(0, 1, 1 + finder.intsPerConnection);
  let count = 0;
  let from = 0;
  for (const length of [...lengths, stream.length]) {
    count += finder.count(state, 1, stream.subarray(from, from + length));
    from += length;
  }
  expect([state[0], state[finder.intsPerConnection + 1]]).toEqual([7, 7]);
  return count;
}

/** As simple as can be: the oracle. */
function occurrences(stream: string, marker: string): number {
  return stream.split(marker).length - 1;
}

const fewLetters = (maxLength: number) => fc.string({ unit: fc.constantFrom("a", "b", "\n"), minLength: 1, maxLength });
const anyCut = fc.array(fc.nat(12), { maxLength: 20 });

test("markers are counted as a simple search counts them, however the stream is cut", () => {
  fc.assert(
    fc.property(fewLetters(60), fewLetters(5), fc.nat(4), anyCut, (stream, marker, skip, lengths) => {
      const expected = Math.max(0, occurrences(stream, marker) - skip);
      expect(countCut(byMarker(bytesOf(marker), skip), bytesOf(stream), lengths)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

test("cutting the same stream in two at every place gives the same count with every finder", () => {
  const marker = "TCPKaliMsgTS-00063c1a7f5d2e40.";
  const stream = bytesOf(`TCPKaliMsgTTCPKaliMsgTS-12${marker}x${marker}\nabcabcabcabd\nTCPKaliMsgTS-${marker}abc\n`);
  const table: [ReplyFinder, number][] = [
    [byMarker(bytesOf("abcabd")), 1],
    [byMarker(bytesOf("abc"), 2), 2],
    [byDelimiter(bytesOf("\n")), 3],
    [byLength(9), Math.floor(stream.length / 9)],
    [byLength(1), stream.length],
    [messageMarkerFinder(), 3],
  ];
  for (const [finder, expected] of table) {
    for (let cut = 0; cut <= stream.length; cut++) expect(countCut(finder, stream, [cut])).toBe(expected);
    const oneByOne = Array.from(stream, () => 1);
    expect(countCut(finder, stream, oneByOne)).toBe(expected);
  }
});

test("connections that take turns do not disturb one another", () => {
  const finder = byMarker(bytesOf("PONG"), 1);
  const state = new Int32Array(2 * finder.intsPerConnection);
  const counts = [0, 0];
  for (const [connection, chunk] of [[0, "PO"], [1, "PONGP"], [0, "NGPONG"], [1, "ON"], [0, "P"], [1, "GPONG"]] as const) {
    counts[connection]! += finder.count(state, connection * finder.intsPerConnection, bytesOf(chunk));
  } // biome-ignore format: a table
  expect(counts).toEqual([1, 2]);
});

test("lengths are counted over chunks of any size without losing a byte", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (lengths, size) => {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      expect(countCut(byLength(size), new Uint8Array(total), lengths)).toBe(Math.floor(total / size));
    }),
  );
});

test("without a way to tell replies apart every chunk that is not empty is one", () => {
  expect(countCut(byAnyChunk(), new Uint8Array(10), [3, 0, 2])).toBe(3);
});

test("a stop text is seen across chunks and nothing else is", () => {
  fc.assert(
    fc.property(fewLetters(40), fewLetters(4), anyCut, (stream, wanted, lengths) => {
      const finder = stopAt(bytesOf(wanted));
      const state = new Int32Array(finder.intsPerConnection);
      let seen = false;
      let from = 0;
      for (const length of [...lengths, stream.length]) {
        seen = finder.seen(state, 0, bytesOf(stream.slice(from, from + length))) || seen;
        from += length;
      }
      expect(seen).toBe(stream.includes(wanted));
    }),
    { numRuns: 500 },
  );
});

/** Text that begins like markers again and again, with whole ones in it. */
const nearlyMarkers = fc
  .array(
    fc.constantFrom(
      "TCPKaliMsg",
      "TCPKaliMsgTS-",
      "00063c1a",
      "7F5d2e40",
      ".",
      "T",
      "x",
      "TCPKaliMsgTS-00063c1a7f5d2e40.",
    ),
  )
  .map((parts) => parts.join(""));

test("message markers are found with their times as a regular expression finds them, however the stream is cut", () => {
  fc.assert(
    fc.property(nearlyMarkers, anyCut, (stream, lengths) => {
      const finder = messageMarkerFinder();
      const state = new Int32Array(finder.intsPerConnection);
      const times: number[] = [];
      let from = 0;
      for (const length of [...lengths, stream.length]) {
        const found = finder.count(state, 0, bytesOf(stream.slice(from, from + length)));
        times.push(...finder.timestampsUs.subarray(0, found));
        from += length;
      }
      const expected = [...stream.matchAll(/TCPKaliMsgTS-([0-9a-fA-F]{16})\./g)].map((match) =>
        Number(`0x${match[1]}`),
      );
      expect(times).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});

test("the finder reads back the times that messages were sent with", () => {
  const parts = [{ kind: "text", text: "\\{message.marker}", first: false, unescape: false }] as const;
  const source = compileMessages({ parts, random: Math.random });
  const finder = messageMarkerFinder();
  const state = new Int32Array(finder.intsPerConnection);
  fc.assert(
    fc.property(fc.maxSafeNat(), (nowUs) => {
      expect(finder.count(state, 0, source.nextBytes(1, nowUs))).toBe(1);
      expect(finder.timestampsUs[0]).toBe(nowUs);
    }),
  );
});

test("one chunk may hold more markers than any before", () => {
  const finder = messageMarkerFinder();
  const stream = Array.from(
    { length: 1000 },
    (_, index) => `TCPKaliMsgTS-${index.toString(16).padStart(16, "0")}.`,
  ).join("");
  expect(finder.count(new Int32Array(3), 0, bytesOf(stream))).toBe(1000);
  expect([...finder.timestampsUs.subarray(0, 1000)]).toEqual([...Array(1000).keys()]);
});

test("random bytes never break a finder", () => {
  const finders = [byMarker(bytesOf("\x00\x00\x01"), 3), byLength(3), messageMarkerFinder(), byAnyChunk()];
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
      for (const finder of finders) {
        const state = new Int32Array(finder.intsPerConnection);
        for (const chunk of chunks) {
          const count = finder.count(state, 0, chunk);
          expect(count >= 0 && count <= chunk.length).toBe(true);
        }
      }
    }),
  );
});

test("what cannot be looked for is refused", () => {
  expect(() => byMarker(new Uint8Array(0))).toThrow("at least one byte");
  expect(() => stopAt(new Uint8Array(0))).toThrow("at least one byte");
  expect(() => byMarker(bytesOf("a"), -1)).toThrow("skip must be a whole number");
  for (const length of [0, 1.5, -1, 2 ** 31]) expect(() => byLength(length)).toThrow("bytesPerReply must be from 1");
});
