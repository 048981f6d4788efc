import { describe, expect, test } from "bun:test";
import { addSecond, combined, emptyFrame, type Frame, frameOf } from "../../src/dash/page/frame.ts";

const KEYS = ["a"];
const start = 1_000_000_000_000;
const window = (spanMs: number) => ({ fromMs: start, toMs: start + spanMs, keys: KEYS });
const means = (frame: Frame) => frame.columns.get("a")!.mean;
const put = (frame: Frame, second: number, value: number | null) =>
  addSecond(frame, { t: start + second * 1000 }, () => value);

describe("a response is put on a grid", () => {
  const answer = (t: number[], values: (number | null)[], stepMs = 1000) => ({
    stepMs,
    series: [{ key: "a", t: t.map((second) => start + second * 1000), min: values, mean: values, max: values }],
  });

  test("with gaps at moments without a value", () => {
    const frame = frameOf(answer([0, 1, 4], [1, null, 5]), window(5000));
    expect(means(frame)).toEqual([1, null, null, null, 5, null]);
    expect(frame.moments[0]).toBe(start / 1000);
  });

  test("without values outside of it, or of other series", () => {
    const strange = { ...answer([-3, 99, 2], [7, 7, 2]) };
    const frame = frameOf(
      { ...strange, series: [...strange.series, { ...strange.series[0]!, key: "b" }] },
      window(3000),
    );
    expect(means(frame)).toEqual([null, null, 2, null]);
    expect([...frame.columns.keys()]).toEqual(["a"]);
  });
});

describe("new seconds", () => {
  test("move the frame on, which keeps its span", () => {
    const frame = emptyFrame({ ...window(3000), stepMs: 1000 });
    for (let second = 0; second <= 5; second += 1) put(frame, second, second);
    expect(means(frame)).toEqual([2, 3, 4, 5]);
    expect(frame.moments).toEqual([2, 3, 4, 5].map((second) => start / 1000 + second));
  });

  test("leave a gap where some were missed, until they are sent again", () => {
    const frame = emptyFrame({ ...window(3000), stepMs: 1000 });
    put(frame, 3, 3);
    put(frame, 6, 6);
    expect(means(frame)).toEqual([3, null, null, 6]);
    put(frame, 4, 4);
    put(frame, 5, 5);
    expect(means(frame)).toEqual([3, 4, 5, 6]);
    expect(frame.moments).toHaveLength(4);
  });

  test("that are older than the frame change nothing", () => {
    const frame = emptyFrame({ ...window(3000), stepMs: 1000 });
    put(frame, -1, 9);
    expect(means(frame)).toEqual([null, null, null, null]);
  });

  test("are combined in coarse steps: minimum, mean and maximum", () => {
    const frame = emptyFrame({ ...window(20_000), stepMs: 10_000 });
    for (const [second, value] of [
      [30, 4],
      [31, 8],
      [32, 0],
      [33, null],
    ] as const)
      put(frame, second, value);
    const { min, mean, max } = frame.columns.get("a")!;
    expect([min.at(-1), mean.at(-1), max.at(-1)]).toEqual([0, 4, 8]);
  });

  test("that come late for a coarse step leave it unchanged", () => {
    const frame = emptyFrame({ ...window(20_000), stepMs: 10_000 });
    put(frame, 20, 4);
    put(frame, 5, 100);
    expect(means(frame)).toEqual([null, null, 4]);
  });
});

describe("a frame keeps its length", () => {
  test("through an hour of seconds", () => {
    const frame = emptyFrame({ ...window(300_000), stepMs: 1000 });
    for (let second = 301; second < 3901; second += 1) put(frame, second, second);
    const { min, mean, max } = frame.columns.get("a")!;
    expect([frame.moments, min, mean, max].map(({ length }) => length)).toEqual([301, 301, 301, 301]);
    expect(mean[0]).toBe(3600);
  });

  test("after a weekend without any, without more work", () => {
    const frame = emptyFrame({ ...window(3000), stepMs: 1000 });
    let pushes = 0;
    frame.moments.push = function (...moments) {
      pushes += moments.length;
      return Array.prototype.push.apply(this, moments);
    };
    put(frame, 3, 3);
    put(frame, 200_000, 7);
    expect(means(frame)).toEqual([null, null, null, 7]);
    expect(frame.moments.map((moment) => moment - frame.moments[0]!)).toEqual([0, 1, 2, 3]);
    expect(frame.moments.at(-1)).toBe(start / 1000 + 200_000);
    expect(pushes).toBe(4);
  });
});

describe("combined series", () => {
  const frame = emptyFrame({ fromMs: 0, toMs: 2000, stepMs: 1000, keys: ["a", "b"] });
  frame.columns.get("a")!.mean.splice(0, 3, 5, null, null);
  frame.columns.get("b")!.mean.splice(0, 3, 2, 3, null);

  test("are a sum, with a gap only where all have one", () => {
    expect(combined(frame, { keys: ["a", "b", "unknown"] }, "mean")).toEqual([7, 3, null]);
  });

  test("are a difference, with a gap where either has one", () => {
    expect(combined(frame, { keys: ["a"], minus: ["b"] }, "mean")).toEqual([3, null, null]);
  });
});
