// bun tls.ts PORT CERT KEY: an echo over TLS.
import { listen } from "../../../src/mod.ts";

const [port, cert, key] = process.argv.slice(2) as [string, string, string];

await listen(
  { host: "127.0.0.1", port: Number(port), tls: { cert, key } },
  {
    chunk(connection, bytes) {
      connection.write(bytes);
    },
  },
);
