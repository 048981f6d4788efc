import { constants } from "node:os";
import { errno, pointerTo, receiveDatagrams, sendDatagrams } from "../ffi.ts";

/** Bytes of a datagram that are read; a longer one is cut, and counted. */
export const IN_BYTES = 4096;
/** struct sockaddr_in6, the longest. */
export const PEER_BYTES = 28;
/** A control message with the address that was asked (struct in6_pktinfo), and room for one more. */
export const CONTROL_BYTES = 64;

/** struct mmsghdr in words of four bytes, the same on x86-64 and arm64. */
export const HEADER_WORDS = 16;
const NAME = 0;
const NAME_LENGTH = 2;
export const VECTOR = 4;
export const VECTORS = 6;
const CONTROL = 8;
const CONTROL_LENGTH = 10;
const FLAGS = 12;
export const LENGTH = 14;
/** struct iovec in words. */
export const VECTOR_WORDS = 4;
export const VECTOR_LENGTH = 2;
const MSG_TRUNC = 0x20;

const { EAGAIN, ENOBUFS } = constants.errno;

/** What became of the datagrams of a batch that were to be sent. */
export interface SendResult {
  sent: number;
  /** The kernel refused them, or its queue was full. */
  failed: number;
}

/**
 * Room for a batch of datagrams, and for an answer to each: laid out once, and filled by one call to the kernel.
 *
 * ```text
 *   receive(fd) ─► in:  │ datagram 0 │ datagram 1 │ …   peer and address asked of each
 *   answer()    ─► out: │ answer 0   │ (none)     │ …
 *   send(fd)    ─► from the address that was asked: the control message goes back as it came
 * ```
 */
export class Datagrams {
  readonly size: number;
  /** The datagrams, `IN_BYTES` apart. */
  readonly bytes: Uint8Array;
  /** Answers, `outBytes` apart. */
  readonly out: Uint8Array;
  readonly outBytes: number;
  /** Who sent them: struct sockaddr, `PEER_BYTES` apart. */
  readonly peers: Uint8Array;
  readonly controls: Uint8Array;
  readonly result: SendResult = { sent: 0, failed: 0 };
  /** Where the kernel puts datagrams. Only the kernel reads it: were it not held here, it would be collected. */
  readonly inVectors: Uint32Array;
  readonly #received: Uint32Array;
  readonly #toSend: Uint32Array;
  readonly #outVectors: Uint32Array;
  readonly #receivedAt: number;
  readonly #toSendAt: number;

  /** @param outBytes room of one answer */
  constructor(size: number, outBytes: number) {
    this.size = size;
    this.outBytes = outBytes;
    this.bytes = bytesOf(size * IN_BYTES);
    this.out = bytesOf(size * outBytes);
    this.peers = bytesOf(size * PEER_BYTES);
    this.controls = bytesOf(size * CONTROL_BYTES);
    this.inVectors = this.#vectors(this.bytes, IN_BYTES);
    this.#outVectors = this.#vectors(this.out, outBytes);
    this.#received = this.#headers(this.inVectors);
    this.#toSend = this.#headers(this.#outVectors);
    this.#receivedAt = pointerTo(this.#received);
    this.#toSendAt = pointerTo(this.#toSend);
  }

  /** Reads what there is, up to `size`. @returns how many; 0 when there is none */
  receive(descriptor: number): number {
    const headers = this.#received;
    for (let at = 0; at < headers.length; at += HEADER_WORDS) {
      headers[at + NAME_LENGTH] = PEER_BYTES;
      headers[at + CONTROL_LENGTH] = CONTROL_BYTES;
    }
    return Math.max(0, receiveDatagrams(descriptor, this.#receivedAt, this.size));
  }

  length(index: number): number {
    return this.#received[index * HEADER_WORDS + LENGTH]!;
  }

  /** The datagram was longer than `IN_BYTES`. */
  isCut(index: number): boolean {
    return (this.#received[index * HEADER_WORDS + FLAGS]! & MSG_TRUNC) !== 0;
  }

  /** Bytes of the control message that came with it. */
  controlBytes(index: number): number {
    return this.#received[index * HEADER_WORDS + CONTROL_LENGTH]!;
  }

  peerBytes(index: number): number {
    return this.#received[index * HEADER_WORDS + NAME_LENGTH]!;
  }

  /** Says how long the answer at `index` is; 0 = none is sent. */
  answer(index: number, length: number): void {
    this.answerTo(index, length, this.peerBytes(index), this.controlBytes(index));
  }

  /** The same for a peer and a control message that were put there. */
  answerTo(index: number, length: number, peerBytes: number, controlBytes: number): void {
    const at = index * HEADER_WORDS;
    this.#outVectors[index * VECTOR_WORDS + VECTOR_LENGTH] = length;
    this.#toSend[at + NAME_LENGTH] = peerBytes;
    this.#toSend[at + CONTROL_LENGTH] = controlBytes;
  }

  /** Sends the answers to the first `count`, in runs without a gap. What the kernel refuses is skipped. */
  send(descriptor: number, count: number): SendResult {
    const { result } = this;
    result.sent = 0;
    result.failed = 0;
    let from = 0;
    while (from < count) {
      if (this.#outLength(from) === 0) {
        from += 1;
        continue;
      }
      let end = from + 1;
      while (end < count && this.#outLength(end) > 0) end += 1;
      this.#sendRun(descriptor, from, end);
      from = end;
    }
    return result;
  }

  #sendRun(descriptor: number, from: number, end: number): void {
    let at = from;
    while (at < end) {
      const sent = sendDatagrams(descriptor, this.#toSendAt + at * HEADER_WORDS * 4, end - at);
      if (sent > 0) {
        this.result.sent += sent;
        at += sent;
        continue;
      }
      const code = errno();
      // The queue is full: whoever asked asks again, and a thread that waited would answer nobody.
      const lost = code === EAGAIN || code === ENOBUFS ? end - at : 1;
      this.result.failed += lost;
      at += lost;
    }
  }

  #outLength(index: number): number {
    return this.#outVectors[index * VECTOR_WORDS + VECTOR_LENGTH]!;
  }

  #vectors(bytes: Uint8Array, stride: number): Uint32Array {
    const vectors = new Uint32Array(new ArrayBuffer(this.size * VECTOR_WORDS * 4));
    for (let index = 0; index < this.size; index++) {
      setPointer(vectors, index * VECTOR_WORDS, pointerTo(bytes) + index * stride);
      vectors[index * VECTOR_WORDS + VECTOR_LENGTH] = stride;
    }
    return vectors;
  }

  #headers(vectors: Uint32Array): Uint32Array {
    const headers = new Uint32Array(new ArrayBuffer(this.size * HEADER_WORDS * 4));
    for (let index = 0; index < this.size; index++) {
      const at = index * HEADER_WORDS;
      setPointer(headers, at + NAME, pointerTo(this.peers) + index * PEER_BYTES);
      setPointer(headers, at + VECTOR, pointerTo(vectors) + index * VECTOR_WORDS * 4);
      headers[at + VECTORS] = 1;
      setPointer(headers, at + CONTROL, pointerTo(this.controls) + index * CONTROL_BYTES);
    }
    return headers;
  }
}

/** Memory that is never moved: see `pointerTo`. */
export function bytesOf(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length));
}

export function setPointer(words: Uint32Array, at: number, address: number): void {
  words[at] = address >>> 0;
  words[at + 1] = Math.floor(address / 2 ** 32);
}
