/**
 * A target of a load test, as a program: echoes, and counts the bytes of each client address. Writes its counts as JSON when its input
 * ends.
 */
import { listen } from "../../src/net/mod.ts";

const [host = "127.0.0.1", port = "0"] = process.argv.slice(2);
const bytesBy: Record<string, number> = {};
await listen(
  { host, port: Number(port) },
  {
    chunk(connection, bytes) {
      bytesBy[connection.remoteAddress] = (bytesBy[connection.remoteAddress] ?? 0) + bytes.length;
      connection.write(bytes);
    },
  },
);
process.stdout.write("ready\n");
process.stdin.resume().on("end", () => {
  process.stdout.write(`${JSON.stringify(bytesBy)}\n`);
  process.exit(0);
});
