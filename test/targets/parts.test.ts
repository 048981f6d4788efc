import { describe, expect, test } from "bun:test";
import { TenkError } from "../../src/base/mod.ts";
import { Health } from "../../src/targets/health.ts";
import { HEALTH_DEFAULTS, healthSettings } from "../../src/targets/mod.ts";
import { Stickiness } from "../../src/targets/sticky.ts";
import { listOf, settings } from "./support.ts";

describe("failures within a time", () => {
  const within = { ...HEALTH_DEFAULTS, failures: 3, withinMs: 100, backOffMs: 50 };

  test("count, with successes between them", () => {
    const health = new Health(within);
    for (const nowMs of [0, 40]) {
      expect(health.failed(nowMs, false)).toBe(false);
      health.succeeded();
    }
    expect(health.failed(100, false)).toBe(true);
  });

  test("do not count when they are older", () => {
    const health = new Health(within);
    for (let nowMs = 0; nowMs < 2000; nowMs += 51) expect(health.failed(nowMs, false)).toBe(false);
  });

  test("do not take it out again after its comeback, but by new ones", () => {
    const health = new Health({ ...within, withinMs: 10_000 });
    for (const nowMs of [0, 1, 2]) health.failed(nowMs, false);
    expect(health.isOut).toBe(true);
    health.began(60);
    health.succeeded();
    expect([61, 62, 63].map((nowMs) => health.failed(nowMs, false))).toEqual([false, false, true]);
  });

  test("follow new settings", () => {
    const health = new Health(within);
    health.failed(0, false);
    health.configure({ ...within, failures: 1 });
    expect(health.failed(1, false)).toBe(true);
  });

  test("have a bound on how many are counted", () => {
    expect(() => healthSettings({ failures: 1001, withinMs: 1 })).toThrow(TenkError);
    expect(healthSettings({ failures: 1001 }).failures).toBe(1001);
  });
});

describe("checks by a given function", () => {
  test("take a target out and bring it back", async () => {
    let isWell = false;
    let asked = 0;
    const health = { ...HEALTH_DEFAULTS, failures: 2, checkMs: 2 };
    await using list = listOf(settings(["a:1"], { health }), {
      check: async () => {
        asked += 1;
        if (!isWell) throw new Error("status 500, expected 200");
      },
    });
    const target = list.targets[0]!;
    await until(() => target.health.isOut);
    expect(target.report()).toMatchObject({ state: "down", lastError: "status 500, expected 200" });
    isWell = true;
    await until(() => !target.health.isOut);
    list.stop();
    const before = asked;
    await Bun.sleep(10); // a check that still ran would have been seen five times by now
    expect(asked).toBe(before);
  });

  test("that never end fail after their time, are told so, and do not stop later ones", async () => {
    let aborted = 0;
    const health = { ...HEALTH_DEFAULTS, failures: 2, checkMs: 2, checkTimeoutMs: 4 };
    await using list = listOf(settings(["a:1"], { health }), {
      check: (_, signal) => {
        signal.addEventListener("abort", () => aborted++);
        return new Promise(() => {});
      },
    });
    await until(() => list.targets[0]!.health.isOut);
    expect(aborted).toBeGreaterThanOrEqual(2);
    expect(list.targets[0]!.report().lastError).toBe("No answer to a health check within 4 ms");
  });

  test("that are stopped blame no target", async () => {
    await using list = listOf(settings(["a:1"], { health: { ...HEALTH_DEFAULTS, failures: 1, checkMs: 1000 } }), {
      check: (_, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error()))),
    });
    list.stop();
    await Promise.resolve();
    expect(list.targets[0]!.report()).toMatchObject({ state: "up", failures: 0 });
  });
});

describe("a cookie's value", () => {
  const targets = ["10.0.0.2:80", "10.0.0.3:80"].map((address) => ({ address }));
  const stickiness = new Stickiness("secret", targets);

  test("names its target, says nothing of the address, and depends on the secret alone", () => {
    const values = targets.map((target) => stickiness.valueOf(target)!);
    expect(values.map((value) => stickiness.targetOf(value))).toEqual(targets);
    for (const value of values) expect(value).toMatch(/^[\w-]{22}$/);
    expect(new Stickiness("other", targets).targetOf(values[0]!)).toBeUndefined();
    expect(new Stickiness("secret", [...targets].reverse()).targetOf(values[0]!)).toBe(targets[0]!);
  });

  test.each(["", "10.0.0.2:80", "x".repeat(9000), "__proto__", "constructor"])("%p names none", (value) => {
    expect(stickiness.targetOf(value)).toBeUndefined();
  });
});

/** Waits for what timers bring about. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1));
}
