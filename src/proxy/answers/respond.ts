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
  readonly #contentType: Uint8Array;
  readonly #template: Template;

  constructor(status: number, contentType: string, body: string) {
    this.#status = status;
    this.#contentType = fieldLine("Content-Type", contentType);
    this.#template = new Template(body);
  }

  /** `head` and `bytes` are borrowed. @param lines prepared fields of the service */
  answer(exchange: Exchange, head: Head, bytes: Uint8Array, lines: readonly Uint8Array[]): void {
    const end = this.#template.write(scratch, 0, { exchange, head, bytes });
    const writer = exchange.begin(this.#status);
    writer.line(this.#contentType);
    for (const line of lines) writer.line(line);
    exchange.sendHead(end, scratch, 0, end);
    exchange.end();
  }
}
