import { expect, test } from "bun:test";
import { createSocket, type RemoteInfo } from "node:dgram";
import { ClientSockets } from "../../../src/net/mod.ts";

const OPTIONS = { host: "127.0.0.1", receiveBufferBytes: 0, sendBufferBytes: 0 };

/** Keeps what comes; answers are sent by the test. */
async function server() {
  const came: { readonly text: string; readonly port: number }[] = [];
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  socket.on("message", (bytes, from: RemoteInfo) => came.push({ text: bytes.toString(), port: from.port }));
  return {
    port: socket.address().port,
    came,
    async seen(count: number) {
      while (came.length < count) await new Promise((resolve) => setImmediate(resolve));
    },
    send: (text: string, port: number) =>
      new Promise<void>((resolve) => socket.send(text, port, "127.0.0.1", () => resolve())),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

/** Sockets and what they told of. */
function clients(batchSize?: number) {
  const told: string[] = [];
  const sockets = new ClientSockets(
    {
      received(socket, batch, count) {
        for (let index = 0; index < count; index++) {
          const from = index * batch.stride;
          told.push(`${socket} ${Buffer.from(batch.bytes.subarray(from, from + batch.length(index)))}`);
        }
      },
      failed: (socket, code) => told.push(`${socket} ${code}`),
    },
    batchSize === undefined ? {} : { batchSize },
  );
  const write = (socket: number, text: string) => {
    sockets.room(socket).bytes.set(Buffer.from(text), sockets.placeOf(socket));
    sockets.queue(socket, text.length);
  };
  /** Blocks until so much was told. */
  const until = (count: number) => {
    for (let tries = 0; told.length < count && tries < 500; tries++) sockets.wait(10);
  };
  return { sockets, told, write, until };
}

test("datagrams leave in one wait, each socket from a port of its own, and answers come back to theirs", async () => {
  await using peer = await server();
  const { sockets, told, write, until } = clients();
  const open = [0, 1].map(() => sockets.open({ ...OPTIONS, port: peer.port }));
  expect(open).toEqual([0, 1]);
  for (const text of ["a", "bb", "ccc"]) for (const socket of open) write(socket, text);
  sockets.wait(0);
  await peer.seen(6);
  const ports = [...new Set(peer.came.map(({ port }) => port))];
  expect(ports.length).toBe(2);
  for (const port of ports) {
    expect(peer.came.filter((each) => each.port === port).map(({ text }) => text)).toEqual(["a", "bb", "ccc"]);
    for (const text of ["x", "yy"]) await peer.send(text, port);
  }
  until(4);
  expect(told.toSorted()).toEqual(["0 x", "0 yy", "1 x", "1 yy"]);
  for (const socket of open) sockets.close(socket);
});

test("a full batch leaves at once", async () => {
  await using peer = await server();
  const { sockets, write } = clients(4);
  const socket = sockets.open({ ...OPTIONS, port: peer.port });
  for (let index = 0; index < 7; index++) write(socket, String(index));
  await peer.seen(4);
  expect(peer.came.map(({ text }) => text)).toEqual(["0", "1", "2", "3"]);
  // Closing sends the rest.
  sockets.close(socket);
  await peer.seen(7);
});

test("datagrams of strangers do not come, and a closed socket's number is used again", async () => {
  await using peer = await server();
  await using stranger = await server();
  const { sockets, told, write } = clients();
  sockets.close(sockets.open({ ...OPTIONS, port: peer.port }));
  const socket = sockets.open({ ...OPTIONS, port: peer.port });
  expect(socket).toBe(0);
  write(socket, "a");
  sockets.wait(0);
  await peer.seen(1);
  await stranger.send("stranger", peer.came[0]!.port);
  sockets.wait(20);
  expect(told).toEqual([]);
  sockets.close(socket);
});

test("a port on which nobody listens is told of, and the socket goes on", async () => {
  const { port } = await server().then(async (peer) => {
    await peer[Symbol.asyncDispose]();
    return peer;
  });
  const { sockets, told, write, until } = clients();
  const socket = sockets.open({ ...OPTIONS, port });
  for (let index = 0; index < 3; index++) {
    write(socket, "a");
    until(index + 1);
  }
  expect(told.length).toBeGreaterThanOrEqual(3);
  expect([...new Set(told)]).toEqual(["0 ECONNREFUSED"]);
  sockets.close(socket);
});

test("a wait for nothing ends after its time, which may be less than a millisecond", () => {
  const { sockets } = clients();
  const startMs = performance.now();
  for (let count = 0; count < 5; count++) sockets.wait(0.2);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(1);
});
