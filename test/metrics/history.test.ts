import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bucketsFor, everySecond, MAX_POINTS, waitMs } from "../../src/metrics/history/mod.ts";
import { History, parseSeriesKey, seriesKey, takeFamilies } from "../../src/metrics/mod.ts";
import { until } from "../net/support.ts";
import { HOUR_MS, MINUTE_MS, running, START_MS } from "./history-support.ts";

describe("a second", () => {
  test("of a gauge is kept as it is, of a counter as its rate, of neither as a gap", () => {
    const history = new History();
    const readings: [number, number | undefined][] = [
      [5, 100],
      [6, 110],
      [7, undefined],
      [Number.NaN, 150],
      [8, 20],
    ];
    for (const [at, [gauge, counter]] of readings.entries()) {
      history.sample(START_MS + at * 1000, at * 1000, (take) => {
        take("open", "gauge", gauge);
        if (counter !== undefined) take("read_total", "counter", counter, { listener: "a" });
      });
    }
    expect(history.keys()).toEqual(["open", 'read_total{listener="a"}']);
    expect(history.columns(0).map(({ v }) => v)).toEqual([
      [5, null],
      [6, 10],
      [7, null],
      // Over the two seconds since the last reading.
      [null, 20],
      // Lower than before: it began again at zero.
      [8, 20],
    ]);
  });

  test("has each value under its own series, in whatever order they come", () => {
    const label = fc.constantFrom("a", "b");
    const labels = fc.dictionary(fc.constantFrom("x", "y", "constructor"), label, {
      maxKeys: 3,
      noNullPrototype: true,
    });
    const reading = fc.record({ name: fc.constantFrom("one", "two"), labels });
    const unique = fc.uniqueArray(reading, {
      selector: ({ name, labels }) => seriesKey(name, labels),
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(unique, { maxLength: 6 }), (seconds) => {
        const history = new History();
        for (const [at, readings] of seconds.entries()) {
          const wanted = new Map<string, number>();
          history.sample(START_MS + at * 1000, at * 1000, (take) => {
            for (const { name, labels } of readings) {
              wanted.set(seriesKey(name, labels), wanted.size);
              take(name, "gauge", wanted.size - 1, labels);
            }
          });
          const [column] = history.columns(START_MS + (at - 1) * 1000);
          const found = history.keys().map((key, place) => [key, column?.v[place] ?? undefined] as const);
          expect(new Map(found.filter(([, value]) => value !== undefined))).toEqual(wanted);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("uses the monotonic clock for its rate", () => {
    const history = new History();
    history.sample(START_MS, 0, (take) => take("a", "counter", 0));
    history.sample(START_MS + 3_600_000, 2000, (take) => take("a", "counter", 100));
    expect(history.columns(START_MS).map(({ v }) => v)).toEqual([[50]]);
  });

  test("that is sampled twice counts once", () => {
    const history = new History();
    for (const [ms, value] of [
      [0, 1],
      [999, 2],
      [1000, 3],
    ] as const) {
      history.sample(START_MS + ms, ms, (take) => take("a", "gauge", value));
    }
    expect(history.columns(0).map(({ v }) => v)).toEqual([[1], [3]]);
  });

  test("is waited for to its middle, whenever the timer came", () => {
    for (let late = 0; late < 1000; late++) {
      const dueMs = 10_000 + late + waitMs(10_000 + late);
      expect(dueMs).toBe(11_500);
    }
  });

  test("comes from a timer, each once, until it is stopped", async () => {
    const seconds: number[] = [];
    const sampling = everySecond((nowMs) => seconds.push(Math.floor(nowMs / 1000)));
    await until(() => seconds.length >= 2);
    sampling.stop();
    expect(new Set(seconds).size).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, waitMs(Date.now()) + 50));
    expect(seconds).toHaveLength(2);
  });

  test("is available for a quarter of an hour to readers who missed it", () => {
    const { history, second } = running();
    for (let at = 0; at < 2000; at++) second(at);
    const columns = history.columns(START_MS + 1_989_000);
    expect(columns.map(({ t }) => t - START_MS)).toEqual(
      [1990, 1991, 1992, 1993, 1994, 1995, 1996, 1997, 1998, 1999].map((at) => at * 1000),
    );
    expect(history.columns(0).length).toBeGreaterThanOrEqual(900);
    expect(history.columns(0)[0]!.v).toEqual([2000 - history.columns(0).length]);
    expect(history.columns(START_MS + 1_999_000)).toEqual([]);
  });

  test("is returned to readers with later seconds, after the clock was set back", () => {
    const { history, clock, second } = running();
    expect(history.columns(Number.MAX_VALUE)).toEqual([]);
    for (let at = 0; at < 10; at++) second(at);
    const toldMs = clock.nowMs - 1000;
    clock.nowMs -= 3_600_000;
    second(77);
    expect(history.columns(toldMs)).toEqual([{ t: clock.nowMs - 1000, v: [77] }]);
    expect(history.columns(clock.nowMs - 1000)).toEqual([]);
    second(78);
    expect(history.columns(clock.nowMs - 2000)).toEqual([{ t: clock.nowMs - 1000, v: [78] }]);
  });

  test("without a value is a gap, also where the ring has come round", () => {
    const { history, second } = running();
    for (let at = 0; at < 1500; at++) second(at % 7 === 0 && at > 1000 ? undefined : at);
    for (const { t, v } of history.columns(START_MS + 1_000_000)) {
      const at = (t - START_MS) / 1000;
      expect(v).toEqual([at % 7 === 0 ? null : at]);
    }
  });
});

describe("series", () => {
  test("come, go a quarter of an hour after their last value, and change the keys' version", async () => {
    const history = new History();
    for (let at = 0; at < 1600; at++) {
      history.sample(START_MS + at * 1000, at * 1000, (take) => {
        take("stays", "gauge", 1);
        if (at < 10) take("goes", "gauge", 2, { b: "1", a: "2" });
      });
      if (at === 0) expect(history.keysVersion).toBe(2);
    }
    expect([history.keys(), history.keysVersion]).toEqual([["stays"], 3]);
    expect((await history.names()).map(({ key }) => key)).toEqual(["stays"]);
    // What is not on disk yet is still found.
    const { series } = await history.series({
      name: "goes",
      fromMs: START_MS,
      toMs: START_MS + 20_000,
      stepMs: 10_000,
    });
    expect(series[0]!.max).toEqual([2, null]);
  });

  test("beyond the limit are left out and counted, while known ones go on", () => {
    const history = new History({ maxSeries: 2 });
    for (let at = 0; at < 3; at++) {
      history.sample(START_MS + at * 1000, at * 1000, (take) => {
        for (let label = 0; label < 5; label++) take("a", "gauge", at, { label: String((label + at) % 5) });
      });
    }
    expect(history.keys()).toEqual(['a{label="0"}', 'a{label="1"}']);
    expect([history.leftOut, history.columns(START_MS + 1000)[0]!.v]).toEqual([3, [2, 2]]);
  });

  test("are found by name and labels; labels in another order are the same series", async () => {
    const history = new History();
    history.sample(START_MS, 0, (take) => {
      take("a", "gauge", 1, { x: "1", y: "1" });
      take("a", "gauge", 2, { y: "2", x: "1" });
      take("a", "gauge", 3, { y: "1", x: "1" });
      take("ab", "gauge", 4);
    });
    const found = async (labels: Record<string, string>) => {
      const { series } = await history.series({ name: "a", labels, fromMs: START_MS, toMs: START_MS + 1000 });
      return series.map(({ key, mean }) => [key, mean[0]]);
    };
    expect(await found({ x: "1" })).toEqual([
      ['a{x="1",y="1"}', 3],
      ['a{x="1",y="2"}', 2],
    ]);
    expect(await found({ y: "2" })).toEqual([['a{x="1",y="2"}', 2]]);
    expect(await found({ x: "2" })).toEqual([]);
  });

  test("have a key that can be read back, whatever their labels are", () => {
    expect(seriesKey("a", { c: 'say "\\"\n', b: "," })).toBe('a{b=",",c="say \\"\\\\\\"\\n"}');
    const labels = fc.dictionary(fc.stringMatching(/^[a-z_]\w{0,8}$/), fc.string(), {
      maxKeys: 4,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(labels, (given) => {
        expect(parseSeriesKey(seriesKey("name:total", given))).toEqual({ name: "name:total", labels: given });
      }),
    );
    for (const wrong of [
      "",
      "1a",
      "a{",
      "a{}}",
      'a{b="1"',
      'a{b="1""}',
      "a{b=1}",
      'a{b="1"}c',
      'a{b="1"c="2"}',
      "a b",
    ]) {
      expect(() => parseSeriesKey(wrong)).toThrow("Cannot read");
    }
  });

  test("are taken from families; of a histogram its count and sum", () => {
    const taken: unknown[] = [];
    const family = { help: "", samples: [{ value: 1, labels: {} }] };
    const histogram = ["_bucket", "_sum", "_count"].map((suffix) => ({ value: 2, labels: {}, suffix }));
    takeFamilies(
      [
        { ...family, name: "a_total", type: "counter" },
        { ...family, name: "b", type: "untyped" },
        { name: "c", help: "", type: "histogram", samples: histogram },
      ],
      (...words) => taken.push(words.slice(0, 3)),
    );
    expect(taken).toEqual([
      ["a_total", "counter", 1],
      ["b", "gauge", 1],
      ["c_sum", "counter", 2],
      ["c_count", "counter", 2],
    ]);
  });
});

describe("a chart", () => {
  const DISK = [
    { stepMs: 1000, keepMs: 15 * MINUTE_MS },
    { stepMs: 10_000, keepMs: 24 * HOUR_MS },
    { stepMs: MINUTE_MS, keepMs: 7 * 24 * HOUR_MS },
    { stepMs: 15 * MINUTE_MS, keepMs: 90 * 24 * HOUR_MS },
  ];

  test.each([
    ["5 minutes by the second", 5 * MINUTE_MS, 1000, 1000],
    ["5 minutes, two seconds and a half", 5 * MINUTE_MS, 2500, 3000],
    ["an hour by the second: gone, but ten are there", HOUR_MS, 1000, 10_000],
    ["a day: at most so many points", 24 * HOUR_MS, 1000, 50_000],
    ["a week", 7 * 24 * HOUR_MS, 1000, 360_000],
    ["90 days", 90 * 24 * HOUR_MS, 1000, 75 * MINUTE_MS],
    ["90 days by the day", 90 * 24 * HOUR_MS, 24 * HOUR_MS, 24 * HOUR_MS],
    ["longer than anything is kept", 900 * 24 * HOUR_MS, 1000, 660 * MINUTE_MS],
  ])("of %s", (_, agoMs, askedMs, stepMs) => {
    const nowMs = START_MS + 123_456;
    const buckets = bucketsFor({ fromMs: nowMs - agoMs, toMs: nowMs, stepMs: askedMs }, nowMs, DISK);
    expect(buckets.stepMs).toBe(stepMs);
    expect(buckets.length).toBeLessThanOrEqual(MAX_POINTS);
    expect(buckets.fromMs % stepMs).toBe(0);
    expect(buckets.fromMs).toBeLessThanOrEqual(nowMs - agoMs);
    expect(buckets.fromMs + buckets.length * stepMs).toBeGreaterThanOrEqual(nowMs);
  });

  test.each([
    [5, 5, 1000],
    [6, 5, 1000],
    [0, 1, 0],
    [Number.NaN, 1, 1],
    [0, Number.POSITIVE_INFINITY, 1],
  ])("from %p to %p in steps of %p is refused", (fromMs, toMs, stepMs) => {
    expect(() => bucketsFor({ fromMs, toMs, stepMs }, 10, DISK)).toThrow("Cannot read history");
  });

  test("of seconds shows a gap as one, and a spike in any step", async () => {
    const { second, chart } = running();
    for (let at = 0; at < 60; at++) second(at === 33 ? 900 : at === 40 ? undefined : 1);
    const seconds = await chart(START_MS + 32_000, START_MS + 42_000);
    expect(seconds.max).toEqual([1, 900, 1, 1, 1, 1, 1, 1, null, 1]);
    const tens = await chart(START_MS, START_MS + 60_000, 10_000);
    expect(tens.max).toEqual([1, 1, 1, 900, 1, 1]);
    expect(tens.mean[3]).toBeCloseTo(90.9, 4);
    expect((await chart(START_MS, START_MS + 60_000, MINUTE_MS)).max).toEqual([900]);
  });

  test("agrees with all seconds, however time and values went", async () => {
    const step = fc.record({
      skip: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 700 })),
      value: fc.option(fc.integer({ min: -1000, max: 1000 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 300 }), async (steps) => {
        const { clock, second, chart } = running();
        const seen: { atMs: number; value: number }[] = [];
        for (const { skip, value } of steps) {
          clock.nowMs += skip * 1000;
          if (value !== undefined) seen.push({ atMs: clock.nowMs, value });
          second(value);
        }
        const lastMs = clock.nowMs - 1000;
        for (const stepMs of [1000, 3000, 10_000, 50_000]) {
          const fromMs = Math.max(START_MS, lastMs - (stepMs < 10_000 ? 900_000 : 7_000_000));
          const got = await chart(fromMs, lastMs + 1000, stepMs);
          for (const [at, t] of got.t.entries()) {
            const values = seen.filter(({ atMs }) => atMs >= t && atMs < t + stepMs).map(({ value }) => value);
            // What fell out of the ring with the left edge's bucket.
            if (t < lastMs - 959_000 && stepMs < 10_000) continue;
            expect(got.max[at] ?? null).toBe(values.length === 0 ? null : Math.max(...values));
            expect(got.min[at] ?? null).toBe(values.length === 0 ? null : Math.min(...values));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test("goes on after the clock was set back, without the seconds that are now in the future", async () => {
    const { clock, second, chart } = running();
    for (let at = 0; at < 100; at++) second(1);
    clock.nowMs -= 60_000;
    for (let at = 0; at < 10; at++) second(2);
    const { mean } = await chart(START_MS, START_MS + 100_000);
    expect(mean.slice(0, 40).every((value) => value === 1)).toBeTrue();
    expect(mean.slice(40, 50).every((value) => value === 2)).toBeTrue();
    expect(mean.slice(50).every((value) => value === null)).toBeTrue();
    // A second that is left out now must not show what it was before.
    clock.nowMs += 5000;
    second(3);
    expect((await chart(START_MS + 49_000, clock.nowMs)).mean).toEqual([2, null, null, null, null, null, 3]);
  });

  test("has a gap where the machine slept or the clock went ahead", async () => {
    const { clock, second, chart } = running();
    for (let at = 0; at < 10; at++) second(1);
    clock.nowMs += 8 * HOUR_MS;
    for (let at = 0; at < 10; at++) second(1);
    const { mean, stepMs } = await chart(START_MS, clock.nowMs, HOUR_MS);
    expect([stepMs, mean]).toEqual([HOUR_MS, [1, null, null, null, null, null, null, null, 1]]);
  });
});
