import { describe, expect, test } from "bun:test";
import { type Answer, Patience } from "../../src/metrics/host/patience.ts";
import { until } from "../net/support.ts";

/** A call that ends when told to, and knows how often it was made. */
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

describe("patience", () => {
  test("gives an answer, or the code of an error", async () => {
    const patience = new Patience();
    expect(await patience.ask("a", async () => 7)).toEqual({ value: 7 });
    const failed = await patience.ask("b", () => Promise.reject(Object.assign(new Error("no"), { code: "EIO" })));
    expect(failed).toEqual({ failure: "EIO" });
  });

  test("gives up at the deadline, and does not ask again before the call has come back", async () => {
    const patience = new Patience({ deadlineMs: 50 });
    const call = stuck();
    expect(await patience.ask("nas", call.make)).toEqual({ failure: "timeout" });
    expect(await patience.ask("nas", call.make)).toEqual({ failure: "timeout" });
    expect(call.times).toBe(1);
    expect(patience.hanging).toEqual(["nas"]);
    expect(await patience.ask("disk", async () => 1)).toEqual({ value: 1 });

    call.release();
    await until(() => patience.hanging.length === 0);
    expect(await patience.ask("nas", async () => 2)).toEqual({ value: 2 });
  });

  test("lets others overtake what takes long, each answer in time", async () => {
    const patience = new Patience({ deadlineMs: 4000 });
    const calls = Array.from({ length: 4 }, stuck);
    const stuckOnes = calls.map(({ make }, index) => patience.ask(`stuck ${index}`, make));
    expect(await patience.ask("healthy", async () => 1)).toEqual({ value: 1 });
    expect(calls.map(({ times }) => times)).toEqual([1, 1, 1, 1]);
    expect(patience.hanging).toEqual([]);
    for (const { release } of calls) release();
    expect(await Promise.all(stuckOnes)).toEqual(calls.map(() => ({ value: "back" })));
  });

  test("has one call under way where each answers soon", async () => {
    const patience = new Patience({ deadlineMs: 60_000 });
    let [underWay, most] = [0, 0];
    const call = async () => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, (_, index) => patience.ask(`${index}`, call)));
    expect([most, underWay]).toEqual([1, 0]);
  });

  test("never has more under way than it may, and keeps a turn for who has answered before", async () => {
    const patience = new Patience({ deadlineMs: 100, maxUnderWay: 3 });
    expect(await patience.ask("known", async () => 1)).toEqual({ value: 1 });
    const calls = Array.from({ length: 5 }, stuck);
    const answers: Answer<string>[] = await Promise.all(calls.map(({ make }, index) => patience.ask(`${index}`, make)));
    expect(calls.map(({ times }) => times)).toEqual([1, 1, 0, 0, 0]);
    expect(answers.map((answer) => "failure" in answer && answer.failure)).toEqual([
      "timeout",
      "timeout",
      "no free thread",
      "no free thread",
      "no free thread",
    ]);
    expect(await patience.ask("5", calls[4]!.make)).toEqual({ failure: "no free thread" });
    expect(await patience.ask("known", async () => 2)).toEqual({ value: 2 });

    for (const { release } of calls) release();
    await until(() => patience.hanging.length === 0);
    expect(await Promise.all([1, 2, 3].map((value) => patience.ask(`${value}`, async () => value)))).toEqual(
      [1, 2, 3].map((value) => ({ value })),
    );
  });

  test("has what was asked for meanwhile wait its turn", async () => {
    const patience = new Patience({ deadlineMs: 60_000, maxUnderWay: 2 });
    const [first, second] = [stuck(), stuck()];
    const answers = Promise.all([patience.ask("a", first.make), patience.ask("b", second.make)]);
    await until(() => first.times === 1);
    expect(second.times).toBe(0);
    first.release();
    await until(() => second.times === 1);
    second.release();
    expect(await answers).toEqual([{ value: "back" }, { value: "back" }]);
  });
});
