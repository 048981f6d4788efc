import { expect, test } from "bun:test";
import { closeDescriptor, doorbell, ringDoorbell } from "../../../src/net/ffi.ts";
import { UdpRows } from "../../../src/net/udp/counts.ts";
import { Datagrams } from "../../../src/net/udp/datagrams.ts";
import { HandOver } from "../../../src/net/udp/hand-over.ts";
import { WorkerLoop } from "../../../src/net/udp/worker-loop.ts";

/** Sockets whose queues are never empty. */
class Flooded extends Datagrams {
  readonly read: number[] = [];

  override receive(descriptor: number): number {
    this.read.push(descriptor);
    if (this.read.length > 1000) throw new Error("nothing but the flood is looked at");
    return this.size;
  }
}

test("a thread that is flooded hears its doorbell, and looks at its other sockets", () => {
  // Descriptors that are ready to be read, and stay so.
  const [flooded, other, bell] = [doorbell(), doorbell(), doorbell()];
  for (const descriptor of [flooded, other, bell]) ringDoorbell(descriptor);
  const datagrams = new Flooded(4, 512);
  const handler = { datagram: () => 0 };
  const parts = {
    sockets: [flooded, other],
    doorbell: bell,
    datagrams,
    counts: new UdpRows(1).row(0),
    handOver: new HandOver(HandOver.make(256)),
    call: () => {},
    rung: () => false,
    isPaused: () => false,
    failed: () => {},
  };
  try {
    new WorkerLoop(parts, handler).run();
    expect(new Set(datagrams.read)).toEqual(new Set([flooded, other]));
  } finally {
    for (const descriptor of [flooded, other, bell]) closeDescriptor(descriptor);
  }
});
