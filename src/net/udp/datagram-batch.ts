import { pointerTo, receiveDatagrams, sendDatagrams } from "../ffi.ts";
import {
  bytesOf,
  HEADER_WORDS,
  LENGTH,
  setPointer,
  VECTOR,
  VECTOR_LENGTH,
  VECTOR_WORDS,
  VECTORS,
} from "./datagrams.ts";

/** Room for datagrams of connected sockets, which need no addresses: laid out once, and read or sent by one system call. */
export class DatagramBatch {
  readonly size: number;
  /** The datagrams, `stride` bytes apart. */
  readonly bytes: Uint8Array;
  readonly stride: number;
  readonly #vectors: Uint32Array;
  readonly #headers: Uint32Array;
  readonly #headersAt: number;

  constructor(size: number, stride: number) {
    this.size = size;
    this.stride = stride;
    this.bytes = bytesOf(size * stride);
    this.#vectors = new Uint32Array(new ArrayBuffer(size * VECTOR_WORDS * 4));
    this.#headers = new Uint32Array(new ArrayBuffer(size * HEADER_WORDS * 4));
    const bytesAt = pointerTo(this.bytes);
    const vectorsAt = pointerTo(this.#vectors);
    for (let index = 0; index < size; index++) {
      setPointer(this.#vectors, index * VECTOR_WORDS, bytesAt + index * stride);
      this.setLength(index, stride);
      setPointer(this.#headers, index * HEADER_WORDS + VECTOR, vectorsAt + index * VECTOR_WORDS * 4);
      this.#headers[index * HEADER_WORDS + VECTORS] = 1;
    }
    this.#headersAt = pointerTo(this.#headers);
  }

  /** Reads what there is, up to `size`; what is longer than `stride` is cut. @returns how many; -1 with `errno` */
  receive(descriptor: number): number {
    return receiveDatagrams(descriptor, this.#headersAt, this.size);
  }

  /** Returns the length of a datagram that was read. */
  length(index: number): number {
    return this.#headers[index * HEADER_WORDS + LENGTH]!;
  }

  /** Says how long a datagram is that will be sent. */
  setLength(index: number, length: number): void {
    this.#vectors[index * VECTOR_WORDS + VECTOR_LENGTH] = length;
  }

  /** Sends those from `from` to `end`. @returns how many the kernel took; -1 with `errno` */
  send(descriptor: number, from: number, end: number): number {
    return sendDatagrams(descriptor, this.#headersAt + from * HEADER_WORDS * 4, end - from);
  }
}
