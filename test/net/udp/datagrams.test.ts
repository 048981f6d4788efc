import { afterEach, describe, expect, test } from "bun:test";
import { closeDescriptor, doorbell, poll, ringDoorbell } from "../../../src/net/ffi.ts";
import { Datagrams, IN_BYTES, PEER_BYTES } from "../../../src/net/udp/datagrams.ts";
import { type OpenSocket, openSocket } from "../../../src/net/udp/open.ts";
import { peerAddress, peerPort } from "../../../src/net/udp/peer.ts";
import { DatagramSender } from "../../../src/net/udp/sender.ts";
import { Client } from "./client.ts";

const sockets: OpenSocket[] = [];
afterEach(() => {
  for (const { descriptor } of sockets.splice(0)) closeDescriptor(descriptor);
});

function open(host?: string): OpenSocket {
  const socket = openSocket({ host, port: 0, reusePort: false, receiveBufferBytes: 65_536 });
  sockets.push(socket);
  return socket;
}

const POLLIN = 1;

/** Reads as many as are expected. */
function receive(datagrams: Datagrams, { descriptor }: OpenSocket): number {
  poll(Int32Array.of(descriptor, POLLIN), 1, 5000);
  return datagrams.receive(descriptor);
}

describe("a batch of datagrams", () => {
  test("has each with its bytes and its sender", async () => {
    const socket = open();
    const datagrams = new Datagrams(8, 1536);
    await using client = await Client.open(socket.port);
    for (const text of ["one", "two"]) await client.send(text);
    await using other = await Client.open(socket.port);
    expect(receive(datagrams, socket)).toBe(2);
    const texts = [0, 1].map((index) =>
      Buffer.from(datagrams.bytes.subarray(index * IN_BYTES, index * IN_BYTES + datagrams.length(index))).toString(),
    );
    expect(texts).toEqual(["one", "two"]);
    expect(peerAddress(datagrams.peers, PEER_BYTES)).toBe("127.0.0.1");
    expect(peerPort(datagrams.peers, PEER_BYTES)).toBe(client.port);
    expect(other.port).not.toBe(client.port);
  });

  test("has memory that the collector leaves alone, as the kernel writes there", async () => {
    const socket = open();
    const batches = Array.from({ length: 20 }, () => new Datagrams(8, 1536));
    await using client = await Client.open(socket.port);
    // Whatever was freed is another array now, whose content is no address.
    Bun.gc(true);
    const others = Array.from({ length: 2000 }, () => new Uint8Array(new ArrayBuffer(128)).fill(1));
    for (const datagrams of batches) {
      await client.send("whole");
      expect(receive(datagrams, socket)).toBe(1);
      expect(Buffer.from(datagrams.bytes.subarray(0, 5)).toString()).toBe("whole");
    }
    expect(others.every((other) => other.every((byte) => byte === 1))).toBe(true);
  });

  test("is empty when nothing came", () => {
    expect(new Datagrams(8, 1536).receive(open().descriptor)).toBe(0);
  });

  test("answers some, and skips what the kernel refuses", async () => {
    const socket = open();
    const datagrams = new Datagrams(4, 1536);
    await using client = await Client.open(socket.port);
    for (const text of ["a", "b", "c"]) await client.send(text);
    receive(datagrams, socket);
    for (let index = 0; index < 3; index++) {
      datagrams.out[index * 1536] = 65 + index;
      datagrams.answer(index, index === 1 ? 0 : 1);
    }
    // Port 0 is nobody's.
    datagrams.peers.fill(0, 2, 4);
    expect(datagrams.send(socket.descriptor, 3)).toEqual({ sent: 1, failed: 1 });
    expect((await client.next()).text).toBe("C");
  });

  test("a copy of its sender is enough to answer later", async () => {
    const socket = open();
    const datagrams = new Datagrams(4, 1536);
    await using client = await Client.open(socket.port, "127.0.0.44");
    await client.send("question");
    receive(datagrams, socket);
    const peer = datagrams.peers.slice(0, datagrams.peerBytes(0));
    const control = datagrams.controls.slice(0, datagrams.controlBytes(0));
    const sender = new DatagramSender(100);
    const asker = { descriptor: socket.descriptor, peer, control };
    expect(sender.send(asker, Buffer.from("answer"), 6)).toBe(true);
    expect(await client.next()).toMatchObject({ text: "answer", from: "127.0.0.44" });
    expect(sender.send(asker, new Uint8Array(101), 101)).toBe(false);
  });
});

test("a doorbell wakes who waits for it", () => {
  const bell = doorbell();
  const entry = Int32Array.of(bell, POLLIN);
  expect(poll(entry, 1, 0)).toBe(0);
  ringDoorbell(bell);
  expect(poll(entry, 1, 5000)).toBe(1);
  closeDescriptor(bell);
});
