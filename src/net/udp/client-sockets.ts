import { constants } from "node:os";
import {
  bindSocket,
  closeDescriptor,
  connectDatagrams,
  datagramSocket,
  errno,
  errnoName,
  pollFor,
  tuneSocket,
} from "../ffi.ts";
import { internetAddress } from "../socket-address.ts";
import { DatagramBatch } from "./datagram-batch.ts";

export interface ClientSocketOptions {
  /** An address, not a name. */
  readonly host: string;
  readonly port: number;
  /** Sends from this address. */
  readonly localAddress?: string | undefined;
  /** SO_RCVBUF and SO_SNDBUF; 0 = the system's choice. */
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
}

export interface ClientSocketEvents {
  /** So many datagrams came on the socket: they lie in `batch` until this returns. */
  received(socket: number, batch: DatagramBatch, count: number): void;
  /** The system refused to send, or says that nobody listens there (ICMP); datagrams may be lost, the socket goes on. */
  failed(socket: number, code: string): void;
}

export interface ClientSocketsOptions {
  /** Datagrams of one system call. @default {32} */
  readonly batchSize?: number;
  /** The longest datagram that is sent. @default {512} */
  readonly outBytes?: number;
  /** The longest that is read whole. @default {4096} */
  readonly inBytes?: number;
}

const POLLIN = 1;
const POLLOUT = 4;
const ENTRY_WORDS = 2;
/** Full batches of one socket before the others are looked at. */
const MAX_BATCHES = 8;
/** A full send buffer empties within microseconds; after so long the rest of a batch is given up. */
const FULL_MS = 100;

const { EAGAIN, EINTR } = constants.errno;

interface Socket {
  readonly descriptor: number;
  /** What is to be sent. */
  readonly out: DatagramBatch;
  queued: number;
}

/**
 * Connected sockets for datagrams on one thread, each with a port of its own. They are not watched by the runtime's event loop: `wait`
 * blocks until something comes, and costs two system calls for a batch where the runtime's own sockets take one or two for each datagram.
 *
 * ```text
 *   queue(socket) … ─► wait(ms): sendmmsg ─► ppoll ─► recvmmsg ─► received(socket, batch, count) ─► sendmmsg of what that queued
 * ```
 */
export class ClientSockets {
  readonly #events: ClientSocketEvents;
  readonly #batchSize: number;
  readonly #outBytes: number;
  readonly #in: DatagramBatch;
  readonly #sockets: (Socket | undefined)[] = [];
  readonly #free: number[] = [];
  /** Sockets with something queued. */
  readonly #dirty: number[] = [];
  /** An array of struct pollfd, in the order of the sockets. */
  #entries = entriesOf(16);
  readonly #one = entriesOf(1);

  constructor(
    events: ClientSocketEvents,
    { batchSize = 32, outBytes = 512, inBytes = 4096 }: ClientSocketsOptions = {},
  ) {
    this.#events = events;
    this.#batchSize = batchSize;
    this.#outBytes = outBytes;
    this.#in = new DatagramBatch(batchSize, inBytes);
  }

  /**
   * Opens a socket.
   *
   * @returns its number, which may be one that was closed before
   * @throws {SystemError} `EMFILE`, `EADDRNOTAVAIL`, `ENETUNREACH`, …
   */
  open({ host, port, localAddress, receiveBufferBytes, sendBufferBytes }: ClientSocketOptions): number {
    const to = internetAddress(host, port);
    const descriptor = datagramSocket(to.family);
    try {
      tuneSocket(descriptor, { ...NO_TUNING, receiveBufferBytes, sendBufferBytes }, false);
      if (localAddress !== undefined) bindSocket(descriptor, internetAddress(localAddress, 0));
      connectDatagrams(descriptor, to);
    } catch (error) {
      closeDescriptor(descriptor);
      throw error;
    }
    const socket = this.#free.pop() ?? this.#sockets.length;
    this.#sockets[socket] = { descriptor, out: new DatagramBatch(this.#batchSize, this.#outBytes), queued: 0 };
    this.#watch(socket, descriptor);
    return socket;
  }

  close(socket: number): void {
    const { descriptor } = this.#sockets[socket]!;
    this.#flushOne(socket);
    closeDescriptor(descriptor);
    this.#sockets[socket] = undefined;
    this.#free.push(socket);
    // The kernel ignores negative descriptors.
    this.#watch(socket, -1);
  }

  /** Returns where the next datagram of a socket is to be written: `room(socket).bytes` from `placeOf(socket)` on, then `queue`. */
  room(socket: number): DatagramBatch {
    return this.#sockets[socket]!.out;
  }

  placeOf(socket: number): number {
    return this.#sockets[socket]!.queued * this.#outBytes;
  }

  /** The datagram at `placeOf(socket)` is complete: it leaves with others in `wait`, or at once where the batch is full. */
  queue(socket: number, length: number): void {
    const its = this.#sockets[socket]!;
    its.out.setLength(its.queued, length);
    if (its.queued === 0) this.#dirty.push(socket);
    its.queued += 1;
    if (its.queued === this.#batchSize) this.#flushOne(socket);
  }

  /** Sends what is queued, then blocks until something comes or for so long, and calls `received` for all that has come. */
  wait(timeoutMs: number): void {
    this.#flush();
    const count = this.#sockets.length;
    if (pollFor(this.#entries, count, timeoutMs) <= 0) return;
    for (let socket = 0; socket < count; socket++) {
      // The upper half says what is ready; an error is ready too, and reading ends it.
      if (this.#entries[socket * ENTRY_WORDS + 1]! >>> 16 !== 0) this.#read(socket);
    }
    this.#flush();
  }

  #read(socket: number): void {
    for (let batches = 0; batches < MAX_BATCHES; batches++) {
      const its = this.#sockets[socket];
      if (its === undefined) return;
      const count = this.#in.receive(its.descriptor);
      if (count > 0) this.#events.received(socket, this.#in, count);
      else if (errno() !== EAGAIN && errno() !== EINTR) this.#events.failed(socket, errnoName());
      if (count < this.#batchSize) return;
    }
  }

  #flush(): void {
    const dirty = this.#dirty;
    for (let index = 0; index < dirty.length; index++) this.#flushOne(dirty[index]!);
    dirty.length = 0;
  }

  #flushOne(socket: number): void {
    const its = this.#sockets[socket];
    if (its === undefined) return;
    const { descriptor, out, queued } = its;
    for (let from = 0; from < queued; ) {
      const sent = out.send(descriptor, from, queued);
      if (sent > 0) {
        from += sent;
        continue;
      }
      const code = errno();
      if (code === EINTR || (code === EAGAIN && this.#waitForRoom(descriptor))) continue;
      this.#events.failed(socket, errnoName());
      // What a datagram before it has caused, such as an ICMP message, is told of once; this one may still be sent.
      if (out.send(descriptor, from, from + 1) <= 0) this.#events.failed(socket, errnoName());
      from += 1;
    }
    its.queued = 0;
  }

  #waitForRoom(descriptor: number): boolean {
    this.#one[0] = descriptor;
    this.#one[1] = POLLOUT;
    return pollFor(this.#one, 1, FULL_MS) > 0;
  }

  #watch(socket: number, descriptor: number): void {
    if (this.#entries.length < (socket + 1) * ENTRY_WORDS) {
      const before = this.#entries;
      this.#entries = entriesOf((socket + 1) * 2);
      this.#entries.set(before);
    }
    this.#entries[socket * ENTRY_WORDS] = descriptor;
    this.#entries[socket * ENTRY_WORDS + 1] = POLLIN;
  }
}

const NO_TUNING = { keepAliveMs: 0, keepAliveIntervalMs: 0, keepAliveProbes: 0, userTimeoutMs: 0, typeOfService: 0 };

/** Memory that is never moved: see `pointerTo`. */
function entriesOf(count: number): Int32Array {
  return new Int32Array(new ArrayBuffer(count * ENTRY_WORDS * 4));
}
