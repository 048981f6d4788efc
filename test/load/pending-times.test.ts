import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Latencies } from "../../src/load/measure/latency.ts";
import { LatencyRecorder } from "../../src/load/measure/latency-recorder.ts";
import { PendingTimes } from "../../src/load/measure/pending-times.ts";

describe("a wait that has not ended", () => {
  test("is known by number and, to a four-thousandth of the time passed, by its wait", () => {
    const moments = fc.array(fc.integer({ min: 0, max: 400_000_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(moments, fc.nat(49), (began, ended) => {
        const pending = new PendingTimes();
        for (const atUs of began) pending.add(atUs);
        const left = began.toSpliced(ended % began.length, 1);
        pending.remove(began[ended % began.length]!);
        const nowUs = 400_000_000;
        const waits: number[] = [];
        pending.each(nowUs, (waitedUs, count) => waits.push(...new Array<number>(count).fill(waitedUs)));
        expect([pending.size, waits.length]).toEqual([left.length, left.length]);
        const exact = left.map((atUs) => nowUs - atUs).toSorted((a, b) => b - a);
        for (const [index, waitedUs] of waits.entries()) {
          expect(waitedUs).toBeLessThanOrEqual(exact[index]!);
          expect(exact[index]! - waitedUs).toBeLessThanOrEqual(2 * Math.max(1000, nowUs / 4096));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("weighs in every percentile, marked as a lower bound from the shortest wait on", () => {
    const recorder = new LatencyRecorder();
    for (let index = 0; index < 98; index++) recorder.begin("message", 1000);
    for (let index = 0; index < 96; index++) recorder.end("message", 1000, 1002);
    recorder.close(3000, 3000, 500);
    const { p90, p99, max, count, atLeast } = recorder.latencies.summary("message");
    expect([count, atLeast?.count, p90]).toEqual([98, 2, 2000]);
    expect(p99).toBeGreaterThan(1_990_000);
    expect([max, p99 >= atLeast!.fromUs, p90 >= atLeast!.fromUs]).toEqual([p99, true, false]);
  });

  test("waited for as long as last answers are waited for, although it began just before the end", () => {
    const recorder = new LatencyRecorder();
    recorder.begin("message", 2400);
    recorder.begin("firstByte", 2900);
    recorder.close(2950, 2900, 500);
    expect(recorder.latencies.summary("message")).toMatchObject({ p50: 500_000, atLeast: { fromUs: 500_000 } });
    // What waits for a first byte was closed then.
    expect(recorder.latencies.summary("firstByte").max).toBeLessThanOrEqual(50_000);
  });

  test("counts while a run goes on, once it has waited for as long as last answers are waited for", () => {
    const recorder = new LatencyRecorder();
    recorder.begin("message", 100);
    recorder.begin("message", 900);
    expect(recorder.messagesAt(1000, 1000).count("message")).toBe(0);
    expect(recorder.messagesAt(1000, 500).summary("message")).toMatchObject({ count: 1, atLeast: { count: 1 } });
    // What is shown meanwhile leaves no trace.
    expect(recorder.latencies.count("message")).toBe(0);
  });

  test("is posted between threads, and added up", () => {
    const [one, other] = [new LatencyRecorder(), new LatencyRecorder()];
    one.begin("connect", 0);
    other.begin("connect", 10);
    for (const recorder of [one, other]) recorder.close(2000, 2000, 100);
    const sum = new Latencies();
    for (const { latencies } of [one, other]) sum.add(Latencies.decode(structuredClone(latencies.encode())));
    const { count, atLeast } = sum.summary("connect");
    expect([count, atLeast]).toEqual([2, { count: 2, fromUs: 1_989_000 }]);
  });
});
