import type { Handler } from "../../src/net/mod.ts";

/** Holds its event loop for ever at the first byte; until then everybody gets the news. */
const handler: Handler = {
  open: (connection) => connection.subscribe("news"),
  chunk() {
    for (;;);
  },
};
export default handler;
