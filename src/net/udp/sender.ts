import { CONTROL_BYTES, Datagrams, PEER_BYTES } from "./datagrams.ts";

/** Who asked, and which of our addresses: enough to answer later. A copy, 92 bytes at most. */
export interface Asker {
  readonly descriptor: number;
  readonly peer: Uint8Array;
  readonly control: Uint8Array;
}

/** Sends single datagrams from the thread that opened the socket: the kernel takes them from any thread. */
export class DatagramSender {
  readonly #one: Datagrams;

  constructor(outBytes: number) {
    this.#one = new Datagrams(1, outBytes);
  }

  /** @returns whether the kernel took it */
  send({ descriptor, peer, control }: Asker, bytes: Uint8Array, length: number): boolean {
    const one = this.#one;
    if (length > one.outBytes || peer.length > PEER_BYTES || control.length > CONTROL_BYTES) return false;
    one.peers.set(peer);
    one.controls.set(control);
    for (let at = 0; at < length; at++) one.out[at] = bytes[at]!;
    one.answerTo(0, length, peer.length, control.length);
    return one.send(descriptor, 1).sent === 1;
  }
}
