import { describe, expect, test } from "bun:test";
import { type CallResult, TimedCalls } from "../../src/metrics/host/timed-calls.ts";
import { until } from "../net/support.ts";

/** A call that returns on `release`, and counts how often it was made. */
function stuck() {
  const { promise, resolve } = Promise.withResolvers<string>();
  const call = {
    times: 0,
    release: () => resolve("back"),
    make: () => {
      call.times += 1;
      return promise;
    },
  };
  return call;
}

describe("timed calls", () => {
  test("return a value, or the code of an error", async () => {
    const timed = new TimedCalls();
    expect(await timed.run("a", async () => 7)).toEqual({ value: 7 });
    const failed = await timed.run("b", () => Promise.reject(Object.assign(new Error("no"), { code: "EIO" })));
    expect(failed).toEqual({ failure: "EIO" });
  });

  test("time out, and do not call a name again before its call has returned", async () => {
    const timed = new TimedCalls({ timeoutMs: 50 });
    const call = stuck();
    expect(await timed.run("nas", call.make)).toEqual({ failure: "timeout" });
    expect(await timed.run("nas", call.make)).toEqual({ failure: "timeout" });
    expect(call.times).toBe(1);
    expect(timed.hanging).toEqual(["nas"]);
    expect(await timed.run("disk", async () => 1)).toEqual({ value: 1 });

    call.release();
    await until(() => timed.hanging.length === 0);
    expect(await timed.run("nas", async () => 2)).toEqual({ value: 2 });
  });

  test("let others overtake a slow call, each with its result in time", async () => {
    const timed = new TimedCalls({ timeoutMs: 4000 });
    const calls = Array.from({ length: 4 }, stuck);
    const stuckOnes = calls.map(({ make }, index) => timed.run(`stuck ${index}`, make));
    expect(await timed.run("healthy", async () => 1)).toEqual({ value: 1 });
    expect(calls.map(({ times }) => times)).toEqual([1, 1, 1, 1]);
    expect(timed.hanging).toEqual([]);
    for (const { release } of calls) release();
    expect(await Promise.all(stuckOnes)).toEqual(calls.map(() => ({ value: "back" })));
  });

  test("run one call at a time when each is fast", async () => {
    const timed = new TimedCalls({ timeoutMs: 60_000 });
    let [underWay, most] = [0, 0];
    const call = async () => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => timed.run(`${index}`, call)));
    expect([most, underWay]).toEqual([1, 0]);
  });

  test("never run more than the limit, and keep a slot for names that have answered before", async () => {
    const timed = new TimedCalls({ timeoutMs: 100, maxRunning: 3 });
    expect(await timed.run("known", async () => 1)).toEqual({ value: 1 });
    const calls = Array.from({ length: 5 }, stuck);
    const answers: CallResult<string>[] = await Promise.all(
      calls.map(({ make }, index) => timed.run(`${index}`, make)),
    );
    expect(calls.map(({ times }) => times)).toEqual([1, 1, 0, 0, 0]);
    expect(answers.map((answer) => "failure" in answer && answer.failure)).toEqual([
      "timeout",
      "timeout",
      "no free thread",
      "no free thread",
      "no free thread",
    ]);
    expect(await timed.run("5", calls[4]!.make)).toEqual({ failure: "no free thread" });
    expect(await timed.run("known", async () => 2)).toEqual({ value: 2 });

    for (const { release } of calls) release();
    await until(() => timed.hanging.length === 0);
    expect(await Promise.all([1, 2, 3].map((value) => timed.run(`${value}`, async () => value)))).toEqual(
      [1, 2, 3].map((value) => ({ value })),
    );
  });

  test("queue calls while all slots are in use", async () => {
    const timed = new TimedCalls({ timeoutMs: 60_000, maxRunning: 2 });
    const [first, second] = [stuck(), stuck()];
    const answers = Promise.all([timed.run("a", first.make), timed.run("b", second.make)]);
    await until(() => first.times === 1);
    expect(second.times).toBe(0);
    first.release();
    await until(() => second.times === 1);
    second.release();
    expect(await answers).toEqual([{ value: "back" }, { value: "back" }]);
  });
});
