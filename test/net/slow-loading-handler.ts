/** Takes half a second to load, says which event loop serves, and throws outside of any call when told "!". */
import type { Handler } from "../../src/net/mod.ts";

const loop = `loop ${Math.random()}`;
await new Promise((resolve) => setTimeout(resolve, 500));

const handler: Handler = {
  open: (connection) => connection.write(loop),
  chunk(_, bytes) {
    if (bytes[0] !== 33) return;
    setTimeout(() => {
      throw new Error("crashed on purpose");
    });
  },
};
export default handler;
