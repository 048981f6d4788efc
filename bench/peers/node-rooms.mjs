// node node-rooms.mjs lines-readline|lines-split|chat|tls PORT [CERT KEY]: what programs on Node's own modules look like.
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { createServer as createTlsServer } from "node:tls";

const [mode, port, cert, key] = process.argv.slice(2);
const members = new Set();

const MODES = {
  /** The module that Node has for lines. */
  "lines-readline"(socket) {
    const onLine = counter(socket);
    const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY });
    // It passes the socket's errors on.
    lines.on("line", onLine).on("error", () => {});
  },
  /** What people write instead: text, split by hand. */
  "lines-split"(socket) {
    const onLine = counter(socket);
    split(socket, onLine);
  },
  chat(socket) {
    members.add(socket);
    socket.on("close", () => members.delete(socket));
    split(socket, (line) => {
      const bytes = Buffer.from(`${line}\n`);
      for (const member of members) if (member !== socket) member.write(bytes);
    });
  },
  tls(socket) {
    socket.on("data", (bytes) => socket.write(bytes));
  },
};

function counter(socket) {
  let count = 0;
  return (line) => {
    if (line !== "?") {
      count += 1;
      return;
    }
    socket.write(`${count}\n`);
    count = 0;
  };
}

function split(socket, onLine) {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) onLine(line);
  });
}

function serve(socket) {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  MODES[mode](socket);
}

const server =
  mode === "tls" ? createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, serve) : createServer(serve);
server.on("tlsClientError", () => {});
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
