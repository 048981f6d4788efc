import { expect, test } from "bun:test";
import { exposition } from "../../src/metrics/mod.ts";
import { listen } from "../../src/mod.ts";
import { CountRows } from "../../src/net/counts.ts";
import { openVitals } from "../../src/net/mod.ts";
import { gatherTcpMetrics } from "../../src/tcp/monitoring/gather.ts";
import { listenerHistograms } from "../../src/tcp/monitoring/histograms.ts";
import { Client, until } from "../net/support.ts";

test("each event loop's heap, and the lag of workers, are told", async () => {
  await using server = await listen(
    { host: "127.0.0.1", workers: 2 },
    new URL("../app/counting-handler.ts", import.meta.url),
  );
  const running = [{ name: "wide", config: {}, server }] as never;
  await until(() => server.counts().active === 0);
  const text = exposition(await gatherTcpMetrics(running));
  for (const loop of ["wide/0", "wide/1"]) {
    expect(Number(new RegExp(`tenk_runtime_heap_used_bytes\\{loop="${loop}"\\} (.*)`).exec(text)?.[1])).toBeGreaterThan(
      1e4,
    );
    expect(text).toContain(`tenk_runtime_collections_total{loop="${loop}"}`);
  }
  expect(text).toContain("# TYPE tenk_worker_event_loop_lag_seconds histogram");
  expect(text).toMatch(/lag_seconds_bucket\{listener="wide",worker="1",le="\+Inf"\} \d+/);
});

test("a worker that does not answer leaves its name to nobody else", async () => {
  const main = openVitals();
  main.stop();
  const server = {
    workers: 2,
    ask: async () => [],
    counts: () => new CountRows(1).read(),
    vitals: async () => [{ ...main.read(), worker: 1 }],
  };
  const running = [{ name: "wide", config: {}, server }] as never;
  const text = exposition(await gatherTcpMetrics(running));
  expect(text).toContain('tenk_runtime_heap_used_bytes{loop="wide/1"}');
  expect(text).toContain('tenk_worker_event_loop_lag_seconds_count{listener="wide",worker="1"}');
  expect(text).not.toMatch(/wide\/0|worker="0"/);
});

test("lifetimes and first bytes are told as histograms, cumulative", async () => {
  await using server = await listen({ host: "127.0.0.1" }, {});
  const client = await new Client(server.port).connected();
  client.socket.end("x");
  await until(() => server.counts().accepted === 1 && server.counts().active === 0);
  const text = exposition(listenerHistograms([{ name: "packets", counts: server.counts() }]));
  expect(text).toContain('tenk_tcp_connection_lifetime_seconds_bucket{listener="packets",le="+Inf"} 1');
  expect(text).toContain('tenk_tcp_connection_lifetime_seconds_bucket{listener="packets",le="86400"} 1');
  expect(text).toContain('tenk_tcp_connection_lifetime_seconds_count{listener="packets"} 1');
  expect(text).toContain('tenk_tcp_first_byte_seconds_count{listener="packets"} 1');
});
