/** Serves, is visited behind a PROXY header, under TLS, by one that goes and one that stays silent, stops, and has nothing left to do. */
import { createConnection } from "node:net";
import { join } from "node:path";
import { connect, listen } from "../../src/net/mod.ts";

const pem = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const server = await listen(
  {
    host: "127.0.0.1",
    tls: { cert: pem("first-cert"), key: pem("first-key") },
    proxyProtocol: { trusted: ["127.0.0.1"] },
    limits: { idleMs: 60_000, lifetimeMs: 60_000, readBytesPerSecond: 1e6, writeBytesPerSecond: 1e6 },
  },
  { open: (connection) => connection.subscribe("news") },
);
const plain = await listen({ host: "127.0.0.1", proxyProtocol: { trusted: ["127.0.0.1"] } }, {});
const visitors = [server, plain].flatMap(({ port }) => [
  createConnection(port, "127.0.0.1"),
  createConnection(port, "127.0.0.1"),
]);
for (const visitor of visitors) visitor.on("error", () => {});
visitors[0]!.write("PROXY UNKNOWN\r\nno TLS");
visitors[2]!.write("PROXY UNKNOWN\r\nhello");
const dialled = await connect({ port: plain.port }, {});
dialled.write("PROXY UNKNOWN\r\n");
await new Promise((resolve) => setTimeout(resolve, 100));
await Promise.all([server.stop({ graceMs: 50 }), plain.stop({ graceMs: 50 })]);
for (const visitor of visitors) visitor.destroy();
console.log(JSON.stringify([server.counts().accepted, plain.counts().accepted]));
