import { expect, spyOn, test } from "bun:test";
import { stopper } from "../../src/cli/stopper.ts";

test.each([
  ["SIGTERM", 249, false],
  ["SIGTERM", 250, true],
  ["SIGINT", 0, true],
] as const)("a second %s after %d ms ends at once: %p", (signal, afterMs, ends) => {
  const exit = spyOn(process, "exit").mockImplementation((() => undefined) as never);
  try {
    let nowMs = 0;
    using stop = stopper(undefined, [signal], () => nowMs);
    process.emit(signal, signal);
    expect([stop.signal.aborted, exit.mock.calls.length]).toEqual([true, 0]);
    nowMs = afterMs;
    process.emit(signal, signal);
    expect(exit.mock.calls).toEqual(ends ? [[130]] : []);
  } finally {
    exit.mockRestore();
  }
});
