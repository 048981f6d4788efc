import type { Handler } from "../../src/net/mod.ts";
import { PAYLOAD } from "./ends.ts";

/** Answers, and ends its whole event loop a little later. */
const handler: Handler = {
  chunk(connection) {
    connection.write(PAYLOAD);
    setTimeout(() => { throw new Error("in the middle of an answer"); }, 50); // biome-ignore format: one thought
  },
};
export default handler;
