import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reportText } from "../../src/cli/report-text.ts";
import { paintsFor } from "../../src/cli/terminal.ts";
import { planTcp } from "../../src/load/mod.ts";
import { tcp } from "../../src/load/tcp/mod.ts";
import { prepareLoadWorkers } from "../../src/load/workers/load-workers.ts";
import { listen } from "../../src/net/mod.ts";
import { freePort } from "../net/support.ts";
import { PING, runAgainst, target } from "./servers.ts";

test.each([1, 2])("with %i workers all addresses of the target are tried, and counted by address", async (count) => {
  await using server = await listen({ host: "127.0.0.2", port: await freePort() }, {});
  const connections = 40;
  const plan = planTcp({
    host: "several.test",
    port: server.port,
    connections,
    connectRate: 1000,
    durationMs: 200,
    messages: PING,
    workers: count,
  });
  const workers = await prepareLoadWorkers(tcp, plan, ["::1", "127.0.0.3", "127.0.0.2"]);
  workers.start();
  await workers.rampedUp;
  workers.startSending();
  await workers.done;
  const { tally, latencies } = workers.state();
  expect(tally).toMatchObject({ opened: connections, failed: 0, byCause: {} });
  expect(tally.byAddress["127.0.0.2"]).toEqual({ connected: connections });
  // Only those that began before the first found out.
  expect(tally.byAddress["::1"]?.ECONNREFUSED).toBeLessThanOrEqual(connections);
  expect(latencies.summary("connect", []).count).toBe(connections);
  workers.close();
});

test("a run falls over when the address that worked stops working", async () => {
  const first = await listen({ host: "127.0.0.2", port: await freePort() }, {});
  await using _second = await listen({ host: "127.0.0.3", port: first.port }, {});
  const plan = planTcp({
    host: "several.test",
    port: first.port,
    connections: 4,
    connectRate: 1000,
    durationMs: 400,
    messages: PING,
    reconnect: true,
  });
  const workers = await prepareLoadWorkers(tcp, plan, ["127.0.0.2", "127.0.0.3"]);
  workers.start();
  await workers.rampedUp;
  workers.startSending();
  await first.stop({ graceMs: 0 });
  await workers.done;
  const { byAddress } = workers.state().tally;
  expect(byAddress["127.0.0.2"]?.connected).toBe(4);
  expect(byAddress["127.0.0.3"]?.connected).toBeGreaterThanOrEqual(4);
  workers.close();
});

test("the report names the address that was used, or that refused", async () => {
  await using open = await target();
  const { connections } = await runAgainst(open, { host: "localhost", connections: 3 });
  expect(connections.byAddress?.["127.0.0.1"]).toEqual({ connected: 3 });
  const closed = { ...open, server: { ...open.server, port: await freePort() } };
  const refused = await runAgainst(closed as typeof open, { host: "localhost", connections: 3 });
  expect(reportText(refused, paintsFor({ write: () => undefined }, {}))).toContain("3 ECONNREFUSED at 127.0.0.1");
  expect((await runAgainst(open, {})).connections.byAddress).toBeUndefined();
});

const script = `printf '::1 localhost\\n127.0.0.1 localhost\\n' > "$2/hosts" && mount --bind "$2/hosts" /etc/hosts && exec "$0" "$1"`;
if (spawnSync("unshare", ["-rm", "true"]).status !== 0) {
  test.skipIf(process.env.CI !== "true")("a name of both families cannot be tried: needs namespaces", () => {
    throw new Error("This check needs unshare -rm, and must not be left out in CI");
  });
} else {
  test("where localhost is ::1 first and the server listens on IPv4, load tests, relays, checks and pushes get there", () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-hosts-"));
    const program = join(import.meta.dirname, "two-families.ts");
    const words = ["-rm", "sh", "-c", script, process.execPath, program, folder];
    const { stdout, stderr } = spawnSync("unshare", words, { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    expect(stderr).toBe("");
    const { connections, messages, through, stats, pushes } = JSON.parse(stdout);
    expect({ stats, pushes: pushes > 0 }).toEqual({ stats: "other-port", pushes: true });
    expect(connections).toMatchObject({
      opened: 10,
      failed: 0,
      lost: 0,
      byAddress: { "127.0.0.1": { connected: 10 } },
    });
    expect(connections.byAddress["::1"].ECONNREFUSED).toBeGreaterThanOrEqual(1);
    expect(messages.unanswered).toBe(0);
    expect(through).toMatchObject({ opened: 10, failed: 0, lost: 0 });
  });
}
