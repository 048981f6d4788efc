// bun lines.ts PORT: counts lines; the line "?" is answered by the count since the last one.
import { lines, listen } from "../../../src/mod.ts";

const QUESTION = 0x3f;

await listen<{ count: number }>(
  { host: "127.0.0.1", port: Number(process.argv[2]) },
  {
    framing: lines(),
    open(connection) {
      connection.data = { count: 0 };
    },
    frame(connection, bytes) {
      if (bytes.length !== 1 || bytes[0] !== QUESTION) {
        connection.data.count++;
        return;
      }
      connection.write(`${connection.data.count}\n`);
      connection.data.count = 0;
    },
  },
);
