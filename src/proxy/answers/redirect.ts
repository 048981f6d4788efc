import type { Exchange } from "../../http/mod.ts";
import type { Head } from "../../wire/http1/mod.ts";
import { Template } from "./template.ts";

const MAX_BYTES = 16_384;
const scratch = new Uint8Array(MAX_BYTES);
const decoder = new TextDecoder("latin1");

/** An answer that sends the client elsewhere. What is filled in comes from a request that was read strictly: it breaks no line. */
export class Redirect {
  readonly #status: number;
  readonly #to: Template;

  /** @param to a template of the location */
  constructor(status: number, to: string) {
    this.#status = status;
    this.#to = new Template(to);
  }

  answer(exchange: Exchange, head: Head, bytes: Uint8Array): undefined {
    const end = this.#to.write(scratch, 0, { exchange, head, bytes });
    const writer = exchange.begin(this.#status);
    writer.field("Location", decoder.decode(scratch.subarray(0, end)));
    exchange.sendHead(0);
    exchange.end();
  }
}
