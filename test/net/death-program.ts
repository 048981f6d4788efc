/** Serves one connection a long answer, and dies in the middle of it, as by a fault of the machine. */
import { listen } from "../../src/net/mod.ts";

const server = await listen(
  { host: "127.0.0.1", writeQueueMaxBytes: 20_000_000 },
  {
    chunk(connection) {
      connection.write(new Uint8Array(16_000_000));
      console.log("written", connection.queuedBytes);
    },
  },
);
console.log(server.port);
