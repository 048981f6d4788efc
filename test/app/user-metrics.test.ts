import { expect, test } from "bun:test";
import { counter, gauge, histogram, listen } from "../../src/mod.ts";
import { userMetrics } from "../../src/tcp/monitoring/user-metrics.ts";
import { Client, until } from "../net/support.ts";

test.each([[1], [3]])("a handler's own counter is one line, and exact over %d worker(s)", async (workers) => {
  await using server = await listen({ host: "127.0.0.1", workers }, new URL("./counting-handler.ts", import.meta.url));
  const before = valueIn(await (await userMetrics()).metrics(), "packets_received_total");
  const clients = await Promise.all(Array.from({ length: 30 }, () => new Client(server.port).connected()));
  for (const client of clients) client.socket.write("packet");
  await until(() => server.counts().bytesRead === 180);
  const text = await (await userMetrics()).metrics();
  expect(valueIn(text, "packets_received_total") - before).toBe(30);
  expect(text).toContain("# HELP packets_received_total Packets received.\n# TYPE packets_received_total counter");
  for (const client of clients) client.socket.destroy();
});

test("counters, gauges and histograms with labels are exposed as prom-client does", async () => {
  const requests = counter("test_requests_total", "Requests.", ["verb"]);
  requests.with({ verb: "get" }).inc();
  requests.with({ verb: "put" }).inc(2);
  requests.with({ verb: "get" }).inc();
  gauge("test_rooms", "Rooms.").set(4);
  const sizes = histogram("test_line_bytes", "Lines.", { buckets: [10, 100] });
  for (const size of [5, 50, 500]) sizes.observe(size);
  const text = await (await userMetrics()).metrics();
  expect(text).toContain('test_requests_total{verb="get"} 2');
  expect(text).toContain('test_requests_total{verb="put"} 2');
  expect(text).toContain("test_rooms 4");
  expect(text).toContain('test_line_bytes_bucket{le="100"} 2');
  expect(text).toContain("test_line_bytes_count 3");
});

test("the same words give the same metric, as a file that is loaded again needs it; others are refused", () => {
  const first = counter("test_again_total", "Again.");
  first.inc();
  expect(counter("test_again_total", "Again.").value).toBe(1);
  expect(() => gauge("test_again_total", "Again.")).toThrow("is a counter");
  expect(() => counter("test_again_total", "Again.", ["a"])).toThrow("already");
  expect(() => counter("9lives", "")).toThrow("a letter first");
  expect(() => counter("tenk_mine_total", "")).toThrow("are reserved");
  expect(() => first.inc(-1)).toThrow("only goes up");
});

test("labels from outside cannot fill the memory: after a thousand sets they are counted as other", async () => {
  const hostile = counter("test_hostile_total", "Hostile.", ["name"]);
  for (let index = 0; index < 1500; index++) hostile.with({ name: `n${index}` }).inc();
  const text = await (await userMetrics()).metrics();
  expect(text.match(/^test_hostile_total\{/gm)).toHaveLength(1001);
  expect(text).toContain('test_hostile_total{name="other"} 500');
});

function valueIn(text: string, name: string): number {
  return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1] ?? 0);
}
