import type { Handler } from "../../src/net/mod.ts";

/** An echo that goes on while its listener stops. */
export default {
  chunk: (connection, bytes) => connection.write(bytes),
  shutdown() {},
} satisfies Handler;
