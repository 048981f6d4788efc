/**
 * Runs where `localhost` is `::1` and `127.0.0.1`, in this order, and servers listen on IPv4 only: what a load test, a relay and
 * its health checks, a reader of counters, and a push make of the name. Prints it as JSON.
 */
import { startPush } from "../../src/app/push/push.ts";
import { pushTarget } from "../../src/app/push/target.ts";
import { readInstanceStats, tcp } from "../../src/load/mod.ts";
import { listen } from "../../src/net/mod.ts";
import { relay } from "../../src/tcp/mod.ts";
import { runAgainst, target } from "./servers.ts";

await using server = await target((connection, bytes) => connection.write(bytes));
const options = { pipeline: 1, replies: { kind: "chunk" }, connections: 10, ratePerConnection: 20 } as const;
const { connections, messages } = await runAgainst(server, { ...options, host: "localhost" });

const targets = [`localhost:${server.server.port}`];
await using front = await listen(
  { host: "127.0.0.1" },
  relay({ targets, health: { checkMs: 10, checkTimeoutMs: 1000 } }),
);
const through = await runAgainst({ ...server, server: front }, options);

let pushes = 0;
const web = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request) {
    if (request.method === "POST") pushes += 1;
    return Response.json({ tenk: "1", parts: {} });
  },
});
const stats = await readInstanceStats(`http://localhost:${web.port}/api/status`, 1, tcp.target!);
const families = [{ name: "a", help: "", type: "gauge", samples: [{ value: 1, labels: {} }] }] as const;
await startPush({ target: pushTarget(`http://localhost:${web.port}/write`), read: () => families }).end();

console.log(JSON.stringify({ connections, messages, through: through.connections, stats, pushes }));
process.exit(0);
