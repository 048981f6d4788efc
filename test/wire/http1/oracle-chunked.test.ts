/** The reader of chunked bodies and a plain one agree about every input, in any pieces: `TENK_FUZZ=10000000` gives it so many. */
import { isDeepStrictEqual } from "node:util";
import { ChunkedBody, Head, readTrailers } from "../../../src/wire/http1/mod.ts";
import type { Random } from "../fuzz.ts";
import { type Plain, run, text } from "../plain.ts";
import { plainChunked } from "./plain-chunked.ts";
import { bytesOf, fieldsOf } from "./support.ts";

const SEEDS = [
  "0\r\n\r\n",
  "5\r\nhello\r\n0\r\n\r\nGET /",
  "A;a\r\n0123456789\r\n0a;b=c\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n",
  '1;a;b=c;d="e;\\"\t\xff"\r\nx\r\n0;last\r\n\r\n',
  "3\r\n\r\n0\r\n5\r\n\r\n\r\n1\r\n0\r\n\r\n",
  "000000000001\r\nx\r\n0000000000000\r\n\r\n",
  "0\r\nX-Forwarded-For: a\r\n\r\n",
  "0\r\nx_y: a\r\n\r\n",
  `1;${"e".repeat(16_380)}\r\nx\r\n0;a\r\n\r\n`,
  `0\r\nX: ${"y".repeat(8180)}\r\n\r\n`,
  `0\r\n${"x:\r\n".repeat(64)}\r\n`,
].map(bytesOf);

/** Parts of bodies, put together at random: bytes that mean something else in each state. */
const PARTS = [
  "0",
  "1",
  "2",
  "a",
  "\r\n",
  "\r\n",
  "\r\n",
  "\r",
  "\n",
  ";",
  "=",
  '"',
  "\\",
  "x",
  " ",
  "X: y",
  "0\r\n\r\n",
  ":",
];

function someBody(random: Random): Uint8Array {
  return bytesOf(Array.from({ length: random(24) }, () => PARTS[random(PARTS.length)]).join(""));
}

const head = new Head();

function read(bytes: Uint8Array, random: Random): Plain {
  const body = new ChunkedBody();
  let payload = "";
  let at = 0;
  while (at < bytes.length && !body.done) {
    const to = Math.min(bytes.length, at + 1 + random(random(2) === 0 ? 4 : 2000));
    while (at < to && !body.done) {
      at = body.next(bytes, at, to);
      if (at < 0) return "refused";
      payload += text(bytes.subarray(body.runStart, body.runEnd));
    }
  }
  if (!body.done) return "incomplete";
  const section = body.trailers ?? bytesOf("\r\n");
  if (readTrailers(head, section, 0, section.length) !== section.length)
    throw new Error("its trailers are not readable");
  return { value: { payload, trailers: fieldsOf(head, section) }, length: at };
}

function follow(bytes: Uint8Array, random: Random): Plain {
  const body = new ChunkedBody();
  let at = 0;
  while (at < bytes.length && !body.done) {
    const to = Math.min(bytes.length, at + 1 + random(4000));
    const taken = body.follow(bytes, at, to);
    if (taken < 0) return "refused";
    if (taken !== to - at && !body.done) throw new Error(`took ${taken} of ${to - at}`);
    at += taken;
  }
  return body.done ? { value: undefined, length: at } : "incomplete";
}

function hold(bytes: Uint8Array, random: Random): void {
  const ours = read(bytes, random);
  const plainly = plainChunked(text(bytes));
  const agrees = plainly === "incomplete" ? typeof ours === "string" : isDeepStrictEqual(ours, plainly);
  if (!agrees) throw new Error(`it says ${JSON.stringify(ours)}, plainly it is ${JSON.stringify(plainly)}`);
  const followed = follow(bytes, random);
  const length = typeof followed === "string" ? followed : followed.length;
  if (length !== (typeof ours === "string" ? ours : ours.length)) throw new Error(`followed: ${length}`);
}

run("chunked bodies: changed a little", SEEDS, hold);
run("chunked bodies: put together from parts", SEEDS, (_, random) => hold(someBody(random), random));
