import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { planTcp, runLoad, tcp } from "../../src/load/mod.ts";
import { runAgainst, target } from "./servers.ts";

/** A server in a process of its own that writes all that is taken, from the first moment on. */
async function floodingProcess(): Promise<AsyncDisposable & { port: number }> {
  const program = `const block = Buffer.alloc(65536);
    const server = require("node:net").createServer((socket) => {
      const feed = () => { while (!socket.destroyed && socket.write(block)); };
      socket.on("drain", feed).on("error", () => {});
      feed();
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return {
    port: Number(said.toString()),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

test.each([
  [5, 1],
  [2000, 2],
])("at %i bytes a second a connection reads no more from its first byte on, with %i workers", async (rate, workers) => {
  await using server = await floodingProcess();
  const connections = 20;
  const { bytes, timing } = await runLoad(
    tcp,
    planTcp({
      port: server.port,
      connections,
      workers,
      connectRate: 500,
      durationMs: 1000,
      downstreamBytesPerSecond: rate,
      statsUrl: false,
    }),
  );
  const seconds = (timing.connectMs + timing.sendMs + timing.drainMs) / 1000;
  expect(bytes.received).toBeGreaterThanOrEqual(connections);
  // Two ticks' worth may be saved up, and one byte always.
  expect(bytes.received).toBeLessThanOrEqual(connections * (rate * (seconds + 0.1) + 1));
});

test.each([
  [20, 60],
  [2000, 5000],
])("at %i bytes a second a message of %i bytes leaves no faster either", async (rate, length) => {
  const startMs = performance.now();
  let excess = 0;
  await using slow = await target(() => {
    const allowed = Math.max(1, (rate * (performance.now() - startMs + 100)) / 1000);
    excess = Math.max(excess, slow.bytes - allowed);
  });
  await runAgainst(slow, {
    messages: [{ kind: "text", text: "x".repeat(length), first: false, unescape: false }],
    upstreamBytesPerSecond: rate,
    durationMs: 1000,
    drainMs: 50,
  });
  expect(slow.bytes).toBeGreaterThan(rate * 0.4);
  expect(excess).toBeLessThanOrEqual(1);
});
