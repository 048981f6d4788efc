import { describe, expect, test } from "bun:test";
import { LogStore, type LogStoreOptions } from "../../../src/dns/log/log-store.ts";
import { LogVerdict, Privacy } from "../../../src/dns/log/mod.ts";
import type { QueryLogOptions } from "../../../src/dns/log/query-log.ts";
import type { QueryRow } from "../../../src/store/mod.ts";
import { LIMITS, NAMES, NOW_MS, newLog } from "./support.ts";

/** A store whose rows a test sees. */
function fakeStore() {
  const writes: QueryRow[][] = [];
  const state = { fails: false };
  return {
    writes,
    state,
    rows: () => writes.flat().map(({ name }) => name),
    add: async (rows: readonly QueryRow[]) => {
      if (!state.fails) writes.push([...rows]);
      return !state.fails;
    },
  };
}

function storedLog(options: Partial<LogStoreOptions> = {}, logOptions: Partial<QueryLogOptions> = {}) {
  const it = newLog({ names: NAMES, ...logOptions });
  const store = fakeStore();
  const clock = { ms: 0 };
  const logStore = new LogStore(it.log, store, { ...LIMITS, ...options }, () => clock.ms);
  it.log.observer = logStore;
  return { ...it, store, logStore, clock, [Symbol.asyncDispose]: () => logStore.stop().then(it[Symbol.dispose]) };
}

describe("what is stored of the log", () => {
  test("is each entry once, with names instead of numbers", async () => {
    await using it = storedLog();
    const { blocked } = LogVerdict;
    it.push(1, "ads.example", { verdict: blocked, lists: 6, labels: 2 });
    it.push(1, "b.example", { verdict: blocked, lists: 1, rule: { file: 0, line: 7 }, atMs: NOW_MS + 1 });
    it.push(1, "c.example", { verdict: LogVerdict.forwarded, upstream: 1, atMs: NOW_MS + 2 });
    it.log.drain();
    await it.logStore.flush();
    it.push(1, "d.example", { atMs: NOW_MS + 3 });
    it.log.drain();
    await it.logStore.flush();
    expect(it.store.writes.map((rows) => rows.length)).toEqual([3, 1]);
    expect(it.store.writes[0]).toMatchObject([
      { name: "ads.example", lists: "stevenblack oisd", labels: 2, rule: null, client: "192.168.1.7" },
      { name: "b.example", lists: "rules", labels: 0, rule: "||rule-0-7^" },
      { name: "c.example", lists: null, upstream: "tls://192.0.2.2", verdict: LogVerdict.forwarded },
    ]);
  });

  test("has the names that held when it was answered", async () => {
    await using it = storedLog();
    it.push(1, "a.example", { upstream: 0 });
    it.log.names = { ...NAMES, upstream: () => "another" };
    it.push(1, "b.example", { upstream: 0 });
    it.log.drain();
    await it.logStore.flush();
    expect(it.store.writes[0]!.map(({ upstream }) => upstream)).toEqual(["tls://192.0.2.1", "another"]);
  });

  test("comes later when the disk fails, and is counted when the memory was too small for that", async () => {
    await using it = storedLog({}, { memoryEntries: 4 });
    it.store.state.fails = true;
    for (let count = 0; count < 3; count++) it.push(1, `n${count}.example`);
    it.log.drain();
    await it.logStore.flush();
    it.store.state.fails = false;
    for (let count = 3; count < 6; count++) it.push(1, `n${count}.example`);
    it.log.drain();
    await it.logStore.flush();
    expect(it.store.rows()).toEqual(["n2.example", "n3.example", "n4.example", "n5.example"]);
    expect(it.logStore.unstored).toBe(2);
  });

  test("is bounded by the hour: a flood does not wear out the disk", async () => {
    await using it = storedLog({ maxRowsPerHour: 60 });
    for (let count = 0; count < 15; count++) it.push(1, `n${count}.example`);
    it.log.drain();
    await it.logStore.flush();
    expect([it.store.rows().length, it.logStore.unstored]).toEqual([10, 5]);
    it.clock.ms = 300_000;
    for (let count = 0; count < 15; count++) it.push(1, `m${count}.example`);
    it.log.drain();
    await it.logStore.flush();
    expect([it.store.rows().length, it.logStore.unstored]).toEqual([15, 15]);
  });

  test("is written before it leaves the memory, but not more than ten times in the interval", async () => {
    await using it = storedLog({ flushMs: 1000 }, { memoryEntries: 10 });
    const push = async (count: number) => {
      for (let index = 0; index < count; index++) it.push(1, "n.example");
      it.log.drain();
      await new Promise((resolve) => setImmediate(resolve));
    };
    await push(11);
    expect(it.store.writes.length).toBe(0);
    it.clock.ms = 100;
    await push(5);
    await it.logStore.flush();
    expect(it.store.writes.length).toBe(1);
    await push(9);
    await new Promise((resolve) => setImmediate(resolve));
    expect(it.store.writes.length).toBe(1);
  });

  test("is nothing that privacy forbids by then", async () => {
    await using it = storedLog();
    it.push(1, "secret.example");
    it.log.privacy = Privacy.hideNames;
    it.push(1, "hidden.example");
    it.log.drain();
    await it.logStore.flush();
    expect(it.store.rows()).toEqual([null]);
  });

  test("is also what came before the clock was set back", async () => {
    await using it = storedLog();
    it.push(1, "future.example", { atMs: NOW_MS + 86_400_000 });
    it.log.drain();
    it.push(1, "now.example");
    it.log.drain();
    await it.logStore.flush();
    expect(it.store.rows()).toEqual(["future.example", "now.example"]);
  });
});
