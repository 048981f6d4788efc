import type { Handler } from "tenk";

/** Echoes; "!" hangs the event loop for ever. */
const handler: Handler = {
  chunk(connection, bytes) {
    if (bytes[0] === 33) for (;;);
    connection.write(bytes);
  },
};

export default handler;
