import type { TargetExchange } from "../../http/mod.ts";

/** While a target has the request: with more it is not sent again. */
const MAX_BYTES = 256 * 1024;

/** Content of a request that is kept for an attempt to come, behind what is in the block of its head. */
export class KeptContent {
  bytes = 0;
  /** Field lines, each with its CRLF. */
  trailers: Uint8Array | undefined;
  #parts: Uint8Array[] | undefined = [];

  /** All that came is here, so that the request can be sent once more. */
  get isWhole(): boolean {
    return this.#parts !== undefined;
  }

  /** Keeps a copy, before there is an attempt: however much it is, at most one read of the client. */
  add(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.#parts?.push(new Uint8Array(bytes));
  }

  /** Keeps a copy of what a target was sent, unless it becomes too much. */
  addSent(bytes: Uint8Array): void {
    if (this.bytes + bytes.length > MAX_BYTES) this.drop();
    else this.add(bytes);
  }

  /** The request will not be sent again. */
  drop(): void {
    this.#parts = undefined;
  }

  sendTo(target: TargetExchange): void {
    for (const part of this.#parts ?? []) target.write(part);
  }
}
