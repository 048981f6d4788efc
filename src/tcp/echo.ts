import type { Handler } from "../net/mod.ts";

/** Sends back what it gets. A peer that does not read is not read from either, once its write queue passes the high mark. */
const echo: Handler = {
  keepsNoBytes: true,
  chunk(connection, bytes) {
    connection.write(bytes);
  },
};

export default echo;
