import type { Exchange } from "../../http/mod.ts";
import { logHandlerFailed } from "../../net/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import type { HeldContent } from "../forward/mod.ts";
import type { Grant, Wait, WaitOwner } from "./verdict.ts";

/** Content that is kept before the client is slowed. While it is not, its leaving is seen. */
const MAX_HELD_BYTES = 64 * 1024;

/** Called with the request's head and content, which are its own to keep. */
export type Proceed = (head: Head, bytes: Uint8Array, grant: Grant, content: HeldContent) => void;

/**
 * A request that waits for its guard: a copy of its head, and the content that came meanwhile.
 *
 * ```text
 *   request ─► Wait ── granted ──► proceed, with head and content
 *     body ─► kept  └─ rejected ─► dropped; the guard answers
 * ```
 */
export class HeldRequest implements WaitOwner {
  readonly #exchange: Exchange;
  readonly #wait: Wait;
  readonly #head: Head;
  readonly #bytes: Uint8Array;
  #proceed: Proceed | undefined;
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #isComplete = false;
  #trailers: Uint8Array | undefined;

  /** @param head in `bytes`; both are borrowed, and copied */
  constructor(exchange: Exchange, head: Head, bytes: Uint8Array, wait: Wait, proceed: Proceed) {
    const copy = head.copy(bytes);
    this.#exchange = exchange;
    this.#head = copy.head;
    this.#bytes = copy.bytes;
    this.#wait = wait;
    this.#proceed = proceed;
    wait.owner = this;
    // HTTP/2 keeps content itself, and sees a client go all the same. Who waits for 100 must not be told to send yet.
    if (exchange.hasBody && (exchange.protocol === "HTTP/2.0" || head.expectsContinue)) exchange.pauseBody();
  }

  // ---- events of the exchange ----------------------------------------------------------------------------------------

  body(bytes: Uint8Array): void {
    if (this.#proceed === undefined) return;
    this.#parts.push(new Uint8Array(bytes));
    this.#partsBytes += bytes.length;
    if (this.#partsBytes > MAX_HELD_BYTES) this.#exchange.pauseBody();
  }

  /** @param trailers field lines, each with its CRLF */
  bodyEnd(trailers: Uint8Array | undefined): void {
    this.#isComplete = true;
    this.#trailers = trailers;
  }

  drained(): void {
    this.#wait.drained();
  }

  finished(): void {
    this.#release();
    this.#wait.finished();
  }

  // ---- the guard's decision ------------------------------------------------------------------------------------------

  granted(grant: Grant): void {
    const proceed = this.#proceed;
    if (proceed === undefined) return;
    const content = { parts: this.#parts, isComplete: this.#isComplete, trailers: this.#trailers };
    this.#release();
    try {
      proceed(this.#head, this.#bytes, grant, content);
    } catch (error) {
      logHandlerFailed(error);
      this.#exchange.fail(500);
    }
  }

  rejected(): void {
    this.#release();
  }

  #release(): void {
    this.#proceed = undefined;
    this.#parts = [];
  }
}
