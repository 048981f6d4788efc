// bun relay.ts PORT BACKEND_PORT: each connection goes to one target.
import { listen } from "../../../src/mod.ts";
import { relay } from "../../../src/tcp/mod.ts";

const [port, backendPort] = process.argv.slice(2);

await listen(
  { host: "127.0.0.1", port: Number(port), halfOpen: true },
  relay({ targets: [`127.0.0.1:${backendPort}`] }),
);
