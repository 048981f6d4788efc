/**
 * The parser of heads and a plain one on strings agree about every input, whole, cut and in pieces: `TENK_FUZZ=10000000` gives each so
 * many.
 */
import { isDeepStrictEqual } from "node:util";
import { Head, HeadAssembler, readRequest, readResponse } from "../../../src/wire/http1/mod.ts";
import type { Random } from "../fuzz.ts";
import { type Plain, run, text } from "../plain.ts";
import { headCorpus, someHead } from "./corpus.ts";
import { plainRequest, plainResponse } from "./plain-head.ts";
import { type ReadHead, request, response } from "./support.ts";

function plainOf({ length, refusal, ...value }: ReadHead): Plain {
  if (length <= 0) return length === 0 ? "incomplete" : "refused";
  return { value, length };
}

/** The plain parser waits for the end of a head, and only then sees what is wrong. */
function compare(ours: Plain, plainly: Plain): void {
  const agrees = plainly === "incomplete" ? typeof ours === "string" : isDeepStrictEqual(ours, plainly);
  if (!agrees) throw new Error(`it says ${JSON.stringify(ours)}, plainly it is ${JSON.stringify(plainly)}`);
}

const head = new Head();

/** A verdict on the first bytes is kept when more come. In pieces, the head is found at the same place. */
function holdPieces(
  read: typeof readRequest,
  bytes: Uint8Array,
  maxBytes: number,
  whole: ReadHead,
  random: Random,
): void {
  const inside = Buffer.concat([Buffer.from("\r\nHost: x\r\n\r\n"), bytes, Buffer.from("\r\n\r\n")]);
  const same = read(head, inside, 13, 13 + bytes.length);
  if (same !== whole.length || head.refusal !== whole.refusal) throw new Error(`inside of other bytes: ${same}`);
  const cut = random(bytes.length + 1);
  const early = read(head, bytes, 0, cut);
  if (early !== 0 && (early !== whole.length || head.refusal !== whole.refusal)) throw new Error(`at ${cut}: ${early}`);
  if (early !== 0) return;
  const assembler = new HeadAssembler(maxBytes);
  let result = assembler.add(bytes, 0, cut);
  let at = cut;
  for (; result === 0 && at < bytes.length; ) {
    const to = Math.min(bytes.length, at + 1 + random(random(3) === 0 ? 400 : 8));
    result = assembler.add(bytes, at, to);
    at = result > 0 ? at + result : to;
  }
  if (result <= 0) {
    if (whole.length > 0) throw new Error(`in pieces: ${result} ${assembler.refusal}`);
    return;
  }
  const length = read(head, assembler.bytes, 0, assembler.length);
  if (length === 0 || (length > 0 && length !== at) || length !== whole.length) throw new Error(`in pieces: ${length}`);
}

for (const [name, read, told, plain, maxBytes] of [
  ["requests", readRequest, request, plainRequest, 16_384],
  ["responses", readResponse, response, plainResponse, 65_536],
] as const) {
  run(`${name}: changed a little`, headCorpus, (bytes, random) => {
    const whole = told(bytes);
    compare(plainOf(whole), plain(text(bytes)));
    holdPieces(read, bytes, maxBytes, whole, random);
  });

  run(`${name}: put together from lines good and bad`, headCorpus, (_, random) => {
    const bytes = someHead(random);
    const whole = told(bytes);
    compare(plainOf(whole), plain(text(bytes)));
    holdPieces(read, bytes, maxBytes, whole, random);
  });
}
