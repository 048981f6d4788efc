/** Tries to listen at the ports of its arguments, and prints what was logged and where it listens. */
import { listenAtFirst } from "../../src/listener/mod.ts";
import { listen } from "../../src/net/mod.ts";

const lines: unknown[] = [];
const log = { warn: (message: string, fields: object) => lines.push({ message, ...fields }) };
const ports = process.argv.slice(2).map(Number);
try {
  const choice = { name: "https", host: "127.0.0.1", ports, log: log as never };
  const server = await listenAtFirst(choice, (port) => listen({ host: "127.0.0.1", port }, {}));
  console.log(JSON.stringify({ port: server.port, lines }));
  await server.stop({ graceMs: 0 });
} catch (error) {
  const { code, message, hint } = error as { code: string; message: string; hint: string };
  console.log(JSON.stringify({ code, message, hint }));
}
