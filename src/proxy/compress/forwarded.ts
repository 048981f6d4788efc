import { BodyFraming, type Exchange, type HeadWriter } from "../../http/mod.ts";
import { equalsIgnoringCase, FieldName, type FieldSet, fieldLine, fieldSet, type Head } from "../../wire/http1/mod.ts";
import { acceptEncodingOf, type Coding, chooseCoding } from "./accept-encoding.ts";
import { CompressedBody, MADE_CODINGS, mayCompress } from "./compressed-body.ts";
import { eligibilityOf, VARY_LINE, weakTag } from "./compressible.ts";

const CODING_LINES = new Map(MADE_CODINGS.map((coding) => [coding, fieldLine("Content-Encoding", coding)]));
/** Ranges are of the content as the target has it. */
const ACCEPT_RANGES = new TextEncoder().encode("accept-ranges");
const ETAG: FieldSet = fieldSet(FieldName.etag);

/** The compression of one forwarded answer, where its service wants that. */
export class ForwardedCompression {
  readonly #coding: Coding | undefined;
  #body: CompressedBody | undefined;

  /** @param head the request's; borrowed */
  constructor(head: Head, bytes: Uint8Array) {
    this.#coding = chooseCoding(acceptEncodingOf(head, bytes), MADE_CODINGS);
  }

  /** Whether the target's chunks are needed without their framing. */
  get needsContent(): boolean {
    return this.#coding !== undefined;
  }

  /** What compresses the content; undefined where nothing does, or not yet. */
  get body(): CompressedBody | undefined {
    return this.#body;
  }

  /**
   * Writes the target's fields as they are for this client.
   *
   * @param drop fields that are never copied, by id and by name
   * @returns whether the content is to be compressed
   */
  writeLines(
    writer: HeadWriter,
    head: Head,
    bytes: Uint8Array,
    drop: FieldSet,
    dropNames: readonly Uint8Array[],
  ): boolean {
    const eligibility = eligibilityOf(head, bytes);
    const coding = eligibility.isEligible && mayCompress() ? this.#coding : undefined;
    if (coding === undefined) writer.lines(head, bytes, drop, dropNames);
    else {
      writer.lines(head, bytes, union(drop, ETAG), [...dropNames, ACCEPT_RANGES]);
      writer.line(CODING_LINES.get(coding)!);
      // A tag that is none, or that the service removes, is not sent.
      const isKept = /^(W\/)?"[!#-~]*"$/.test(eligibility.etag) && !dropNames.some(isEtag);
      if (isKept) writer.field("ETag", weakTag(eligibility.etag));
    }
    if (eligibility.isEligible && !eligibility.varies) writer.line(VARY_LINE);
    return coding !== undefined;
  }

  /**
   * Sends the head.
   *
   * @param onRoom `full` is false again
   * @returns what takes the content
   */
  begin(exchange: Exchange, onRoom: () => void): CompressedBody | Exchange {
    exchange.sendHead(BodyFraming.unknown);
    if (exchange.isHead) return exchange;
    this.#body = new CompressedBody(exchange, this.#coding!, onRoom);
    return this.#body;
  }
}

/** Writes a target's fields, with compression or without. @returns whether the content is to be compressed */
export function writeLines(
  writer: HeadWriter,
  compression: ForwardedCompression | undefined,
  head: Head,
  bytes: Uint8Array,
  drop: FieldSet,
  dropNames: readonly Uint8Array[],
): boolean {
  if (compression !== undefined) return compression.writeLines(writer, head, bytes, drop, dropNames);
  writer.lines(head, bytes, drop, dropNames);
  return false;
}

const ETAG_NAME = new TextEncoder().encode("etag");

function isEtag(name: Uint8Array): boolean {
  return equalsIgnoringCase(name, 0, name.length, ETAG_NAME);
}

function union(one: FieldSet, other: FieldSet): FieldSet {
  return one.map((value, id) => value | other[id]!);
}
