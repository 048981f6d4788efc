/** Servers that break TLS, in the handshake and within an answer: a relay in front of a good server changes what it sends. */
import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { SLOW } from "./broken-answers.ts";
import { expectBalance, listener, PATIENT, runHttp } from "./support.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** @param send gets what the server sends from the request on, to send something else to the client */
async function breakingRelay(answer: string, send: (client: Socket, bytes: Buffer) => void) {
  const sockets = new Set<Socket>();
  let wasAsked = false;
  const inner = listener(
    (socket) => {
      socket.on("error", () => {});
      socket.on("data", () => {
        wasAsked = true;
        socket.write(answer);
      });
    },
    ["http/1.1"],
  );
  const innerPort = await listening(inner);
  const outer = createServer({ allowHalfOpen: true }, (client) => {
    wasAsked = false;
    const back = connect(innerPort, "127.0.0.1");
    for (const socket of [client, back]) sockets.add(socket.on("error", () => {}));
    client.on("data", (bytes: Buffer) => back.write(bytes));
    back.on("data", (bytes: Buffer) => (wasAsked ? send(client, bytes) : void client.write(bytes)));
    client.on("close", () => back.destroy());
  });
  return {
    url: `https://127.0.0.1:${await listening(outer)}/`,
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
      outer.close();
      inner.close();
    },
  };
}

/** Tickets may come before the answer: the FIN comes behind both. */
function endSoon(client: Socket, bytes: Buffer): void {
  client.write(bytes);
  setTimeout(() => client.end(), 50);
}

describe("a server under TLS that", () => {
  test.each<[string, string, (client: Socket, record: Buffer) => void, string?]>([
    [
      "sends a record that was changed",
      "first byte TLS DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
      (client, record) => {
        record[record.length - 1]! ^= 1;
        client.write(record);
      },
    ],
    ["answers in the clear", "first byte TLS WRONG_VERSION_NUMBER", (client) => void client.write(OK)],
    [
      "sends an alert in the clear",
      "first byte TLS BAD_PACKET_LENGTH",
      (client) => void client.write(Buffer.from([21, 3, 3, 0, 2, 2, 80])),
    ],
    ["closes within a record", "first byte closed", (client, record) => void client.end(record.subarray(0, -5))],
    ["closes without an alert within a body", "body closed", endSoon, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"],
  ])("%s: counted as %j", async (...[, cause, send, answer]) => {
    using relay = await breakingRelay(answer ?? OK, send);
    const report = await runHttp(relay.url, { ...PATIENT, requests: 2 });
    expect(report.protocol).toMatchObject({ errors: 2, errorsBy: { [cause]: 2 }, status: {} });
    expect(report.connections.byCause).toEqual({ [`established ${cause}`]: 2 });
    expectBalance(report);
  });

  test("closes without an alert where its end ends the body is believed: the runtime does not tell the difference", async () => {
    using relay = await breakingRelay("HTTP/1.1 200 OK\r\n\r\nok", endSoon);
    const report = await runHttp(relay.url, { ...PATIENT, requests: 2 });
    expect(report.protocol).toMatchObject({ errors: 0, status: { 200: 2 } });
    expectBalance(report);
  });

  const BROKEN = "TLS handshake failed: ";
  test.each<[string, string, (socket: Socket) => void]>([
    [
      "closes",
      `${BROKEN}Client network socket disconnected before secure TLS connection was established`,
      (socket) => void socket.end(),
    ],
    [
      "answers in the clear",
      `${BROKEN}the peer speaks no TLS but something else: WRONG_VERSION_NUMBER`,
      (socket) => void socket.end("HTTP/1.1 400 Bad\r\n\r\n"),
    ],
    [
      "speaks SSH",
      `${BROKEN}the peer speaks no TLS but something else: WRONG_VERSION_NUMBER`,
      (socket) => void socket.write("SSH-2.0-x\r\n"),
    ],
    [
      "sends an alert",
      `${BROKEN}error:10000410:SSL routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE`,
      (socket) => void socket.write(Buffer.from([21, 3, 3, 0, 2, 2, 40])),
    ],
    ["says nothing", "TLS handshake timed out: the port may speak plain TCP", () => {}],
  ])("%s in the handshake is a failed connect, and no request is planned", async (...[, cause, answer]) => {
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket.on("error", () => {}));
      socket.once("data", () => answer(socket));
    });
    const url = `https://127.0.0.1:${await listening(server)}/`;
    const report = await runHttp(url, { durationMs: 10_000, connections: 2, ...SLOW });
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(report.connections).toMatchObject({ opened: 0, failed: 2, lost: 0, byCause: { [cause]: 2 } });
    expect([report.endedBy, report.messages.planned]).toEqual(["no-connections", 0]);
    expectBalance(report);
  });
});
