import { expect, test } from "bun:test";
import fc from "fast-check";
import { HEALTH_DEFAULTS } from "../../src/targets/mod.ts";
import { anyone, listOf, settings } from "./support.ts";

test("a target that stays listed keeps its health, its counts and what it carries; one that left is reported until it is done", async () => {
  await using list = listOf(settings(["a:1", "b:1"], { health: { ...HEALTH_DEFAULTS, failures: 1 } }));
  const [a, b] = list.targets;
  a!.began(0);
  a!.connected(7);
  b!.began(0);
  b!.failed(new Error("refused"), 0, false);
  list.configure(settings([{ address: "b:1", weight: 4 }, "c:1"], { health: { ...HEALTH_DEFAULTS, failures: 1 } }));
  expect(list.targets[0]).toBe(b);
  expect(list.report()).toMatchObject([
    { address: "b:1", state: "down", weight: 4, failures: 1, active: 1, lastError: "refused" },
    { address: "c:1", state: "up", total: 0 },
    { address: "a:1", state: "draining", active: 1, total: 1, connectMs: 7 },
  ]);
  expect(a!.link.closes).toBe(1);
  a!.ended();
  expect(list.report().map(({ address }) => address)).toEqual(["b:1", "c:1"]);
});

test("one that returns while it still carries something is the same, with a link that is open and its former bytes", async () => {
  await using list = listOf(settings(["a:1", "b:1"]));
  const a = list.targets[0]!;
  a.began(0);
  const former = a.link;
  list.configure(settings(["b:1"]));
  list.configure(settings(["b:1", "a:1"]));
  expect(list.targets[1]).toBe(a);
  expect(a.link).not.toBe(former);
  expect(a.link.closes).toBe(0);
  expect(a.report()).toMatchObject({ active: 1, state: "up", bytesToTarget: 6, bytesFromTarget: 10 });
});

test("another link key makes new links, and the same key does not", async () => {
  await using list = listOf(settings(["a:1"], { linkKey: "tls" }));
  const link = list.targets[0]!.link;
  list.configure(settings([{ address: "a:1", draining: true }], { linkKey: "tls" }));
  expect(list.targets[0]!.link).toBe(link);
  list.configure(settings(["a:1"], { linkKey: "plain" }));
  expect(list.targets[0]!.link).not.toBe(link);
  expect(link.closes).toBe(1);
});

test("a target at its limit gets nothing more, and one that is out is no substitute for a full one", async () => {
  await using list = listOf(settings(["a:1", "b:1"], { maxActive: 1, health: { ...HEALTH_DEFAULTS, failures: 1 } }));
  const [a, b] = list.targets;
  b!.failed(new Error("refused"), 0, false);
  expect(list.choose(anyone)).toBe(a!);
  a!.began(0);
  expect(list.choose(anyone)).toBeUndefined();
  expect(list.isFull(anyone)).toBe(true);
  expect(list.isFull({ ...anyone, tried: [a!] })).toBe(false);
  a!.ended();
  a!.failed(new Error("refused"), 0, false);
  expect(list.choose(anyone)).toBeDefined(); // all are out: a try is better than none
});

test("who waits is served in the order of coming as soon as a target has room, and nobody is served twice", async () => {
  await using list = listOf(settings(["a:1"], { maxActive: 2 }));
  const served: string[] = [];
  const take = (name: string) => () => {
    served.push(name);
    list.choose(anyone)!.began(0);
  };
  const turnedAway = () => expect.unreachable();
  for (let index = 0; index < 2; index++) list.choose(anyone)!.began(0);
  for (const name of ["one", "two", "three"]) list.wait({ room: take(name), gaveUp: turnedAway }, performance.now());
  const gone = list.wait({ room: take("gone"), gaveUp: turnedAway }, performance.now())!;
  list.leave(gone);
  expect(served).toEqual([]);
  list.targets[0]!.ended();
  expect(served).toEqual(["one"]);
  list.configure(settings(["a:1", "b:1"], { maxActive: 2 }));
  expect(served).toEqual(["one", "two", "three"]);
  expect(list.waiting).toBe(0);
  list.leave(gone); // harmless
});

test("a waiter whose exchange ends at once lets the next one choose, without recursion", async () => {
  await using list = listOf(settings(["a:1"], { maxActive: 1, queue: { maxWaiting: 50_000, waitMs: 10_000 } }));
  const target = list.targets[0]!;
  target.began(0);
  let served = 0;
  const waiter = {
    room: () => {
      served += 1;
      target.began(0);
      target.ended();
    },
    gaveUp: () => {},
  };
  for (let index = 0; index < 50_000; index++) list.wait(waiter, performance.now());
  target.ended();
  expect(served).toBe(50_000);
});

test("who waits for a target that fails tries another, even one that is out", async () => {
  await using list = listOf(settings(["a:1", "b:1"], { maxActive: 1, health: { ...HEALTH_DEFAULTS, failures: 1 } }));
  const [a, b] = list.targets;
  b!.failed(new Error("refused"), performance.now(), false);
  a!.began(0);
  const chosen: unknown[] = [];
  const room = () => chosen.push(list.choose({ ...anyone, nowMs: performance.now() }));
  list.wait({ room, gaveUp: () => expect.unreachable() }, performance.now());
  expect(chosen).toEqual([]);
  a!.failed(new Error("reset"), performance.now(), false);
  expect(chosen).toEqual([b]);
});

test("a cookie's target is returned while it is up and has room, and while it drains", async () => {
  const health = { ...HEALTH_DEFAULTS, failures: 1 };
  const given = (targets: readonly unknown[]) => settings(targets, { maxActive: 1, health, stickySecret: "secret" });
  await using list = listOf(given(["a:1", "b:1"]));
  const b = list.targets[1]!;
  const value = list.stickyValue(b)!;
  expect(list.stickyTarget(value, 0)).toBe(b);
  list.configure(given([{ address: "b:1", draining: true }, "c:1"]));
  expect(list.stickyTarget(value, 0)).toBe(b);
  b.began(0);
  expect(list.stickyTarget(value, 0)).toBeUndefined();
  b.ended();
  b.failed(new Error("refused"), 0, false);
  expect(list.stickyTarget(value, 0)).toBeUndefined();
  list.configure(given(["c:1"]));
  expect(list.stickyTarget(value, 1_000_000)).toBeUndefined();
  list.configure(settings(["b:1"]));
  expect([list.stickyValue(b), list.stickyTarget(value, 1_000_000)]).toEqual([undefined, undefined]);
});

test("a trial that ends by its client leaves the next one due", async () => {
  await using list = listOf(settings(["a:1"], { health: { ...HEALTH_DEFAULTS, failures: 1, backOffMs: 10 } }));
  const target = list.targets[0]!;
  target.failed(new Error("refused"), 0, false);
  const isTrial = target.began(10);
  expect([isTrial, target.isUsable(10)]).toEqual([true, false]);
  target.ended(isTrial);
  expect(target.isUsable(10)).toBe(true);
  target.failed(new Error("refused"), 10, target.began(10));
  target.ended(true);
  expect([target.isUsable(29), target.isUsable(30)]).toEqual([false, true]);
});

test("the queue has a bound, and turns people away after its time and at a stop", async () => {
  await using list = listOf(settings(["a:1"], { maxActive: 1, queue: { maxWaiting: 2, waitMs: 5 } }));
  list.targets[0]!.began(0);
  const late = Promise.withResolvers<void>();
  list.wait({ room: () => late.reject(new Error("served")), gaveUp: late.resolve }, performance.now());
  list.wait({ room: () => {}, gaveUp: () => {} }, performance.now());
  expect(list.wait({ room: () => {}, gaveUp: () => {} }, performance.now())).toBeUndefined();
  await late.promise;
  let stopped = 0;
  list.configure(settings(["a:1"], { maxActive: 1, queue: { maxWaiting: 2, waitMs: 60_000 } }));
  list.wait({ room: () => {}, gaveUp: () => stopped++ }, performance.now());
  list.stop();
  expect(stopped).toBe(1);
});

test("whatever comes, goes and fails: no target above its limit, nobody waits beside room, everybody hears once", () => {
  const step = fc.record({ what: fc.constantFrom("come", "end", "leave", "fail", "succeed"), which: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const health = { ...HEALTH_DEFAULTS, failures: 2 };
      const queue = { maxWaiting: 5, waitMs: 60_000 };
      const list = listOf(settings(["a:1", "b:1"], { maxActive: 2, health, queue }));
      const open: (typeof list.targets)[number][] = [];
      const places: { place: object; heard: number }[] = [];
      const take = () => {
        const target = list.choose({ ...anyone, nowMs: performance.now() });
        target?.began(performance.now());
        if (target !== undefined) open.push(target);
      };
      for (const { what, which } of steps) {
        const target = list.targets[which % 2]!;
        if (what === "come" && list.isFull({ ...anyone, nowMs: performance.now() })) {
          const mine = { place: {}, heard: 0 };
          const room = () => {
            mine.heard += 1;
            take();
          };
          const place = list.wait({ room, gaveUp: () => mine.heard++ }, performance.now());
          if (place !== undefined) places.push(Object.assign(mine, { place }));
        } else if (what === "come") take();
        else if (what === "end") open.splice(which % Math.max(1, open.length), 1)[0]?.ended();
        else if (what === "fail") target.failed(new Error("x"), performance.now(), false);
        else if (what === "succeed") target.answered();
        else if (places.length > 0) {
          const left = places.splice(which % places.length, 1)[0]!;
          list.leave(left.place as never);
          expect(left.heard).toBeLessThanOrEqual(1);
        }
        for (const each of list.targets) {
          expect(each.active).toBe(open.filter((one) => one === each).length);
          expect(each.active).toBeLessThanOrEqual(2);
        }
        if (!list.isFull({ ...anyone, nowMs: performance.now() })) expect(list.waiting).toBe(0);
      }
      list.stop();
      for (const { heard } of places) expect(heard).toBe(1);
    }),
  );
});
