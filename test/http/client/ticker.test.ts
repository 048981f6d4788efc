import { expect, test } from "bun:test";
import { Ticker } from "../../../src/http/client/ticker.ts";
import { until } from "../../net/support.ts";

const TICK_MS = 40;

test("ticks only while it has members", async () => {
  const ticker = new Ticker(TICK_MS);
  const ticks: number[] = [];
  const member = { tick: (nowMs: number) => void ticks.push(nowMs) };
  ticker.join(member);
  await until(() => ticks.length === 2);
  expect(ticks[1]! - ticks[0]!).toBeGreaterThan(TICK_MS / 2);
  ticker.leave(member);
  // As long as another one ticks twice.
  const other = new Ticker(TICK_MS);
  let count = 0;
  const counter = { tick: () => { count += 1; } }; // biome-ignore format: one thought
  other.join(counter);
  await until(() => count === 2);
  other.leave(counter);
  expect(ticks.length).toBe(2);
});

test("a blocked event loop makes nobody late before what came meanwhile is read", async () => {
  const ticker = new Ticker(TICK_MS);
  const seen: string[] = [];
  const member = { tick: () => void seen.push("tick") };
  ticker.join(member);
  await until(() => seen.length === 1);
  setImmediate(() => seen.push("read"));
  const endMs = performance.now() + 4 * TICK_MS;
  while (performance.now() < endMs);
  await until(() => seen.length === 3);
  ticker.leave(member);
  expect(seen).toEqual(["tick", "read", "tick"]);
});
