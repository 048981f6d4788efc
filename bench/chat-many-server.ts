/** The server of chat-many.ts, a process of its own: prints its port, then its counts for every line it is sent. */
import { createInterface } from "node:readline";
import { listen } from "../src/mod.ts";

const [workers, maxQueuedBytes] = process.argv.slice(2).map(Number);
const server = await listen(
  // Small buffers in the kernel: what a subscriber does not take soon waits where it can be seen.
  {
    ...{ host: "127.0.0.1", workers: workers!, sendBufferBytes: 16 * 1024 },
    subscribers: { maxQueuedBytes: maxQueuedBytes! },
  },
  new URL("../examples/chat.ts", import.meta.url),
);
console.log(server.port);
for await (const _ of createInterface(process.stdin)) console.log(JSON.stringify(server.counts()));
await server.stop({ graceMs: 0 });
