/** Looks the same names up until it is told to stop, as a thread that answers questions does, and reports what was wrong. */
import { PageReader } from "../../../src/dns/pages/mod.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<ReadingTask>) => {
  const reader = new PageReader(data.memory, 0);
  const flags = new Int32Array(data.flags);
  let lookups = 0;
  let wrong = 0;
  while (Atomics.load(flags, 0) === 0) {
    reader.enter();
    for (const { wire, lists } of data.questions) {
      const rank = reader.lookup(wire, 0, 0x7fffffff);
      if ((rank < 0 ? 0 : reader.lists) !== lists) wrong += 1;
      lookups += 1;
    }
    reader.leave();
    Atomics.store(flags, 1, 1);
  }
  self.postMessage({ lookups, wrong });
};

export interface ReadingTask {
  readonly memory: SharedArrayBuffer;
  /** Stop, and whether a first round is done. */
  readonly flags: SharedArrayBuffer;
  readonly questions: readonly { readonly wire: Uint8Array; readonly lists: number }[];
}

export interface ReadingResult {
  readonly lookups: number;
  readonly wrong: number;
}
