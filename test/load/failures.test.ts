import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planTcp, runLoad, tcp } from "../../src/load/mod.ts";
import { runAgainst, target } from "./servers.ts";

test("TLS at a port that speaks none fails in the handshake, by name", async () => {
  await using mute = await target();
  const quick = { tls: true, connections: 2, connectTimeoutMs: 100 } as const;
  const { connections } = await runAgainst(mute, quick);
  expect(connections).toMatchObject({
    failed: 2,
    byCause: { "TLS handshake timed out: the port may speak plain TCP": 2 },
  });
  await using talking = await target(undefined, { open: (connection) => connection.write("220 hello\r\n") });
  const { byCause } = (await runAgainst(talking, { ...quick, connectTimeoutMs: 5000 })).connections;
  expect(Object.keys(byCause)).toEqual([expect.stringMatching(/^TLS handshake failed: the peer speaks no TLS /)]);
});

test("a connect to a path that is no socket names what is there", async () => {
  const path = join(tmpdir(), `tenk-ordinary-${process.pid}`);
  writeFileSync(path, "mine");
  const { connections } = await runLoad(tcp, planTcp({ path, connectRate: 1000, durationMs: 100, statsUrl: false }));
  rmSync(path);
  expect(connections.byCause).toEqual({ "connect ECONNREFUSED: it is an ordinary file, not a socket": 1 });
});
