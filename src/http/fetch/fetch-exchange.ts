import { BodyFraming, type Exchange } from "../exchange.ts";

/** Passed to the connection at a time, so that a large answer never fills the write queue. */
const SLICE_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

/** One request as a handler of `Request` and `Response` sees it: its content as a stream, and how far the answer is. */
export class FetchExchange {
  /** Set by `stayOpen`: the answer is passed on as it comes. */
  isStream = false;
  readonly #exchange: Exchange<FetchExchange>;
  readonly #gone = new AbortController();
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #drained = Promise.withResolvers<void>();
  #isOver = false;

  constructor(exchange: Exchange<FetchExchange>) {
    this.#exchange = exchange;
  }

  /** Aborts when the client has gone. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Returns the request's content. What nobody reads slows the client down. */
  content(): ReadableStream<Uint8Array> | null {
    const exchange = this.#exchange;
    if (!exchange.hasBody) return null;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#body = controller;
        },
        pull: () => exchange.resumeBody(),
        cancel: () => {
          this.#body = undefined;
          exchange.resumeBody();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: SLICE_BYTES }),
    );
  }

  /** @param bytes borrowed */
  received(bytes: Uint8Array): void {
    if (this.#body === undefined) return;
    // Not `slice`: that of a Buffer copies nothing.
    this.#body.enqueue(new Uint8Array(bytes));
    if ((this.#body.desiredSize ?? 0) <= 0) this.#exchange.pauseBody();
  }

  contentEnded(): void {
    this.#body?.close();
    this.#body = undefined;
  }

  drain(): void {
    this.#drained.resolve();
  }

  finished(): void {
    this.#isOver = true;
    this.#drained.resolve();
    if (this.#exchange.outcome === "answered") return;
    this.#body?.error(new Error("the client has gone"));
    this.#body = undefined;
    this.#gone.abort();
  }

  /** Sends an answer. @throws what its stream throws; it is broken off then */
  async answer(response: Response): Promise<void> {
    const { body, status } = response;
    if (this.#isOver) return body?.cancel();
    if (this.isStream && body !== null) return this.#stream(response, body);
    const content = body === null ? NO_BYTES : new Uint8Array(await response.arrayBuffer());
    if (this.#isOver) return;
    this.#head(response, status === 204 || status === 304 ? BodyFraming.none : content.length);
    await this.#send(content);
    this.#exchange.end();
  }

  async #stream(response: Response, body: ReadableStream<Uint8Array>): Promise<void> {
    this.#head(response, BodyFraming.unknown);
    const reader = body.getReader();
    const cancel = () => void reader.cancel().catch(() => undefined);
    this.signal.addEventListener("abort", cancel, { once: true });
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#isOver) break;
        await this.#send(value);
      }
      this.#exchange.end();
    } catch (error) {
      this.#exchange.abort("aborted");
      throw error;
    } finally {
      this.signal.removeEventListener("abort", cancel);
    }
  }

  #head({ status, headers }: Response, framing: BodyFraming): void {
    const writer = this.#exchange.begin(status);
    for (const [name, value] of headers) if (name !== "content-length") writer.field(capitalized(name), value);
    this.#exchange.sendHead(framing);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length && !this.#isOver; from += SLICE_BYTES) {
      this.#exchange.send(bytes, from, Math.min(bytes.length, from + SLICE_BYTES));
      while (this.#exchange.full && !this.#isOver) {
        this.#drained = Promise.withResolvers();
        await this.#drained.promise;
      }
    }
  }
}

/** `content-type` as `Content-Type`: `Headers` keeps no case, people who read a capture expect it. */
function capitalized(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
