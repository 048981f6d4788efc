import { createReadStream, createWriteStream } from "node:fs";
import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { fileProblemOf, systemCodeOf } from "../../base/mod.ts";
import { ListParser, type ListSummary } from "../list-format/mod.ts";
import { ListError } from "./list-error.ts";

const SNIFFED_BYTES = 512;
/** A list with fewer lines may have any share of invalid ones. */
const FEW_LINES = 20;

/**
 * Decompresses a fetched list into another file, and checks that it is a block list.
 *
 * @returns its counts
 * @throws {ListError}
 */
export async function unpackList(from: string, to: string, isGzip: boolean, maxBytes: number): Promise<ListSummary> {
  const check = new ListCheck(maxBytes);
  const source = createReadStream(from);
  const target = createWriteStream(to, { flags: "wx", mode: 0o600, flush: true });
  try {
    if (isGzip) await pipeline(source, createGunzip(), check, target);
    else await pipeline(source, check, target);
  } catch (error) {
    throw listErrorOf(error);
  }
  return check.judge();
}

function listErrorOf(error: unknown): ListError {
  if (error instanceof ListError) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string" && code.startsWith("Z_"))
    return new ListError("not-text", "its compression is broken", error);
  return new ListError("disk", systemCodeOf(error) ? fileProblemOf(error) : "it could not be unpacked", error);
}

/** Passes a list through, and checks it. */
class ListCheck extends Transform {
  readonly #maxBytes: number;
  readonly #parser = new ListParser({ name: () => undefined, rule: () => undefined, disable: () => undefined });
  #bytes = 0;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  override _transform(part: Buffer, _: string, done: TransformCallback): void {
    try {
      if (this.#bytes === 0) checkStart(part.subarray(0, SNIFFED_BYTES));
      this.#bytes += part.length;
      if (this.#bytes > this.#maxBytes) throw new ListError("too-large", `it has more than ${this.#maxBytes} bytes`);
      this.#parse(part);
      done(null, part);
    } catch (error) {
      done(error as Error);
    }
  }

  #parse(part: Uint8Array): void {
    for (let at = 0; at < part.length; ) {
      const free = this.#parser.free();
      const taken = part.subarray(at, at + free.length);
      free.set(taken);
      this.#parser.take(taken.length);
      at += taken.length;
    }
  }

  judge(): ListSummary {
    const summary = this.#parser.end();
    const { names, rules, invalid, lines } = summary;
    if (names + rules === 0) throw new ListError("not-a-list", `its ${lines} lines have no names`);
    if (lines >= FEW_LINES && invalid > names + rules) {
      throw new ListError("not-a-list", `${invalid} of its ${lines} lines are invalid`);
    }
    return summary;
  }
}

function checkStart(bytes: Uint8Array): void {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16 || bytes.includes(0))
    throw new ListError("not-text", isUtf16 ? "it is UTF-16: expected UTF-8" : "it is binary");
  const start = new TextDecoder().decode(bytes).trimStart().toLowerCase();
  if (/^<(!doctype|html|head|body|\?xml|!--)/.test(start)) throw new ListError("not-a-list", "it is an HTML page");
}
