// node node-peer.mjs sink|echo PORT: Node's `net` as its documentation shows it, with the C peer's backlog.
import { createServer } from "node:net";

const [mode, port] = process.argv.slice(2);
let accepted = 0;
let reads = 0;
let bytes = 0;

createServer((socket) => {
  accepted += 1;
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    reads += 1;
    bytes += chunk.length;
    if (mode === "echo") socket.write(chunk);
  });
}).listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });

process.on("SIGTERM", () => {
  console.log(JSON.stringify({ accepted, reads, bytes }));
  process.exit(0);
});
