/** Words of the control block. */
const HEAD = 0;
const TAIL = 1;
const AWAKE = 2;
const CONTROL_BYTES = 64;
/** Length of the whole record (4 bytes), number of the socket (1), note (1), and the lengths of peer, control message and datagram (2 each). */
const RECORD_BYTES = 12;
/** What remains at the end is too short: the next record is at the start. */
const SKIP = 0xffffffff;

/** A datagram that another thread read. All bytes are borrowed. */
export interface HandedOver {
  /** Of the sockets of its thread. */
  readonly socket: number;
  /** What its handler says of it: a byte. */
  readonly note: number;
  readonly peer: Uint8Array;
  readonly control: Uint8Array;
  readonly bytes: Uint8Array;
}

/**
 * Datagrams on their way from a thread that blocks to one that has time, in shared memory with one writer and one reader.
 *
 * ```text
 *   worker: push, push, push ─► needsCall? post one message ═══► main: drain
 * ```
 */
export class HandOver {
  readonly buffer: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /** @param buffer of `HandOver.make` */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#control = new Int32Array(buffer, 0, CONTROL_BYTES / 4);
    this.#bytes = new Uint8Array(buffer, CONTROL_BYTES);
    this.#view = new DataView(buffer, CONTROL_BYTES);
  }

  /** @param bytes room for records; a multiple of 4 */
  static make(bytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(CONTROL_BYTES + bytes);
  }

  /** @returns false when there is no room */
  push(
    socket: number,
    peers: Uint8Array,
    peerAt: number,
    peerBytes: number,
    controls: Uint8Array,
    controlAt: number,
    controlBytes: number,
    bytes: Uint8Array,
    from: number,
    length: number,
    note: number,
  ): boolean {
    const size = (RECORD_BYTES + peerBytes + controlBytes + length + 3) & ~3;
    let at = this.#place(size);
    if (at < 0) return false;
    const view = this.#view;
    view.setUint32(at, size, true);
    this.#bytes[at + 4] = socket;
    this.#bytes[at + 5] = note;
    view.setUint16(at + 6, peerBytes, true);
    view.setUint16(at + 8, controlBytes, true);
    view.setUint16(at + 10, length, true);
    const next = at + size;
    at += RECORD_BYTES;
    for (let index = 0; index < peerBytes; index++) this.#bytes[at++] = peers[peerAt + index]!;
    for (let index = 0; index < controlBytes; index++) this.#bytes[at++] = controls[controlAt + index]!;
    for (let index = 0; index < length; index++) this.#bytes[at++] = bytes[from + index]!;
    Atomics.store(this.#control, HEAD, next);
    return true;
  }

  /** The reader has not been called since it last looked: call it, once. */
  needsCall(): boolean {
    return Atomics.exchange(this.#control, AWAKE, 1) === 0;
  }

  /** Calls with each that came, in order. */
  drain(call: (datagram: HandedOver) => void): void {
    Atomics.store(this.#control, AWAKE, 0);
    const end = this.#bytes.length;
    for (let at = this.#control[TAIL]!; at !== Atomics.load(this.#control, HEAD); ) {
      if (at + 4 > end || this.#view.getUint32(at, true) === SKIP) {
        at = 0;
        Atomics.store(this.#control, TAIL, 0);
        continue;
      }
      const size = this.#view.getUint32(at, true);
      try {
        call(this.#recordAt(at));
      } finally {
        at += size;
        Atomics.store(this.#control, TAIL, at);
      }
    }
  }

  #recordAt(at: number): HandedOver {
    const [peer, control, length] = [6, 8, 10].map((offset) => this.#view.getUint16(at + offset, true));
    const from = at + RECORD_BYTES;
    return {
      socket: this.#bytes[at + 4]!,
      note: this.#bytes[at + 5]!,
      peer: this.#bytes.subarray(from, from + peer!),
      control: this.#bytes.subarray(from + peer!, from + peer! + control!),
      bytes: this.#bytes.subarray(from + peer! + control!, from + peer! + control! + length!),
    };
  }

  /** Where `size` bytes fit in one piece; -1 nowhere. One byte always stays free: head at the tail means empty. */
  #place(size: number): number {
    const head = this.#control[HEAD]!;
    const tail = Atomics.load(this.#control, TAIL);
    const end = this.#bytes.length;
    if (head < tail) return head + size < tail ? head : -1;
    if (head + size <= end && !(head + size === end && tail === 0)) return head;
    if (size >= tail) return -1;
    if (head + 4 <= end) this.#view.setUint32(head, SKIP, true);
    Atomics.store(this.#control, HEAD, 0);
    return 0;
  }
}
