import { copyRun } from "../../wire/http1/mod.ts";

/** Where bytes go: a connection. */
export interface Sink {
  write(bytes: Uint8Array): number;
}

const BLOCK_BYTES = 262_144;

/** Content up to this size is copied behind its head, so that both leave in one write; more costs more than a second write. */
export const JOINED_BYTES = 16_384;

/**
 * Gathers what a connection sends in one turn: heads and the content behind them, and the answers to requests that came
 * together. One block for an event loop, since only one connection fills it at a time.
 *
 * ```text
 *   head content head content …  ─► one write
 *   ├───── committed ─────┤◄─ a head that is being written
 * ```
 */
export class Output {
  readonly block = new Uint8Array(BLOCK_BYTES);
  /** Bytes that are committed. */
  length = 0;
  /** Requests are being read: their answers wait in the block until that is done. */
  isGathering = false;
  #sink: Sink | undefined;

  /** Returns whether nothing was added or written since `reserve` returned `from` to `sink`. */
  isAt(sink: Sink, from: number): boolean {
    return this.#sink === sink && this.length === from;
  }

  /** Makes the block `sink`'s, with room for so many bytes. Returns where they begin. */
  reserve(sink: Sink, bytes: number): number {
    if (this.#sink !== sink || this.length + bytes > BLOCK_BYTES) {
      this.flush();
      this.#sink = sink;
    }
    return this.length;
  }

  /** Sends bytes: behind others in one write while answers are gathered, otherwise by themselves. */
  write(sink: Sink, bytes: Uint8Array, from: number, to: number): void {
    if (this.isGathering && to - from <= JOINED_BYTES) {
      this.join(sink, bytes, from, to);
      return;
    }
    this.flush();
    sink.write(viewOf(bytes, from, to));
  }

  /** Adds bytes to the block; of many only the first of them, and sends the rest. */
  join(sink: Sink, bytes: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + JOINED_BYTES);
    const at = this.reserve(sink, end - from);
    this.length = copyRun(this.block, at, bytes, from, end);
    if (end < to) this.write(sink, bytes, end, to);
  }

  /** Writes what is committed, unless answers are gathered: then their reader does. */
  settle(): void {
    if (!this.isGathering) this.flush();
  }

  /** Writes what is committed. */
  flush(): void {
    const { length } = this;
    if (length === 0) return;
    this.length = 0;
    this.#sink!.write(this.block.subarray(0, length));
  }
}

/** Returns a part of `bytes`, or `bytes` itself: a view costs 35 ns. */
export function viewOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
}
