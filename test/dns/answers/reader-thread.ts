/** Reads a store that another thread writes, and counts answers that are not whole. Started by `shared.test.ts`. */
import { AnswerReader } from "../../../src/dns/answers/mod.ts";
import { nameBytesOf, query, read } from "./questions.ts";

declare const self: Worker;

self.onmessage = ({ data: { buffer, names, stop } }: MessageEvent) => {
  const reader = new AnswerReader(buffer);
  const halt = new Int32Array(stop);
  const out = new Uint8Array(65_536);
  let [found, broken] = [0, 0];
  for (let step = 0; Atomics.load(halt, 0) === 0; step++) {
    const name = `n${step % names}.example`;
    const length = reader.find(query(name), 0, nameBytesOf(name), 0, 1000, out, 0, out.length);
    if (length === 0) continue;
    found += 1;
    const fill = read(out, name).last & 255;
    for (let at = 12 + nameBytesOf(name) + 4 + 16; at < length; at++) if (out[at] !== fill) broken += 1;
    if (found === 1) self.postMessage({ found, broken });
  }
  self.postMessage({ found, broken });
};
