import type { RequestBlock } from "../../http/mod.ts";
import { RequestHead } from "./request-head.ts";

/** Kept for the next requests: about 6 MB. */
const MAX_FREE = 256;

/**
 * Blocks for request heads of one event loop. A request has one until its answer begins, so that connections that wait hold none.
 * A fresh block for each request costs a fifth of the proxy's own time.
 */
export class HeadPool {
  /** Filled in for each `send`, which reads it at once. */
  readonly block: RequestBlock = {
    bytes: new Uint8Array(0),
    from: 0,
    to: 0,
    bodyBytes: 0,
    framing: "none",
    bodyLength: 0,
    isWhole: true,
    isHead: false,
    isUpgrade: false,
    carriesChunks: false,
    isFresh: false,
    nowMs: 0,
  };
  readonly maxHeadBytes: number;
  readonly #free: RequestHead[] = [];

  constructor(maxHeadBytes: number) {
    this.maxHeadBytes = maxHeadBytes;
  }

  borrow(): RequestHead {
    return this.#free.pop() ?? new RequestHead(this.maxHeadBytes);
  }

  giveBack(head: RequestHead): void {
    if (this.#free.length < MAX_FREE) this.#free.push(head);
  }
}
