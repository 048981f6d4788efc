import { messageOf } from "../../base/mod.ts";
import { answerDoorbell, poll } from "../ffi.ts";
import { UdpCount } from "./counts.ts";
import { CONTROL_BYTES, type Datagrams, IN_BYTES, PEER_BYTES } from "./datagrams.ts";
import type { HandOver } from "./hand-over.ts";
import type { DatagramHandler, DatagramView } from "./types.ts";

const POLLIN = 1;
/** An error of a handler is told at most so often: whoever sends datagrams may be able to cause it. */
const TELL_EVERY_MS = 1000;
/** Full batches of one socket before the others and the doorbell are looked at: whoever floods one must not keep them waiting. */
const MAX_BATCHES = 16;

export interface LoopParts {
  readonly sockets: readonly number[];
  readonly doorbell: number;
  readonly datagrams: Datagrams;
  readonly counts: Float64Array;
  readonly handOver: HandOver;
  /** Wakes the thread that drains `handOver`. */
  readonly call: () => void;
  /** The doorbell was rung. @returns whether to go on */
  readonly rung: () => boolean;
  /** Whether only the doorbell is to be heard. */
  readonly isPaused: () => boolean;
  readonly failed: (error: string) => void;
}

/**
 * Answers datagrams until `rung` says it is over: a thread that blocks in `poll`, and for each batch makes two system calls.
 *
 * ```text
 *   poll ─► receive (≤ size) ─► handler, handler, … ─► send ─► again while batches are full, a few times ─► poll
 * ```
 */
export class WorkerLoop implements DatagramView {
  from = 0;
  length = 0;
  to = 0;
  peerAt = 0;
  nowMs = 0;
  readonly bytes: Uint8Array;
  readonly out: Uint8Array;
  readonly room: number;
  readonly peers: Uint8Array;
  readonly #parts: LoopParts;
  readonly #handler: DatagramHandler;
  #index = 0;
  #socket = 0;
  #isHandingOver = false;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(parts: LoopParts, handler: DatagramHandler) {
    const { bytes, out, outBytes, peers } = parts.datagrams;
    this.#parts = parts;
    this.#handler = handler;
    this.bytes = bytes;
    this.out = out;
    this.room = outBytes;
    this.peers = peers;
  }

  run(): void {
    const { sockets, doorbell, datagrams } = this.#parts;
    const entries = new Int32Array(new ArrayBuffer((sockets.length + 1) * 8));
    // The doorbell first: in a pause it is all that is waited for.
    for (const [index, descriptor] of [doorbell, ...sockets].entries()) {
      entries[index * 2] = descriptor;
      entries[index * 2 + 1] = POLLIN;
    }
    for (;;) {
      const isPaused = this.#parts.isPaused();
      poll(entries, isPaused ? 1 : sockets.length + 1, -1);
      for (let index = 0; index < sockets.length && !isPaused; index++) {
        // The upper half says what is ready; an error is ready too, and reading ends it.
        if (entries[index * 2 + 3]! >>> 16 === 0) continue;
        const descriptor = sockets[index]!;
        this.#socket = index;
        for (let batches = 0; batches < MAX_BATCHES; batches++)
          if (this.#answerBatch(descriptor) < datagrams.size) break;
      }
      if (entries[1]! >>> 16 === 0) continue;
      answerDoorbell(doorbell);
      if (!this.#parts.rung()) return;
    }
  }

  handOver(note = 0): boolean {
    const { datagrams, handOver, counts } = this.#parts;
    const index = this.#index;
    const isTaken = handOver.push(
      this.#socket,
      datagrams.peers,
      index * PEER_BYTES,
      datagrams.peerBytes(index),
      datagrams.controls,
      index * CONTROL_BYTES,
      datagrams.controlBytes(index),
      this.bytes,
      this.from,
      this.length,
      note,
    );
    counts[isTaken ? UdpCount.handedOver : UdpCount.handOverFull]! += 1;
    this.#isHandingOver = true;
    return isTaken;
  }

  #answerBatch(descriptor: number): number {
    const { datagrams, counts, handOver, call } = this.#parts;
    const count = datagrams.receive(descriptor);
    if (count === 0) return 0;
    this.nowMs = Date.now();
    this.#handler.batchBegins?.();
    let bytesRead = 0;
    let bytesWritten = 0;
    for (let index = 0; index < count; index++) {
      const length = this.#answerOne(index);
      bytesRead += this.length;
      bytesWritten += length;
      datagrams.answer(index, length);
    }
    this.#handler.batchEnds?.();
    const { sent, failed } = datagrams.send(descriptor, count);
    counts[UdpCount.batches]! += 1;
    counts[UdpCount.received]! += count;
    counts[UdpCount.bytesRead]! += bytesRead;
    counts[UdpCount.sent]! += sent;
    counts[UdpCount.bytesWritten]! += bytesWritten;
    counts[UdpCount.sendFailed]! += failed;
    if (this.#isHandingOver) {
      this.#isHandingOver = false;
      if (handOver.needsCall()) call();
    }
    return count;
  }

  /** @returns the answer's length */
  #answerOne(index: number): number {
    const { datagrams, counts } = this.#parts;
    this.#index = index;
    this.from = index * IN_BYTES;
    this.length = datagrams.length(index);
    this.to = index * this.room;
    this.peerAt = index * PEER_BYTES;
    if (datagrams.isCut(index)) {
      counts[UdpCount.cut]! += 1;
      return 0;
    }
    try {
      return Math.min(this.#handler.datagram(this), this.room);
    } catch (error) {
      counts[UdpCount.handlerErrors]! += 1;
      this.#tell(error);
      return 0;
    }
  }

  #tell(error: unknown): void {
    if (this.nowMs - this.#toldMs < TELL_EVERY_MS) return;
    this.#toldMs = this.nowMs;
    this.#parts.failed(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
  }
}
