/** An upstream that answers all with one address: `bun dns-upstream-server.ts PROTOCOL CERTIFICATE KEY`. Prints its port. */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { listen } from "../src/net/mod.ts";
import { lengthPrefixed } from "../src/wire/mod.ts";

const HOST = "127.0.0.1";
const HEADER_BYTES = 12;
const FLAGS_AND_COUNTS = [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
/** The question's name, A, IN, 300 s, 192.0.2.1. */
const RECORD = [0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1];

/** Returns the answer to a query, behind `room` bytes. */
function answer(query: Uint8Array, room = 0): Uint8Array {
  const questionEnd = query.indexOf(0, HEADER_BYTES) + 5;
  const reply = new Uint8Array(room + questionEnd + RECORD.length);
  reply.set(query.subarray(0, questionEnd), room);
  reply.set(FLAGS_AND_COUNTS, room + 2);
  reply.set(RECORD, room + questionEnd);
  return reply;
}

function serveUdp(): void {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, { port, address }) => socket.send(answer(bytes), port, address));
  socket.bind(0, HOST, () => console.log(socket.address().port));
}

async function serveStream(tls: { cert: string; key: string } | undefined): Promise<void> {
  const server = await listen(
    { host: HOST, port: 0, ...(tls && { tls }) },
    {
      framing: lengthPrefixed({ lengthBytes: 2, maxBytes: 65_535 }),
      frame(connection, bytes) {
        const reply = answer(bytes, 2);
        reply[1] = reply.length - 2;
        connection.write(reply);
      },
    },
  );
  console.log(server.port);
}

function serveHttps(cert: string, key: string): void {
  const server = createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.once("data", (bytes: Buffer) => {
      stream.respond({ ":status": 200, "content-type": "application/dns-message" });
      stream.end(answer(bytes));
    });
  });
  server.listen(0, HOST, () => console.log((server.address() as AddressInfo).port));
}

const [protocol, cert = "", key = ""] = process.argv.slice(2);
if (protocol === "udp") serveUdp();
else if (protocol === "https") serveHttps(cert, key);
else await serveStream(protocol === "tls" ? { cert, key } : undefined);
