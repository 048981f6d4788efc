/** Starts five listeners on a pool of four threads and stops them again; tells how many workers the kernel sees before, then and after. */

import { listen, ThreadPool } from "../../src/net/mod.ts";
import { HANDLERS } from "../../src/tcp/mod.ts";
import { until, workerThreads } from "./support.ts";

const before = workerThreads();
const threads = new ThreadPool(4);
const servers = [];
for (let count = 0; count < 5; count++) {
  servers.push(await listen({ host: "127.0.0.1", workers: "auto", threads }, HANDLERS.echo.url));
}
const during = workerThreads();
await Promise.all(servers.map((server) => server.stop({ graceMs: 0 })));
await until(() => workerThreads() === before);
console.log(JSON.stringify([before, during, workerThreads()]));
