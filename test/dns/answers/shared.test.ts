import { expect, test } from "bun:test";
import { AnswerWriter } from "../../../src/dns/answers/mod.ts";
import { answer } from "./questions.ts";

const NAMES = 40;
const PUTS = 150_000;

test("a reader on another thread sees whole answers only, while the ring is written over", async () => {
  const store = new AnswerWriter(new SharedArrayBuffer(8192), { seed: 5 });
  const stop = new SharedArrayBuffer(4);
  const reader = new Worker(new URL("./reader-thread.ts", import.meta.url).href);
  const told = () =>
    new Promise<{ found: number; broken: number }>((resolve) => (reader.onmessage = ({ data }) => resolve(data)));
  const answers = Array.from({ length: NAMES * 4 }, (_, index) =>
    answer(`n${index % NAMES}.example`, 1000, index, 200 + ((index * 37) % 300)),
  );
  try {
    const begun = told();
    reader.postMessage({ buffer: store.buffer, names: NAMES, stop });
    store.put(answers[0]!, 1000);
    await begun;
    const ended = told();
    for (let step = 0; step < PUTS; step++) store.put(answers[(step * 7) % answers.length]!, 1000);
    Atomics.store(new Int32Array(stop), 0, 1);
    const { found, broken } = await ended;
    expect(broken).toBe(0);
    expect(found).toBeGreaterThan(100);
  } finally {
    reader.terminate();
  }
});
