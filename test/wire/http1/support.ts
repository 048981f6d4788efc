/** Helpers of tests that look at HTTP/1.1 bytes. */
import {
  FIELD_STRIDE,
  type FieldName,
  fieldNameText,
  Head,
  type HeadLimits,
  latin1,
  readRequest,
  readResponse,
} from "../../../src/wire/http1/mod.ts";
import { latin1 as bytesOf } from "../support.ts";

export { bytesOf };

/** A head as text, for comparisons. */
export interface ReadHead {
  length: number;
  refusal: string | undefined;
  method?: string;
  target?: string;
  host?: string;
  status?: number;
  version?: number;
  contentLength?: number;
  flags?: string[];
  fields?: [name: string, value: string, known: string][];
}

const head = new Head();

export function request(text: string | Uint8Array, limits?: HeadLimits): ReadHead {
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  return toldOf(readRequest(head, bytes, 0, bytes.length, limits), bytes, true);
}

export function response(text: string | Uint8Array, limits?: HeadLimits): ReadHead {
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  return toldOf(readResponse(head, bytes, 0, bytes.length, limits), bytes, false);
}

function toldOf(length: number, bytes: Uint8Array, isRequest: boolean): ReadHead {
  if (length <= 0) return { length, refusal: head.refusal };
  const told: ReadHead = {
    length,
    refusal: head.refusal,
    version: head.version,
    contentLength: head.contentLength,
    flags: flagsOf(head),
    fields: fieldsOf(head, bytes),
  };
  if (!isRequest) return { ...told, status: head.status };
  return {
    ...told,
    method: latin1(bytes, head.methodStart, head.methodEnd),
    target: latin1(bytes, head.targetStart, head.targetEnd),
    host: head.hostStart < 0 ? "" : latin1(bytes, head.hostStart, head.hostEnd),
  };
}

const FLAGS = [
  "isChunked",
  "wantsClose",
  "wantsKeepAlive",
  "wantsUpgrade",
  "namesOthers",
  "expectsContinue",
  "hasAmbiguousNames",
  "schemeIsHttps",
] as const;

/** The names of the flags that are set. */
export function flagsOf(of: Head): string[] {
  return FLAGS.filter((flag) => of[flag]);
}

const CLASSES = ["", "ambiguous", "namedByConnection", "xForwardedOther"];

/** Field lines as text; the third entry is the known name, or the class. */
export function fieldsOf(of: Head, bytes: Uint8Array): [string, string, string][] {
  return Array.from({ length: of.count }, (_, line) => {
    const [nameStart, nameEnd, valueStart, valueEnd, known] = of.fields.subarray(line * FIELD_STRIDE);
    return [
      latin1(bytes, nameStart!, nameEnd!),
      latin1(bytes, valueStart!, valueEnd!),
      CLASSES[known!] ?? fieldNameText(known as FieldName),
    ];
  });
}
