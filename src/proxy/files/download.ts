import { read } from "node:fs";
import type { Exchange } from "../../http/mod.ts";
import type { OpenFile, OpenFiles } from "./open-files.ts";
import type { ByteRange } from "./range.ts";

const CHUNK_BYTES = 65_536;
const MAX_FREE_CHUNKS = 64;
/** A download has one while it reads, not while it waits for its client. */
const freeChunks: Uint8Array[] = [];

/** What takes an answer's content. */
export type Output = Pick<Exchange, "send" | "end" | "full">;

/**
 * Sends bytes of a file as fast as the client takes them. At most one chunk is being read, and none while the client has not
 * taken those before.
 *
 * ```text
 *   disk ─► chunk ─► sendHead, send ─► full? wait for drain ─► next chunk … end
 * ```
 */
export class Download {
  readonly #exchange: Exchange;
  /** Takes the content: the exchange, or what compresses it. */
  readonly #output: Output;
  readonly #files: OpenFiles;
  readonly #file: OpenFile;
  readonly #sendHead: (first: Uint8Array, length: number) => void;
  #at: number;
  readonly #end: number;
  #isReading = false;
  #hasBegun = false;
  #isOver = false;

  /** @param sendHead begins the answer, with its first bytes */
  constructor(
    exchange: Exchange,
    output: Output,
    files: OpenFiles,
    file: OpenFile,
    range: ByteRange,
    sendHead: (first: Uint8Array, length: number) => void,
  ) {
    this.#exchange = exchange;
    this.#output = output;
    this.#files = files;
    this.#file = file;
    this.#sendHead = sendHead;
    this.#at = range.from;
    this.#end = range.to;
  }

  /** Goes on: at the start, and when the client has taken what was sent. */
  next(): void {
    // Behind the last byte the exchange may still tell of room.
    if (this.#isReading || this.#isOver || this.#at === this.#end || this.#output.full) return;
    this.#isReading = true;
    const chunk = freeChunks.pop() ?? new Uint8Array(CHUNK_BYTES);
    const length = Math.min(CHUNK_BYTES, this.#end - this.#at);
    read(this.#file.descriptor, chunk, 0, length, this.#at, (error, bytesRead) => {
      this.#isReading = false;
      if (this.#isOver) this.#release();
      else if (error !== null || bytesRead === 0) this.#fail();
      else this.#send(chunk, bytesRead);
      if (freeChunks.length < MAX_FREE_CHUNKS) freeChunks.push(chunk);
    });
  }

  /** The exchange is finished, whatever is left to be sent. */
  finished(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#isReading) this.#release();
  }

  #send(chunk: Uint8Array, length: number): void {
    this.#at += length;
    if (this.#hasBegun) this.#output.send(chunk, 0, length);
    else this.#sendHead(chunk, length);
    this.#hasBegun = true;
    if (this.#at === this.#end) this.#output.end();
    else this.next();
  }

  /** The disk failed, or the file became shorter: the client must not take what it has for the whole. */
  #fail(): void {
    if (this.#hasBegun) this.#exchange.abort("aborted");
    else this.#exchange.fail(500);
  }

  #release(): void {
    this.#files.giveBack(this.#file);
  }
}
