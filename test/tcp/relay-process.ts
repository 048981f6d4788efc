/** A relay in a process of its own, whose memory is then nobody else's. Argument: its options as JSON. Prints its port. */
import { listen } from "../../src/net/mod.ts";
import { relay } from "../../src/tcp/mod.ts";

const handler = relay(JSON.parse(process.argv[2]!));
const server = await listen({ host: process.argv[3] ?? "127.0.0.1", port: 0, halfOpen: true }, handler);
console.log(server.port);
process.stdin.on("data", () => {
  const { active, closed, writeQueueBytes } = server.counts();
  console.log(JSON.stringify({ active, closed, writeQueueBytes, report: handler.report?.() }));
});
process.stdin.on("end", () => process.exit(0));
