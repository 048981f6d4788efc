/**
 * Runs where `localhost` is `::1` and `127.0.0.1`, in this order, and a server listens on IPv4 only: what a load test, a relay
 * and its health checks make of the name. Prints it as JSON.
 */
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

console.log(JSON.stringify({ connections, messages, through: through.connections }));
process.exit(0);
