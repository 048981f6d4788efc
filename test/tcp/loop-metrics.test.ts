import { expect, test } from "bun:test";
import { exposition } from "../../src/metrics/mod.ts";
import { listen } from "../../src/mod.ts";
import { listenerHistograms } from "../../src/tcp/monitoring/histograms.ts";
import { Client, until } from "../net/support.ts";

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
