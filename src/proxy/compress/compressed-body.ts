import { constants, createGzip, createZstdCompress, type Gzip, type ZstdCompress } from "node:zlib";
import type { Exchange } from "../../http/mod.ts";
import type { Coding } from "./accept-encoding.ts";

/** Codings that are made while sending. Brotli at a level that is worth it is too slow for that. */
export const MADE_CODINGS: readonly Coding[] = ["zstd", "gzip"];

/** Answers that are compressed at once on an event loop; each takes up to half a megabyte. Further ones are sent as they are. */
const MAX_AT_ONCE = 128;
const HIGH_BYTES = 131_072;
const LOW_BYTES = 32_768;
let atOnce = 0;

export function mayCompress(): boolean {
  return atOnce < MAX_AT_ONCE;
}

/**
 * Compresses the content of an answer on the runtime's threads, and sends it. What was written leaves as soon as nothing more
 * waits to be compressed, so that events of a stream arrive when they happen.
 *
 * ```text
 *   send ─► waits ─► a thread ─► exchange.send      full? the thread pauses, and what waits grows up to its high water mark:
 *            └─ nothing more waits: flush           `full` is true, until `onRoom`
 * ```
 */
export class CompressedBody {
  /** More waits than the high water mark: wait for `onRoom`. */
  full = false;
  readonly #exchange: Exchange;
  readonly #stream: ZstdCompress | Gzip;
  readonly #flush: number;
  readonly #onRoom: () => void;
  #waitingBytes = 0;
  #hasEnded = false;
  #isClosed = false;

  /** The answer's head has been sent, with content of unknown length. */
  constructor(exchange: Exchange, coding: Coding, onRoom: () => void) {
    atOnce += 1;
    this.#exchange = exchange;
    this.#onRoom = onRoom;
    const isZstd = coding === "zstd";
    this.#flush = isZstd ? constants.ZSTD_e_flush : constants.Z_SYNC_FLUSH;
    this.#stream = isZstd ? createZstdCompress({ params: ZSTD_PARAMETERS }) : createGzip({ level: GZIP_LEVEL });
    this.#stream.on("data", (bytes: Uint8Array) => this.#compressed(bytes));
    this.#stream.on("end", () => this.#exchange.end());
    this.#stream.on("error", () => this.#exchange.abort("aborted"));
  }

  /** Takes content, of which it keeps a copy. */
  send(bytes: Uint8Array, from = 0, to = bytes.length): void {
    if (this.#isClosed || to <= from) return;
    const copy = new Uint8Array(bytes.subarray(from, to));
    this.#waitingBytes += copy.length;
    if (this.#waitingBytes > HIGH_BYTES) this.full = true;
    this.#stream.write(copy, () => this.#taken(copy.length));
  }

  /** The content is complete: the exchange ends when all of it is sent. */
  end(): void {
    this.#hasEnded = true;
    if (!this.#isClosed) this.#stream.end();
  }

  /** The exchange has room. */
  drained(): void {
    if (!this.#isClosed) this.#stream.resume();
  }

  /** The exchange is over. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    atOnce -= 1;
    this.#stream.removeAllListeners("end");
    this.#stream.destroy();
  }

  #compressed(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#exchange.send(bytes);
    if (this.#exchange.full) this.#stream.pause();
  }

  #taken(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (this.#isClosed) return;
    if (this.#waitingBytes === 0 && !this.#hasEnded) this.#stream.flush(this.#flush);
    if (!this.full || this.#waitingBytes > LOW_BYTES) return;
    this.full = false;
    this.#onRoom();
  }
}

const GZIP_LEVEL = 5;
/** A window of 128 KiB: text hardly gains by more, and each answer would take megabytes. */
const ZSTD_PARAMETERS = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 17 };
