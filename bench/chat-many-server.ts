/** The server of chat-many.ts, in its own process: prints its port, then its counts for every line it receives. */
import { createInterface } from "node:readline";
import { listen } from "../src/mod.ts";

const [workers, maxQueuedBytes] = process.argv.slice(2).map(Number);
const server = await listen(
  // Small kernel buffers, so that the messages of a slow subscriber soon wait in the server, where they are counted.
  {
    ...{ host: "127.0.0.1", workers: workers!, sendBufferBytes: 16 * 1024 },
    subscribers: { maxQueuedBytes: maxQueuedBytes! },
  },
  new URL("../examples/chat.ts", import.meta.url),
);
console.log(server.port);
for await (const _ of createInterface(process.stdin)) console.log(JSON.stringify(server.counts()));
await server.stop({ graceMs: 0 });
