import type { Exchange } from "../../http/mod.ts";
import { fieldLine, type Head } from "../../wire/http1/mod.ts";
import { Template } from "./template.ts";

/** Longest text that a template is filled in to. */
const MAX_BYTES = 64 * 1024;
/** One for the event loop: it is sent in the turn in which it is written. */
const scratch = new Uint8Array(MAX_BYTES);

/** An answer from a template, as Caddy's `respond`. */
export class Respond {
  readonly #status: number;
  readonly #contentType: Uint8Array | undefined;
  readonly #template: Template;

  /** @param contentType undefined where the service sets it by itself */
  constructor(status: number, contentType: string | undefined, body: string) {
    this.#status = status;
    this.#contentType = contentType === undefined ? undefined : fieldLine("Content-Type", contentType);
    this.#template = new Template(body);
  }

  /** `head` and `bytes` are borrowed. @param lines prepared fields of the service */
  answer(exchange: Exchange, head: Head, bytes: Uint8Array, lines: readonly Uint8Array[]): undefined {
    const end = this.#template.write(scratch, 0, { exchange, head, bytes });
    const writer = exchange.begin(this.#status);
    if (this.#contentType !== undefined) writer.line(this.#contentType);
    for (const line of lines) writer.line(line);
    exchange.sendHead(end, scratch, 0, end);
    exchange.end();
  }
}
