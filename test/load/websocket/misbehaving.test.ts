import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { messages, rawServer, runWebSocket, upgraded } from "./support.ts";

type Answer = (socket: Socket, accept: string) => void;

/** What a server answers to the opening handshake, and the cause that is counted. */
const REFUSED: readonly [what: string, cause: string, answer: Answer][] = [
  ["says nothing and closes", "closed", (socket) => void socket.end()],
  ["resets", "reset", (socket) => void socket.resetAndDestroy()],
  ["never answers", "timed out", () => {}],
  ["drips its head", "timed out", (socket) => drip(socket, "HTTP/1.1 101 Switching Protocols\r\nX: ")],
  ["answers 403", "status 403", (socket) => void socket.write("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")],
  ["redirects", "status 302", (socket) => void socket.write("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")],
  ["answers with a wrong key", "wrong Sec-WebSocket-Accept", (socket) => void socket.write(upgraded("x"))],
  [
    "answers without a key",
    "wrong Sec-WebSocket-Accept",
    (socket) =>
      void socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
  ],
  [
    "upgrades to something else",
    "no Upgrade: websocket",
    (socket) => void socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
  ],
  [
    "forgets Connection",
    "no Connection: Upgrade",
    (socket) => void socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
  ],
  [
    "picks a subprotocol",
    'subprotocol "chat" that nobody asked for',
    (socket, accept) => void socket.write(upgraded(accept, "Sec-WebSocket-Protocol: chat")),
  ],
  [
    "picks an extension",
    "an extension that nobody asked for",
    (socket, accept) => void socket.write(upgraded(accept, "Sec-WebSocket-Extensions: permessage-deflate")),
  ],
  ["speaks no HTTP", "not HTTP/1.1 (bad-start-line)", (socket) => void socket.write("220 mail.example ESMTP\r\n")],
  [
    "sends headers without end",
    "not HTTP/1.1 (head-too-long)",
    (socket) => void socket.write(`HTTP/1.1 101 Switching Protocols\r\nX: ${"y".repeat(100_000)}`),
  ],
];

describe("a server that", () => {
  test.each(REFUSED)("%s: counted as %j", async (_, cause, answer) => {
    await using server = await rawServer(answer);
    const options = { connections: 2, messages: messages("a"), ratePerConnection: 10, connectTimeoutMs: 300 };
    const { connections, endedBy, verdict } = await runWebSocket(server.url, options);
    expect(connections).toMatchObject({ opened: 0, failed: 2, byCause: { [`opening handshake: ${cause}`]: 2 } });
    expect([endedBy, verdict.pass]).toEqual(["no-connections", false]);
  });
});

const text = (content: string) => Buffer.from([0x81, content.length, ...Buffer.from(content)]);

/** Frames that a server sends, the error that is counted, the code that it gets. */
const BROKEN: readonly [what: string, frames: readonly number[] | Buffer, error: string, code: number][] = [
  ["masks a frame", [0x81, 0x81, 1, 2, 3, 4, 5], "a frame is masked", 1002],
  ["sends an unknown opcode", [0x83, 0], "unknown opcode 3", 1002],
  ["sets a reserved bit", [0xc1, 0], "reserved bits are set", 1002],
  ["sends a huge length", [0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255], "a message is longer than 1000 bytes", 1009],
  ["sends a long message", Buffer.from([0x82, 126, 4, 0]), "a message is longer than 1000 bytes", 1009],
  ["fragments without end", Buffer.concat([Buffer.from([2, 1, 0]), ...Array(2000).fill(Buffer.from([0, 1, 0]))]), "a message is longer than 1000 bytes", 1009],
  ["continues nothing", [0x80, 0], "a continuation of no message", 1002],
  ["begins within a message", [0x01, 0, 0x81, 0], "a message begins within another", 1002],
  ["fragments a ping", [0x09, 0], "a control frame is fragmented", 1002],
  ["sends text that is none", [0x81, 1, 0xff], "a text is not UTF-8", 1007],
  ["closes with a code that no frame may have", [0x88, 2, 3, 0xed], "a close frame has no valid code", 1002],
]; // biome-ignore format: a table

describe("a server that", () => {
  test.each(BROKEN)("%s: counted, and its connection ends with the code", async (_, frames, error, code) => {
    await using server = await rawServer((socket, accept) => {
      socket.write(upgraded(accept));
      socket.write(Buffer.from(frames));
    });
    const { protocol, connections, verdict } = await runWebSocket(server.url, { maxMessageBytes: 1000 });
    expect(protocol).toMatchObject({ errors: 1, errorsBy: { [error]: 1 } });
    expect(connections).toMatchObject({ lost: 1, byCause: { [`established ${error}`]: 1 } });
    expect(verdict.pass).toBe(false);
    expect(closeCodeIn(server.seen.bytes)).toBe(code);
  });

  test.each<[string, (socket: Socket) => void, string]>([
    ["closes without a close frame", (socket) => void socket.end(), "no close frame"],
    ["closes within a frame", (socket) => void socket.end(Buffer.from([0x81, 5, 0x61])), "no close frame"],
    ["resets", (socket) => void socket.resetAndDestroy(), "reset"],
    ["goes away", (socket) => void socket.write(Buffer.from([0x88, 2, 3, 0xe9])), "close frame 1001"],
    ["closes without a code", (socket) => void socket.write(Buffer.from([0x88, 0])), "close frame 1005"],
  ])("%s is counted as lost", async (_, end, cause) => {
    await using server = await rawServer((socket, accept) => {
      socket.write(upgraded(accept));
      setTimeout(() => end(socket), 20);
    });
    const { connections, protocol } = await runWebSocket(server.url);
    expect(connections).toMatchObject({ opened: 1, lost: 1, byCause: { [`established ${cause}`]: 1 } });
    expect(Object.values(protocol.closes)).toEqual([1]);
  });

  test("drips its frames is read to the end", async () => {
    await using server = await rawServer((socket, accept) => {
      const bytes = Buffer.concat([Buffer.from(upgraded(accept)), text("Hello"), Buffer.from([0x89, 1, 0x3f])]);
      let at = 0;
      const timer = setInterval(
        () => (at < bytes.length ? socket.write(bytes.subarray(at, ++at)) : clearInterval(timer)),
        1,
      );
      socket.once("close", () => clearInterval(timer));
    });
    const { protocol } = await runWebSocket(server.url, { durationMs: 400 });
    expect(protocol).toMatchObject({ messages: 1, contentBytes: 5, errors: 0, pings: { received: 1, ignored: 0 } });
  });

  test("sends frames with its handshake is read", async () => {
    await using server = await rawServer((socket, accept) => {
      socket.write(Buffer.concat([Buffer.from(upgraded(accept)), text("a"), text("b")]));
    });
    const { protocol, messages: counted } = await runWebSocket(server.url);
    expect([protocol.messages, counted.received, protocol.errors]).toEqual([2, 2, 0]);
  });

  test("never closes is not waited for", async () => {
    await using server = await rawServer((socket, accept) => void socket.write(upgraded(accept)));
    const { protocol, timing } = await runWebSocket(server.url, { connections: 3 });
    expect(protocol.closes).toEqual({ "no answer to our close frame": 3 });
    expect(timing.drainMs).toBeLessThan(5000);
  });

  test("pings and does not read gets no pongs without end", async () => {
    const pings = Buffer.concat(Array(20_000).fill(Buffer.concat([Buffer.from([0x89, 125]), Buffer.alloc(125)])));
    await using server = await rawServer((socket, accept) => {
      socket.write(upgraded(accept));
      socket.pause();
      socket.write(pings);
      socket.write(pings);
      socket.write(pings);
    });
    const { protocol } = await runWebSocket(server.url, { durationMs: 1500, sendBufferBytes: 16_384 });
    expect(protocol.pings.received).toBeGreaterThan(0);
    expect(protocol.pings.ignored).toBeGreaterThan(0);
  }, 20_000);
});

/** Returns the code of the close frame that a client sent last. */
function closeCodeIn(bytes: Buffer): number {
  const at = bytes.lastIndexOf(Buffer.from([0x88, 0x82]));
  const masked = bytes.subarray(at + 2);
  return (masked[4]! ^ masked[0]!) * 256 + (masked[5]! ^ masked[1]!);
}

/** Sends a byte every 20 ms. */
function drip(socket: Socket, first: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write("x"), 20);
  socket.once("close", () => clearInterval(timer));
}
