import type { Exchange } from "../../http/mod.ts";
import { fieldLine, type Head } from "../../wire/http1/mod.ts";
import {
  acceptEncodingOf,
  type Coding,
  chooseCoding,
  compressNow,
  isCompressibleType,
  MADE_CODINGS,
  MIN_COMPRESSED_BYTES,
  VARY_LINE,
} from "../compress/mod.ts";
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

  readonly #compresses: boolean;
  /** Of a text without placeholders: what was compressed before. */
  readonly #compressed: Map<Coding, Uint8Array> | undefined;

  /** @param options.writesType false where the service sets `Content-Type` by itself */
  constructor(
    status: number,
    contentType: string,
    body: string,
    { compresses = false, writesType = true }: { compresses?: boolean; writesType?: boolean } = {},
  ) {
    this.#status = status;
    this.#contentType = writesType ? fieldLine("Content-Type", contentType) : undefined;
    this.#template = new Template(body);
    this.#compresses = compresses && isCompressibleType(contentType);
    this.#compressed = this.#template.placeholders.length === 0 ? new Map() : undefined;
  }

  /** `head` and `bytes` are borrowed. */
  answer(exchange: Exchange, head: Head, bytes: Uint8Array): undefined {
    const end = this.#template.write(scratch, 0, { exchange, head, bytes });
    const isCompressible = this.#compresses && end >= MIN_COMPRESSED_BYTES;
    const coding = isCompressible ? chooseCoding(acceptEncodingOf(head, bytes), MADE_CODINGS) : undefined;
    const content = coding === undefined ? scratch : this.#inCoding(coding, end);
    const length = coding === undefined ? end : content.length;
    const writer = exchange.begin(this.#status);
    if (this.#contentType !== undefined) writer.line(this.#contentType);
    if (isCompressible) writer.line(VARY_LINE);
    if (coding !== undefined) writer.field("Content-Encoding", coding);
    exchange.sendHead(length, content, 0, length);
    exchange.end();
  }

  #inCoding(coding: Coding, end: number): Uint8Array {
    const kept = this.#compressed?.get(coding);
    if (kept !== undefined) return kept;
    const content = compressNow(scratch.subarray(0, end), coding);
    this.#compressed?.set(coding, content);
    return content;
  }
}
