import type { Handler } from "../../src/net/mod.ts";

/** Holds its event loop for ever at the first byte. */
const handler: Handler = {
  chunk() {
    for (;;);
  },
};
export default handler;
