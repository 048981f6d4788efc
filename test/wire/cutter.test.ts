import { describe, expect, spyOn, test } from "bun:test";
import fc from "fast-check";
import {
  type CutResult,
  delimiter,
  FrameCutter,
  type Framing,
  fixed,
  lengthPrefixed,
  lines,
  unframed,
} from "../../src/wire/mod.ts";
import { turnLimit } from "../turns.ts";
import { type Cut, concat, counted, cutAll, hex, latin1, split, type Work } from "./support.ts";

/** `TENK_RUNS=10000` tries more streams, splits and orders. */
const numRuns = Number(process.env.TENK_RUNS ?? 200);

const FRAMINGS: [string, Framing][] = [
  ["lines", lines({ maxBytes: 12 })],
  ["a delimiter", delimiter("aab", { maxBytes: 12 })],
  ["a length of 1 byte", lengthPrefixed({ lengthBytes: 1, maxBytes: 12 })],
  ["a length of 2 bytes that counts itself", lengthPrefixed({ lengthBytes: 2, includesItself: true, maxBytes: 12 })],
  ["a length of 8 bytes, little", lengthPrefixed({ lengthBytes: 8, endian: "little", maxBytes: 12 })],
  ["a fixed size", fixed(3)],
];

/** Streams of a few meaningful bytes: whole frames, broken ones, frames too long. */
const stream = (framing: Framing) => {
  const byte = fc.constantFrom(...latin1("aab\n\r"), 0, 1, 2, 3, 13);
  const frame = fc.array(byte, { minLength: 0, maxLength: 13 }).map((bytes) => {
    try {
      return framing.encode(new Uint8Array(bytes));
    } catch {
      return new Uint8Array(0);
    }
  });
  const noise = fc.array(byte, { maxLength: 4 }).map((bytes) => new Uint8Array(bytes));
  const parts = fc.array(fc.oneof({ weight: 8, arbitrary: frame }, { weight: 1, arbitrary: noise }), { maxLength: 12 });
  return parts.map((all) => concat(...all));
};

describe("frames do not depend on how a stream is split:", () => {
  test.each(FRAMINGS)("%s, at every one and every two places", (_, framing) => {
    fc.assert(
      fc.property(stream(framing), (bytes) => {
        const whole = cutAll(framing, [bytes.slice()]);
        for (let first = 0; first <= bytes.length; first++) {
          for (let second = first; second <= bytes.length; second += 3) {
            expect(cutAll(framing, split(bytes, [first, second]))).toEqual(whole);
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  test.each(FRAMINGS)(
    "%s, at random places and byte by byte",
    (_, framing) => {
      fc.assert(
        fc.property(stream(framing), fc.infiniteStream(fc.nat(5)), (bytes, steps) => {
          const whole = cutAll(framing, [bytes.slice()]);
          const places: number[] = [];
          for (const step of steps) {
            const next = (places.at(-1) ?? 0) + step;
            if (next > bytes.length || places.length > 200) break;
            places.push(next);
          }
          expect(cutAll(framing, split(bytes, places))).toEqual(whole);
          expect(cutAll(framing, split(bytes, [...bytes.keys()]))).toEqual(whole);
        }),
        { numRuns },
      );
    },
    600_000,
  );

  test.each(FRAMINGS)("%s: decoding returns the encoded frames", (_, framing) => {
    const payload = fc.array(fc.constantFrom(...latin1("abc ")), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 20 }), fc.array(fc.nat(80)), (payloads, places) => {
        const texts = payloads.map((bytes) => String.fromCharCode(...bytes)).filter((text) => text !== "aab");
        const bytes = concat(...texts.map((text) => framing.encode(text)));
        const cut = cutAll(
          framing,
          split(
            bytes,
            places.filter((place) => place <= bytes.length),
          ),
        );
        expect(cut).toEqual({ frames: texts, result: "more", rest: "" });
      }),
      { numRuns: 100 },
    );
  });
});

describe("a frame", () => {
  test("within one chunk is a view into it, a split one is not", () => {
    const cutter = new FrameCutter(lines());
    const seen: boolean[] = [];
    const long = "x".repeat(60);
    const chunks = [latin1(`${long}one\n${long}two\n${long}thr`), latin1(`ee\n${long}four\n`)];
    for (const chunk of chunks) cutter.cut(chunk, seen, (all, frame) => all.push(frame.buffer === chunk.buffer));
    expect(seen).toEqual([true, true, false, true]);
    expect(cutter.keptBytes).toBe(0);
  });

  test("of up to 40 bytes has memory of its own", () => {
    const cutter = new FrameCutter(lines());
    const seen: [number, boolean][] = [];
    const lengths = [1, 39, 40, 41];
    const chunk = latin1(lengths.map((length) => `${"x".repeat(length)}\n`).join(""));
    cutter.cut(chunk, seen, (all, frame) => all.push([frame.length, frame.buffer !== chunk.buffer]));
    expect(seen).toEqual([
      [1, true],
      [39, true],
      [40, true],
      [41, false],
    ]);
  });

  test("equals the encoded payload, copied or not, however it is split", () => {
    const lengths = fc.array(fc.nat(90), { maxLength: 12 });
    fc.assert(
      fc.property(lengths, fc.array(fc.nat(600), { maxLength: 8 }), (all, places) => {
        const texts = all.map((length, index) => String.fromCharCode(97 + index).repeat(length));
        const bytes = concat(...texts.map((text) => lines().encode(text)));
        const within = places.filter((place) => place <= bytes.length).sort((a, b) => a - b);
        expect(cutAll(lines(), split(bytes, within))).toEqual({ frames: texts, result: "more", rest: "" });
      }),
      { numRuns },
    );
  });

  test("of a framing that points beyond the bytes ends at their end", () => {
    const ends: number[] = [];
    const wrong: Framing = {
      ...fixed(4),
      measure(_bytes, at, end, _scanned, span) {
        span.start = at + 1;
        span.end = end + 9;
        return end - at;
      },
    };
    new FrameCutter(wrong).cut(latin1("abcd"), ends, (all, frame) => all.push(frame.length));
    expect(ends).toEqual([3]);
  });

  test("is a plain Uint8Array, also when the chunk is a Buffer", () => {
    const cutter = new FrameCutter(lines());
    cutter.cut(Buffer.from("one\n"), undefined, (_, frame) => expect(frame.constructor).toBe(Uint8Array));
    expect.assertions(1);
  });

  test("that is refused ends the stream for good, after the frames before it", () => {
    const frames: string[] = [];
    const cutter = new FrameCutter(lines({ maxBytes: 3 }));
    const onFrame = (all: string[], frame: Uint8Array) => void all.push(Buffer.from(frame).toString());
    expect(cutter.cut(latin1("one\ntwoo"), frames, onFrame)).toBe("more");
    expect(cutter.cut(latin1("o\nfour\n"), frames, onFrame)).toBe("too-long");
    expect(cutter.cut(latin1("six\n"), frames, onFrame)).toBe("too-long");
    expect([frames, cutter.keptBytes]).toEqual([["one"], 0]);
    const impossible = new FrameCutter(lengthPrefixed({ includesItself: true }));
    expect(impossible.cut(hex("00000003"), frames, onFrame)).toBe("bad-length");
  });

  test("of a framing that ignores its limit is refused as well", () => {
    const endless: Framing = { maxFrameBytes: 100, measure: () => 0, encode: () => new Uint8Array(0) };
    const cutter = new FrameCutter(endless);
    let most = 0;
    for (let count = 0; count < 99; count++) {
      expect(cutter.cut(new Uint8Array(1), undefined, () => {})).toBe("more");
      most = Math.max(most, cutter.keptBytes);
    }
    expect(cutter.cut(new Uint8Array(1), undefined, () => {})).toBe("too-long");
    expect([most, cutter.keptBytes]).toEqual([99, 0]);
  });
});

describe("the framing may change in mid-stream:", () => {
  const bytes = concat(latin1("size 3\n"), latin1("abc"), hex("0002 6465"), latin1("raw\nbytes"));

  function run(chunks: Uint8Array[]): string[] {
    const frames: string[] = [];
    const cutter = new FrameCutter(lines());
    for (const chunk of chunks) {
      cutter.cut(chunk, frames, (all, frame) => {
        all.push(Buffer.from(frame).toString());
        if (all.length === 1) cutter.framing = fixed(3);
        else if (all.length === 2) cutter.framing = lengthPrefixed({ lengthBytes: 2 });
        else if (all.length === 3) cutter.framing = unframed();
      });
    }
    return frames;
  }

  test("within a chunk, and wherever it is split", () => {
    expect(run([bytes.slice()])).toEqual(["size 3", "abc", "de", "raw\nbytes"]);
    for (let place = 0; place <= bytes.length; place++) {
      const frames = run(split(bytes, [place]));
      expect([...frames.slice(0, 3), frames.slice(3).join("")]).toEqual(["size 3", "abc", "de", "raw\nbytes"]);
    }
  });

  test("between chunks, with an unfinished frame kept", () => {
    const frames: string[] = [];
    const onFrame = (all: string[], frame: Uint8Array) => void all.push(Buffer.from(frame).toString());
    const cutter = new FrameCutter(lines());
    cutter.cut(latin1("abcd"), frames, onFrame);
    cutter.framing = fixed(3);
    cutter.cut(latin1("ef"), frames, onFrame);
    expect([frames, cutter.keptBytes]).toEqual([["abc", "def"], 0]);
  });
});

describe("a stopped cutter", () => {
  const collect = (frames: string[], frame: Uint8Array) => void frames.push(Buffer.from(frame).toString());

  test("passes on no frame until resume, and then all in order", () => {
    const frames: string[] = [];
    const cutter = new FrameCutter(lines());
    const onFrame = (all: string[], frame: Uint8Array) => {
      collect(all, frame);
      if (all.length === 1) cutter.stop();
    };
    const chunk = latin1("one\ntwo\nthr");
    expect(cutter.cut(chunk, frames, onFrame)).toBe("stopped");
    chunk.fill(0);
    expect(cutter.cut(latin1("ee\nfour"), frames, onFrame)).toBe("stopped");
    expect([frames, cutter.stopped, cutter.keptBytes]).toEqual([["one"], true, 14]);
    expect(cutter.resume(frames, onFrame)).toBe("more");
    expect([frames, cutter.stopped, Buffer.from(cutter.rest()).toString()]).toEqual([
      ["one", "two", "three"],
      false,
      "four",
    ]);
    cutter.cut(latin1("\n"), frames, onFrame);
    expect(frames.at(-1)).toBe("four");
  });

  test("may be resumed from within the frame that stopped it", () => {
    const frames: string[] = [];
    const cutter = new FrameCutter(lines());
    const onFrame = (all: string[], frame: Uint8Array) => {
      collect(all, frame);
      cutter.stop();
      cutter.resume(all, onFrame);
    };
    expect(cutter.cut(latin1("a\nb\nc\n"), frames, onFrame)).toBe("more");
    expect(frames).toEqual(["a", "b", "c"]);
  });

  test("moves the waiting bytes to a stream that continues without frames", () => {
    const cutter = new FrameCutter(lines());
    cutter.cut(latin1("STARTTLS\n\x16\x03"), undefined, () => cutter.stop());
    expect(Buffer.from(cutter.take()).toString("latin1")).toBe("\x16\x03");
    expect(cutter.keptBytes).toBe(0);
  });

  test("that is discarded, in a frame or outside, keeps and passes on nothing", () => {
    for (const first of ["a\nb\nc", "", "x"]) {
      const frames: string[] = [];
      const cutter = new FrameCutter(lines());
      cutter.cut(latin1("unfinished"), frames, collect);
      cutter.cut(latin1(first === "" ? "" : `${first}\nmore\nend`), frames, (all, frame) => {
        collect(all, frame);
        cutter.discard();
      });
      if (first === "") cutter.discard();
      expect(cutter.cut(latin1("late\n"), frames, collect)).toBe("stopped");
      expect(cutter.resume(frames, collect)).toBe("stopped");
      expect([frames.length, cutter.keptBytes]).toEqual([first === "" ? 0 : 1, 0]);
    }
  });

  test("is discarded when onFrame throws; a nested cut is refused", () => {
    const cutter = new FrameCutter(lines());
    const failing = () => cutter.cut(latin1("a\nb\n"), undefined, () => cutter.cut(latin1("c\n"), undefined, () => {}));
    expect(failing).toThrow("Cannot cut");
    expect([cutter.cut(latin1("d\n"), undefined, () => {}), cutter.keptBytes]).toEqual(["stopped", 0]);
  });

  test.each(FRAMINGS)(
    "loses and doubles nothing, whatever the order of chunks, stops and resumes: %s",
    (_, framing) => {
      const step = fc.oneof(fc.nat(6), fc.constantFrom("stop" as const, "resume" as const));
      fc.assert(
        fc.property(stream(framing), fc.array(step, { maxLength: 60 }), fc.nat(4), (bytes, steps, every) => {
          const frames: string[] = [];
          const cutter = new FrameCutter(framing);
          const onFrame = (all: string[], frame: Uint8Array) => {
            expect(cutter.stopped).toBe(false);
            all.push(Buffer.from(frame).toString("latin1"));
            if (every > 0 && all.length % every === 0) cutter.stop();
          };
          let at = 0;
          for (const each of [...steps, bytes.length]) {
            if (each === "stop") cutter.stop();
            else if (each === "resume") cutter.resume(frames, onFrame);
            else {
              cutter.cut(bytes.slice(at, at + each), frames, onFrame);
              at = Math.min(at + each, bytes.length);
            }
          }
          let result: CutResult = cutter.resume(frames, onFrame);
          const turn = turnLimit(100_000);
          while (turn() && result === "stopped") result = cutter.resume(frames, onFrame);
          const rest = Buffer.from(cutter.rest()).toString("latin1");
          expect<Cut>({ frames, result, rest }).toEqual(cutAll(framing, [bytes.slice()]));
        }),
        { numRuns },
      );
    },
  );
});

describe("the work is linear in searched and copied bytes:", () => {
  const limits = { maxBytes: 40_000 };
  const line = lines(limits).encode("a".repeat(30_000));
  const streams: [string, Framing, Uint8Array][] = [
    ["one long line", lines(limits), line],
    ["many short lines", lines(limits), latin1("ab\n".repeat(10_000))],
    ["almost a delimiter, over and over", delimiter("aaab", limits), latin1(`${"aac".repeat(10_000)}aaab`)],
    ["one long length-prefixed frame", lengthPrefixed(limits), lengthPrefixed(limits).encode(new Uint8Array(30_000))],
    ["many short ones", lengthPrefixed(limits), concat(...Array(4000).fill(lengthPrefixed().encode("abcd")))],
    ["fixed frames", fixed(10_000), new Uint8Array(30_000)],
  ];

  /** Bytes looked at and copied for a stream in chunks of `size`, stopping after each frame when asked to. */
  function workOf(framing: Framing, bytes: Uint8Array, size: number, stops: boolean): Work & { frames: number } {
    const work = { looked: 0, copied: 0 };
    const set = spyOn(Object.getPrototypeOf(Uint8Array.prototype), "set");
    const within = spyOn(Object.getPrototypeOf(Uint8Array.prototype), "copyWithin");
    try {
      const cutter = new FrameCutter(counted(framing, work));
      const count = { frames: 0 };
      const onFrame = (all: typeof count) => {
        all.frames += 1;
        if (stops) cutter.stop();
      };
      for (let at = 0; at < bytes.length; at += size) cutter.cut(bytes.subarray(at, at + size), count, onFrame);
      const turn = turnLimit(100_000);
      while (turn() && cutter.stopped) cutter.resume(count, onFrame);
      for (const [source] of set.mock.calls as [Uint8Array][]) work.copied += source.length;
      for (const [, from, to] of within.mock.calls as [number, number, number][]) work.copied += to - from;
      return { ...work, ...count };
    } finally {
      set.mockRestore();
      within.mockRestore();
    }
  }

  test.each(streams)("%s", (_, framing, bytes) => {
    const whole = workOf(framing, bytes, bytes.length, false);
    for (const size of [1, 2, 7, 1000, bytes.length]) {
      for (const stops of [false, true]) {
        const work = workOf(framing, bytes, size, stops);
        expect(work.frames).toBe(whole.frames);
        // A delimiter of 4 bytes may be compared at each place; a length field is read again until its frame is complete.
        expect(work.looked).toBeLessThanOrEqual(8 * bytes.length + 100);
        // Once into the block, at most as much again by doubling it, and the bytes copied beyond a frame.
        expect(work.copied).toBeLessThanOrEqual(4 * bytes.length + 1000);
      }
    }
  });

  test("a whole frame is not copied at all, and an announced length reserves nothing", () => {
    expect(workOf(lines(limits), latin1("ab\n".repeat(100)), 300, false).copied).toBe(0);
    const cutter = new FrameCutter(lengthPrefixed({ maxBytes: 2 ** 30 }));
    cutter.cut(hex("3fffffff 61"), undefined, () => {});
    expect(cutter.rest().buffer.byteLength).toBeLessThanOrEqual(128);
  });
});
