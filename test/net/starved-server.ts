/** An echo server in a process with few descriptors: prints its port, then a line of counts and CPU each 100 ms. On
 * SIGUSR1 it takes every descriptor that is left, on SIGUSR2 it gives them back. */
import { closeSync, openSync } from "node:fs";
import { descriptors, listen } from "../../src/net/mod.ts";
import { echo } from "../../src/tcp/mod.ts";

const server = await listen({ host: "127.0.0.1" }, echo);
const taken: number[] = [];
process.on("SIGUSR1", () => {
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch {}
});
process.on("SIGUSR2", () => {
  for (const descriptor of taken.splice(0)) closeSync(descriptor);
});
console.log(server.port);
setInterval(() => {
  const cpu = process.cpuUsage();
  const cpuMs = (cpu.user + cpu.system) / 1000;
  console.log(
    JSON.stringify({ ...server.counts(), cpuMs, atMs: performance.now(), taken: taken.length, ...descriptors() }),
  );
}, 100);
