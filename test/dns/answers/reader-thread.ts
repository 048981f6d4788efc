/** Reads a store that another thread writes, and counts what is not the whole answer to its question. Started by `shared.test.ts`. */
import { AnswerReader } from "../../../src/dns/answers/mod.ts";
import { nameBytesOf, query, read } from "./questions.ts";

declare const self: Worker;

const AT = 2000;
const ROOM = 1000;

self.onmessage = ({ data: { buffer, names, stop, nowSeconds, ttl } }: MessageEvent) => {
  const reader = new AnswerReader(buffer);
  const halt = new Int32Array(stop);
  const out = new Uint8Array(65_536);
  const faults = { broken: 0, ofAnother: 0, ttl: 0, outside: 0 };
  let found = 0;
  for (let step = 0; Atomics.load(halt, 0) === 0; step++) {
    const name = `n${step % names}.example`.padStart(12, "n");
    const length = reader.find(query(name), 0, nameBytesOf(name), 0, nowSeconds, out, AT, ROOM);
    if (length === 0) continue;
    found += 1;
    const answer = read(out.subarray(AT), name);
    if (answer.last % names !== step % names) faults.ofAnother += 1;
    if (answer.ttl !== ttl) faults.ttl += 1;
    const fill = answer.last & 255;
    for (let at = 12 + nameBytesOf(name) + 4 + 16; at < length; at++) if (out[AT + at] !== fill) faults.broken += 1;
    if (found === 1) self.postMessage({ found, faults });
  }
  out.fill(0, AT, AT + ROOM);
  faults.outside = out.findIndex((byte) => byte !== 0) + 1;
  self.postMessage({ found, faults });
};
