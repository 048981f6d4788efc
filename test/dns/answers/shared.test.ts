import { expect, test } from "bun:test";
import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { answer, nameBytesOf, query } from "./questions.ts";

const NAMES = 40;
const PUTS = 150_000;

test("a reader on another thread sees whole answers to its questions only, while they are replaced, removed and forgotten", async () => {
  const store = new AnswerWriter(new SharedArrayBuffer(8192), { seed: 5 });
  const stop = new SharedArrayBuffer(4);
  const reader = new Worker(new URL("./reader-thread.ts", import.meta.url).href);
  const told = () =>
    new Promise<{ found: number; faults: object }>((resolve) => (reader.onmessage = ({ data }) => resolve(data)));
  // Names of one length, so that an answer to another question looks whole.
  const nameOf = (index: number) => `n${index % NAMES}.example`.padStart(12, "n");
  const answers = Array.from({ length: NAMES * 4 }, (_, index) =>
    answer(nameOf(index), 300, index, 200 + ((index * 37) % 300)),
  );
  try {
    const begun = told();
    // Read ten seconds later, so that TTLs are written too.
    reader.postMessage({ buffer: store.buffer, names: NAMES, stop, nowSeconds: 1010, ttl: 290 });
    store.put(answers[0]!, 1000);
    await begun;
    const ended = told();
    for (let step = 0; step < PUTS; step++) {
      store.put(answers[(step * 7) % answers.length]!, 1000);
      const other = nameOf(step * 3);
      if (step % 5 === 0) store.remove(query(other), 12, nameBytesOf(other), 0);
      if (step % 997 === 0) store.clear();
    }
    Atomics.store(new Int32Array(stop), 0, 1);
    const { found, faults } = await ended;
    expect(faults).toEqual({ broken: 0, ofAnother: 0, ttl: 0, outside: 0 });
    expect(found).toBeGreaterThan(100);
  } finally {
    reader.terminate();
  }
});
