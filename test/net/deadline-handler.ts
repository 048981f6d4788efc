/** A server of one-line requests that waits 100 ms for each. */
import type { Handler } from "../../src/net/mod.ts";

export default {
  open: (connection) => connection.deadline(100),
  chunk(connection, bytes) {
    connection.deadline(100);
    connection.write(bytes);
  },
  expired(connection) {
    connection.write("too late");
    connection.finish(1000, "idle");
  },
} satisfies Handler;
