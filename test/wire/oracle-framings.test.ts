/** Every framing beside one that was written to be plain rather than fast, as `oracle.test.ts` has it for other parsers. */
import { isDeepStrictEqual } from "node:util";
import { delimiter, FrameCutter, type Framing, fixed, lengthPrefixed, lines } from "../../src/wire/mod.ts";
import { run, text } from "./plain.ts";
import { hex, latin1 } from "./support.ts";

/** The frames of a whole stream, the reason for its refusal, and the rest. */
interface Cut {
  frames: string[];
  result: string;
  rest: string;
}

/** @param next the length of the first frame's payload start, its end and the frame's end; or a word */
function plainCut(
  stream: string,
  next: (left: string) => [number, number, number] | "more" | "too-long" | "bad-length",
): Cut {
  const frames: string[] = [];
  for (let left = stream; ; ) {
    const found = next(left);
    if (found === "more" || left === "") return { frames, result: "more", rest: left };
    if (typeof found === "string") return { frames, result: found, rest: "" };
    frames.push(left.slice(found[0], found[1]));
    left = left.slice(found[2]);
  }
}

type Kind = { framing: Framing; plain: (stream: string) => Cut };

function linesKind(max: number, keepEnd: boolean): Kind {
  const plain = (stream: string) =>
    plainCut(stream, (left) => {
      const [whole, line = ""] = /^([^\n]*?)\r?\n/.exec(left) ?? [];
      if (whole === undefined) return left.length > max + 1 ? "too-long" : "more";
      return line.length > max ? "too-long" : [0, keepEnd ? whole.length : line.length, whole.length];
    });
  return { framing: lines({ maxBytes: max, keepEnd }), plain };
}

function delimiterKind(mark: string, max: number, keepEnd: boolean): Kind {
  const plain = (stream: string) =>
    plainCut(stream, (left) => {
      const [payload = "", ...others] = left.split(mark);
      if (others.length === 0) return left.length >= max + mark.length ? "too-long" : "more";
      const whole = payload.length + mark.length;
      return payload.length > max ? "too-long" : [0, keepEnd ? whole : payload.length, whole];
    });
  return { framing: delimiter(mark, { maxBytes: max, keepEnd }), plain };
}

function lengthKind(bytes: 1 | 2 | 4 | 8, endian: "big" | "little", includesItself: boolean, max: number): Kind {
  const plain = (stream: string) =>
    plainCut(stream, (left) => {
      if (left.length < bytes) return "more";
      const field = [...left.slice(0, bytes)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
      const said = BigInt(`0x${(endian === "big" ? field : field.reverse()).join("")}`);
      const payload = said - (includesItself ? BigInt(bytes) : 0n);
      if (payload < 0n) return "bad-length";
      if (payload > BigInt(max)) return "too-long";
      const whole = bytes + Number(payload);
      return left.length < whole ? "more" : [bytes, whole, whole];
    });
  return { framing: lengthPrefixed({ lengthBytes: bytes, endian, includesItself, maxBytes: max }), plain };
}

const KINDS: readonly Kind[] = [
  ...[1, 9, 60].flatMap((max) => [linesKind(max, false), linesKind(max, true)]),
  ...["\0", "aab", "aa", "abab", "\r\n\r\n"].flatMap((mark) => [
    delimiterKind(mark, 9, false),
    delimiterKind(mark, 60, true),
  ]),
  ...([1, 2, 4, 8] as const).flatMap((bytes) =>
    (["big", "little"] as const).flatMap((endian) => [
      lengthKind(bytes, endian, false, 9),
      lengthKind(bytes, endian, true, 60),
    ]),
  ),
  {
    framing: fixed(7),
    plain: (stream) => plainCut(stream, (left) => (left.length < 7 ? "more" : [0, 7, 7])),
  },
];
const STREAMS = [
  ..."one\ntwo\r\n\n\r\r\nthree|aaab aab aaaabaab ab|ababab abab a|\r\n\r\r\n\r\n\0\0x\0".split("|").map(latin1),
  ...[
    "0001610261620000",
    "0000000100000002aabb",
    "0000000000000009616263646566676869",
    "ffffffffffffffff",
    "0020000000000001",
    "01000000000020000400610400ff08000000",
  ].map(hex),
];
run("framings, however the stream is cut", STREAMS, (bytes, random) => {
  const { framing, plain } = KINDS[random(KINDS.length)]!;
  const cutter = new FrameCutter(framing);
  const cut: Cut = { frames: [], result: "more", rest: "" };
  const most = 1 + random(1 + random(40));
  for (let at = 0; at < bytes.length && cut.result === "more"; ) {
    const size = 1 + random(most);
    cut.result = cutter.cut(bytes.subarray(at, at + size), cut, (all, frame) => all.frames.push(text(frame)));
    at += size;
  }
  cut.rest = text(cutter.rest());
  const expected = plain(text(bytes));
  if (!isDeepStrictEqual(cut, expected))
    throw new Error(`cut ${JSON.stringify(cut)}, plainly ${JSON.stringify(expected)}`);
});
