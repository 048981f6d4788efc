import { describe, expect, test } from "bun:test";
import type { TenkError } from "../../src/base/mod.ts";
import {
  addUserMetrics,
  counter,
  exposition,
  familiesIn,
  gauge,
  histogram,
  readUserMetrics,
} from "../../src/metrics/mod.ts";
import { registry } from "../../src/metrics/user-family.ts";

async function scrape(): Promise<string[]> {
  const ofLoop = await readUserMetrics();
  return exposition(await familiesIn(addUserMetrics([ofLoop]))).split("\n");
}

describe("a metric of a user's own", () => {
  test("with a value that is not a number is left out alone, and is back with the next number", async () => {
    const [broken, sound] = [gauge("user_broken", "Broken."), gauge("user_sound", "Sound.")];
    sound.set(1);
    for (const value of ["5", undefined, null, {}, 5n]) {
      broken.set(value as never);
      const lines = await scrape();
      expect(lines).toContain("user_sound 1");
      expect(lines.filter((line) => line.startsWith("user_broken"))).toEqual([]);
    }
    broken.set(7);
    expect(await scrape()).toContain("user_broken 7");
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, "3", null, {}])("does not count by %p", async (by) => {
    const packets = counter("user_packets_total", "Packets.");
    const before = packets.value;
    expect(() => packets.inc(by as never)).toThrow(by === -1 ? "by -1 as a counter only goes up" : "no finite number");
    expect(await scrape()).toContain(`user_packets_total ${before}`);
  });

  test.each(["__name__", "__x", "le", "quantile", "a-b", "", "ä"])("has no label %p", (label) => {
    expect(() => counter("user_odd_total", "Odd.", [label])).toThrow("cannot be the name of a label");
    expect(() => histogram("user_odd_seconds", "Odd.", {}, [label])).toThrow("cannot be the name of a label");
  });

  test("is refused with a fitting hint", () => {
    const hintOf = (make: () => unknown) => {
      try {
        make();
      } catch (error) {
        return (error as TenkError).hint;
      }
      return undefined;
    };
    expect(hintOf(() => counter("user-name", "A name."))).toContain("chat_messages_total");
    expect(hintOf(() => counter("user_label_total", "A label.", ["a-b"]))).toBe("such as room or close_reason");
    expect(hintOf(() => histogram("user_bounds", "Bounds.", { buckets: [2, 1] }))).toContain("[16, 64, 256, 1024]");
    expect(hintOf(() => counter("user_by_total", "By.").inc(-1))).toContain("a gauge");
  });

  test("can use a name after it was refused with other arguments", async () => {
    expect(() => histogram("user_mended_seconds", "Mended.", {}, ["le"])).toThrow();
    expect(() => histogram("user_mended_seconds", "Mended.", { buckets: [2, 1] })).toThrow("buckets");
    histogram("user_mended_seconds", "Mended.", { buckets: [1, 2] }).observe(1.5);
    expect(await scrape()).toContain('user_mended_seconds_bucket{le="2"} 1');
  });

  test.each([[[2, 1]], [[1, 1]], [[Number.NaN]], [[1, Number.POSITIVE_INFINITY]], [["1"]]])(
    "has no buckets %p",
    (buckets) => {
      expect(() => histogram("user_buckets_seconds", "Buckets.", { buckets: buckets as never })).toThrow("each larger");
    },
  );
});

describe("what a program without types may pass", () => {
  const any = (value: unknown) => value as never;
  test.each([
    [
      "labels",
      () => counter("user_wrong_total", "Wrong.", any("room")),
      'labels: expected a list of names, found "room"',
    ],
    ["a label", () => gauge("user_wrong_total", "Wrong.", any([5])), "labels: expected a list of names, found 5"],
    ["a label", () => gauge("user_wrong_total", "Wrong.", any([["a"]])), "expected a list of names, found a list"],
    ["labels", () => histogram("user_wrong_total", "Wrong.", {}, any({ a: 1 })), "list of names, found an object"],
    [
      "options",
      () => histogram("user_wrong_total", "Wrong.", any(["room"])),
      "options: expected { buckets }, found a list",
    ],
    ["buckets", () => histogram("user_wrong_total", "Wrong.", { buckets: any("5") }), "its buckets must be numbers"],
    ["help", () => counter("user_wrong_total", any(undefined)), "help: expected text, found nothing"],
    ["help", () => counter("user_wrong_total", ""), 'help: expected text, found ""'],
    ["a name", () => counter(any(undefined), "Wrong."), "name: expected text, found nothing"],
  ])("is refused by %s, at once and in words", (_, make, why) => {
    expect(make).toThrow(why);
    // Nothing is left: the name can be had as it was meant.
    expect(registry.getSingleMetric("user_wrong_total")).toBeUndefined();
  });
});
