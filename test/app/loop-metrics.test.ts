import { expect, test } from "bun:test";
import { loopFamilies } from "../../src/app/monitoring/loop-metrics.ts";
import { exposition } from "../../src/metrics/mod.ts";
import { listen } from "../../src/mod.ts";
import { openVitals, ThreadPool } from "../../src/net/mod.ts";

test("each event loop's heap and the lag of threads are told, once however many listeners share them", async () => {
  const threads = new ThreadPool(2);
  const handler = new URL("./counting-handler.ts", import.meta.url);
  await using one = await listen({ host: "127.0.0.1", workers: "auto", threads }, handler);
  await using other = await listen({ host: "127.0.0.1", workers: "auto", threads }, handler);
  expect([one.workerThreads(), other.workerThreads()]).toEqual([
    [0, 1],
    [0, 1],
  ]);
  const main = openVitals();
  const text = exposition(loopFamilies(main.read(), await threads.vitals()));
  main.stop();
  for (const loop of ["main", "thread-0", "thread-1"]) {
    const used = [...text.matchAll(new RegExp(`^tenk_runtime_heap_used_bytes\\{loop="${loop}"\\} (.*)$`, "gm"))];
    expect(used).toHaveLength(1);
    expect(Number(used[0]![1])).toBeGreaterThan(1e4);
    expect(text).toContain(`tenk_runtime_collections_total{loop="${loop}"}`);
  }
  expect(text).toContain("# TYPE tenk_worker_event_loop_lag_seconds histogram");
  expect(text.match(/lag_seconds_bucket\{thread="1",le="\+Inf"\} \d+/g)).toHaveLength(1);
});
