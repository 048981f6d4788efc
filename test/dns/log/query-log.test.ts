import { describe, expect, test } from "bun:test";
import { Privacy } from "../../../src/dns/log/mod.ts";
import { timeOfId } from "../../../src/dns/log/query-log.ts";
import { NOW_MS, newLog } from "./support.ts";

describe("the query log", () => {
  test("gathers what all threads wrote, in the order of time", () => {
    using it = newLog();
    it.push(1, "b.example", { atMs: NOW_MS + 2 });
    it.push(2, "a.example", { atMs: NOW_MS + 1 });
    it.push(0, "c.example", { atMs: NOW_MS + 3 });
    it.push(1, "d.example", { atMs: NOW_MS + 4 });
    expect(it.names()).toEqual(["a.example", "b.example", "c.example", "d.example"]);
  });

  test("gives growing ids from which the time follows", () => {
    using it = newLog();
    for (const afterMs of [0, 0, 5, 3]) {
      it.push(1, "a.example", { atMs: NOW_MS + afterMs });
      it.log.drain();
    }
    const ids = [0, 1, 2, 3].map((number) => it.log.entry(number).id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(ids.map((id) => timeOfId(id) - NOW_MS)).toEqual([0, 0, 5, 5]);
  });

  test("starts ids anew when the clock is set back far, and tells its observer first", () => {
    const calls: string[] = [];
    using it = newLog();
    const call = (name: string) => () => calls.push(name);
    it.log.observer = { added: call("added"), clearing: call("clearing"), forget: call("forget") };
    it.push(1, "future.example", { atMs: NOW_MS + 86_400_000 });
    it.log.drain();
    it.push(1, "now.example");
    expect(it.names()).toEqual(["now.example"]);
    expect([timeOfId(it.log.lastId), calls]).toEqual([NOW_MS, ["added", "clearing", "added"]]);
  });

  test("drains by itself", async () => {
    let added = () => {};
    const done = new Promise<void>((resolve) => {
      added = resolve;
    });
    using it = newLog({ drainMs: 1 });
    it.log.observer = { added: () => added(), clearing: () => undefined, forget: () => undefined };
    it.push(2, "a.example");
    await done;
    expect(it.log.entries.count).toBe(1);
  });

  test("counts what threads had to drop", () => {
    using it = newLog({ ringBytes: 512 });
    for (let count = 0; count < 20; count++) it.push(1, "some.example");
    expect(it.names().length + it.log.dropped).toBe(20);
  });

  test("of counts alone keeps no entry", () => {
    using it = newLog({ privacy: Privacy.onlyCounts });
    it.push(1, "a.example");
    expect(it.names()).toEqual([]);
    expect(it.log.statistics.summary(NOW_MS)).toMatchObject({ queries: 1, allowedNames: [], clients: [] });
  });

  test("forgets at once what stricter privacy forbids, in all threads", () => {
    using it = newLog();
    it.push(1, "secret.example");
    it.log.drain();
    it.push(2, "secret2.example");
    it.log.privacy = Privacy.hideNames;
    it.push(1, "secret3.example");
    expect(it.names()).toEqual([undefined]);
    expect(Buffer.from(it.log.entries.bytes).includes("secret")).toBe(false);
    expect(it.log.statistics.summary(NOW_MS)).toMatchObject({ queries: 3, allowedNames: [] });
    it.log.privacy = Privacy.showAll;
    it.push(2, "shown.example");
    expect(it.names()).toEqual([undefined, "shown.example"]);
  });
});
