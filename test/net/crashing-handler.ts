import type { Handler } from "../../src/net/mod.ts";

/** Echoes; on "!" it fails outside any handler call, which ends its whole event loop. */
const handler: Handler = {
  chunk(connection, bytes) {
    if (bytes[0] === 33)
      setTimeout(() => { throw new Error("lost in a timer"); }, 0); // biome-ignore format: one thought
    else connection.write(bytes);
  },
};
export default handler;
