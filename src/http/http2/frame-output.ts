import type { Connection } from "../../net/mod.ts";
import { FRAME_HEADER_BYTES, FrameFlag, FrameType, writeFrameHeader } from "../../wire/http2/mod.ts";

const BLOCK_BYTES = 131_072;
const FLAGS_OFFSET = 4;
const MAX_SPARE_BLOCKS = 16;
/** Blocks are borrowed from the first frame of a turn to its write. */
const spareBlocks: Uint8Array[] = [];

/** Gathers the frames of one connection, so that all of a turn leave in one write. */
export class FrameOutput {
  readonly #connection: Connection<never>;
  #block: Uint8Array | undefined;
  #length = 0;
  /** The last frame, where it is DATA or HEADERS of a stream: the stream, and where the payload begins. */
  #lastStreamId = 0;
  #lastPayload = 0;

  constructor(connection: Connection<never>) {
    this.#connection = connection;
  }

  get isEmpty(): boolean {
    return this.#block === undefined;
  }

  /** Where the last frame was written. */
  get block(): Uint8Array {
    return this.#block!;
  }

  /** Adds a frame, whose payload of at most 64 KiB the caller writes into `block`. @returns where the payload begins */
  frame(length: number, type: number, flags: number, streamId: number): number {
    if (this.#block !== undefined && this.#length + FRAME_HEADER_BYTES + length > BLOCK_BYTES) this.flush();
    this.#block ??= spareBlocks.pop() ?? new Uint8Array(BLOCK_BYTES);
    const at = writeFrameHeader(this.#block, this.#length, length, type, flags, streamId);
    this.#length = at + length;
    this.#lastStreamId = type <= FrameType.headers ? streamId : 0;
    this.#lastPayload = at;
    return at;
  }

  /** Adds a frame whose payload is `bytes[from, to)`. */
  add(type: number, flags: number, streamId: number, bytes: Uint8Array, from: number, to: number): void {
    const at = this.frame(to - from, type, flags, streamId);
    const block = this.#block!;
    if (to - from > 128) block.set(bytes.subarray(from, to), at);
    else for (let index = 0; index < to - from; index++) block[at + index] = bytes[from + index]!;
  }

  /** Ends a stream: by its last frame where nothing came behind that, otherwise by an empty one. */
  endStream(streamId: number): void {
    if (this.#lastStreamId !== streamId) this.frame(0, FrameType.data, FrameFlag.endStream, streamId);
    else this.#block![this.#lastPayload - FRAME_HEADER_BYTES + FLAGS_OFFSET]! |= FrameFlag.endStream;
    this.#lastStreamId = 0;
  }

  flush(): void {
    const block = this.#block;
    if (block === undefined) return;
    const length = this.#length;
    this.#block = undefined;
    this.#length = 0;
    this.#lastStreamId = 0;
    this.#connection.write(block.subarray(0, length));
    if (spareBlocks.length < MAX_SPARE_BLOCKS) spareBlocks.push(block);
  }
}
