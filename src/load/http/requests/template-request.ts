import { copyRun, FIELD_VALUE, fieldLine, TARGET, writeDecimal } from "../../../wire/http1/mod.ts";
import {
  type CompileOptions,
  canYield,
  compileMessages,
  type MessagePart,
  type MessageSource,
} from "../../message/mod.ts";
import { refuse } from "../../plan/mod.ts";
import { type CompiledRequest, FixedRequest } from "./compiled.ts";
import { checkRequest, fieldsOf, type RequestText } from "./request-bytes.ts";

const HEX = "0123456789ABCDEF";
const PERCENT = 0x25;
const END_OF_HEAD = Buffer.from("\r\n");
const LENGTH_NAME = Buffer.from("Content-Length: ");
/** Digits of a length, two line ends. */
const LENGTH_BYTES = LENGTH_NAME.length + 16 + 4;

/** What expressions are compiled with. */
export type TemplateOptions = Pick<CompileOptions, "random" | "globalRandom" | "files" | "regex">;

/** Returns whether a text holds an expression of a template. */
export function hasExpression(text: string): boolean {
  return text.includes("\\{");
}

/**
 * Compiles a request whose path, field values and body may hold expressions. No value breaks it apart: what a path cannot hold is
 * percent-encoded, a field value that could hold a line end is refused, and `Content-Length` is computed.
 *
 * @throws {TenkError} `usage`
 */
export function templateRequest(kind: number, text: RequestText, options: TemplateOptions): CompiledRequest {
  checkRequest(text);
  const { method, path, body } = text;
  const fields = fieldsOf(text).flatMap(([name, value]) => fieldParts(name, value, options));
  const request = new TemplateRequest(kind, method, {
    path: compileMessages({ ...options, parts: [partOf(path, "the path")] }),
    fields: compileMessages({ ...options, parts: fields }),
    body: body === undefined ? undefined : compileMessages({ ...options, parts: [bodyPart(body)] }),
  });
  if (!request.isConstant) return request;
  const bytes = request.render(0, 0).slice();
  return new FixedRequest(kind, request.isHead, bytes, request.bodyBytes);
}

function partOf(text: string, name: string): MessagePart {
  return { kind: "text", text, first: false, unescape: false, name };
}

/** Text may hold expressions, bytes are sent as they are. */
function bodyPart(body: string | Uint8Array): MessagePart {
  if (typeof body === "string") return partOf(body, "the body");
  return { kind: "file-bytes", bytes: body, first: false, unescape: false, expressions: false };
}

function fieldParts(name: string, value: string, options: TemplateOptions): MessagePart[] {
  const plain = (bytes: Uint8Array): MessagePart => ({
    kind: "file-bytes",
    bytes,
    first: false,
    unescape: false,
    expressions: false,
  });
  if (!hasExpression(value)) return [plain(fieldLine(name, value))];
  // Checks the name.
  fieldLine(name, "");
  const part = partOf(value, `the field ${name}`);
  const wrong = canYield(part, options, (byte) => FIELD_VALUE[byte] !== 1);
  if (wrong !== undefined) {
    refuse(
      `the field ${name} could hold the byte 0x${wrong.toString(16).padStart(2, "0")}, which would break the request apart`,
      "leave it out of the expression; a file must not end with a line end",
    );
  }
  return [plain(Buffer.from(`${name}: `)), part, plain(END_OF_HEAD)];
}

interface Sources {
  readonly path: MessageSource;
  /** Whole lines. */
  readonly fields: MessageSource;
  readonly body: MessageSource | undefined;
}

class TemplateRequest implements CompiledRequest {
  readonly kind: number;
  readonly isHead: boolean;
  bodyBytes = -1;
  readonly constantBytes: number | undefined;
  readonly maxBytes: number;
  readonly maxHeadBytes: number;
  readonly hasMarker: boolean;
  readonly isConstant: boolean;
  readonly #sources: Sources;
  readonly #method: Uint8Array;
  readonly #version = Buffer.from(" HTTP/1.1\r\n");
  readonly #scratch: Uint8Array;
  #at = 0;

  constructor(kind: number, method: string, sources: Sources) {
    const { path, fields, body } = sources;
    const all = [path, fields, ...(body === undefined ? [] : [body])];
    this.kind = kind;
    this.isHead = method === "HEAD";
    this.#sources = sources;
    this.#method = Buffer.from(`${method} `);
    const most = 3 * path.maxLengthBytes + fields.maxLengthBytes;
    this.maxHeadBytes = this.#method.length + this.#version.length + most + LENGTH_BYTES;
    this.maxBytes = this.maxHeadBytes + (body?.maxLengthBytes ?? 0);
    this.hasMarker = all.some(({ hasMarker }) => hasMarker);
    this.isConstant = all.every(({ constant }) => constant);
    this.#scratch = new Uint8Array(this.maxBytes);
    this.constantBytes = undefined;
  }

  render(uid: number, nowUs: number): Uint8Array {
    const { path, fields, body } = this.#sources;
    this.#at = 0;
    this.#put(this.#method);
    this.#target(path.nextBytes(uid, nowUs));
    this.#put(this.#version);
    this.#put(fields.nextBytes(uid, nowUs));
    if (body === undefined) {
      this.#put(END_OF_HEAD);
    } else {
      const content = body.nextBytes(uid, nowUs);
      this.bodyBytes = content.length;
      this.#put(LENGTH_NAME);
      this.#at = writeDecimal(this.#scratch, this.#at, content.length);
      this.#put(END_OF_HEAD);
      this.#put(END_OF_HEAD);
      this.#put(content);
    }
    return this.#scratch.subarray(0, this.#at);
  }

  #put(bytes: Uint8Array): void {
    this.#at = copyRun(this.#scratch, this.#at, bytes, 0, bytes.length);
  }

  /** Writes a path; what it cannot hold is percent-encoded (RFC 3986 §2.1). */
  #target(bytes: Uint8Array): void {
    const into = this.#scratch;
    let at = this.#at;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index]!;
      if (TARGET[byte] === 1) into[at++] = byte;
      else {
        into[at++] = PERCENT;
        into[at++] = HEX.charCodeAt(byte >> 4);
        into[at++] = HEX.charCodeAt(byte & 15);
      }
    }
    this.#at = at;
  }
}
