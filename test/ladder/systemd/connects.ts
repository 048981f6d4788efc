/**
 * Connects, and asks a name server, again and again until the file STOP is there; prints as JSON how that went. Run inside of the
 * machine by `tenk run --program`.
 */
import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const [stop = "", echoPort = "", httpsPort = "", dnsPort = ""] = process.argv.slice(2);
/** 500 a second. */
const EVERY_MS = 20;
const AT_ONCE = 10;
const TIMEOUT_MS = 6000;
/** A query for a.test of type A; the first two bytes are its number. */
const QUERY = Buffer.from("0000010000010000000000000161047465737400".concat("00010001"), "hex");

const result = { connects: 0, secured: 0, queries: 0, answered: 0, failures: {} as Record<string, number> };
const open = new Set<object>();

function failed(reason: string): void {
  result.failures[reason] = (result.failures[reason] ?? 0) + 1;
}

/** One connection: a byte there, what `expected` says back, a FIN. */
function once(socket: Socket, hello: string, expected: RegExp, done: () => void): void {
  open.add(socket);
  let received = "";
  let isOver = false;
  const over = (reason?: string) => {
    if (isOver) return;
    isOver = true;
    open.delete(socket);
    if (reason === undefined) done();
    else failed(`${hello.slice(0, 3)} ${received.length} ${reason}`);
    socket.destroy();
  };
  socket.setTimeout(TIMEOUT_MS, () => over("timeout"));
  socket.on("error", (error: NodeJS.ErrnoException) => over(error.code ?? error.message));
  socket.on("close", () => over("closed"));
  socket.on("data", (bytes) => {
    received += bytes;
    if (expected.test(received)) over();
  });
  socket.on(hello.startsWith("GET") ? "secureConnect" : "connect", () => socket.write(hello));
}

const udp = createSocket("udp4");
udp.on("message", (bytes) => {
  result.answered += 1;
  open.delete(asked.get(bytes.readUInt16BE(0)) ?? {});
});
const asked = new Map<number, object>();
function ask(): void {
  const number = result.queries++ & 0xffff;
  const query = Buffer.from(QUERY);
  query.writeUInt16BE(number, 0);
  const key = {};
  asked.set(number, key);
  open.add(key);
  setTimeout(() => open.delete(key), TIMEOUT_MS).unref();
  udp.send(query, Number(dnsPort), "127.0.0.1");
}

const timer = setInterval(() => {
  if (existsSync(stop)) return void end();
  for (let each = 0; each < AT_ONCE; each++)
    once(connect(Number(echoPort), "127.0.0.1"), "x", /^x$/, () => (result.connects += 1));
  const tls = connectTls({
    port: Number(httpsPort),
    host: "127.0.0.1",
    servername: "hello.test",
    rejectUnauthorized: false,
  });
  once(tls, "GET / HTTP/1.1\r\nHost: hello.test\r\n\r\n", /^HTTP\/1\.1 200 /, () => (result.secured += 1));
  ask();
}, EVERY_MS);

async function end(): Promise<void> {
  clearInterval(timer);
  while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(JSON.stringify(result));
  process.exit();
}
