import type { Exchange } from "../../http/mod.ts";
import { FIELD_STRIDE, type FieldName, type Head } from "../../wire/http1/mod.ts";
import { ascii, type LineWriter } from "./line-writer.ts";

/** Bytes of what a client sends, as they are written: longer ones are cut. */
export const ROOM = {
  address: 64,
  user: 96,
  method: 32,
  host: 264,
  uri: 2048,
  referer: 512,
  agent: 384,
  target: 264,
} as const;
/** All of them, and what stands between. */
export const MAX_LINE_BYTES = 4608;

/** What is known of a request when it begins. `head` and `bytes` are borrowed. */
export interface Begun {
  readonly exchange: Exchange;
  readonly head: Head;
  readonly bytes: Uint8Array;
  /** The peer's, and that of the person behind trusted proxies. */
  readonly peer: string;
  readonly address: string;
}

/** What is known when it ends, beside what `Exchange` counts. */
export interface LoggedResult {
  readonly user: string | undefined;
  /** Undefined where no service was found. */
  readonly service: string | undefined;
  /** The last one that the request was sent to. */
  readonly target: string | undefined;
  readonly retries: number;
}

/** The parts of a line that are known when the request begins, in the order in which they are written. */
export interface Pieces {
  readonly bytes: Uint8Array;
  readonly start: number;
  firstEnd: number;
  secondEnd: number;
  thirdEnd: number;
}

/** How a line is written: what `begin` wrote stays with the request, `end` joins it with the rest. */
export interface LineFormat {
  begin(writer: LineWriter, request: Begun, pieces: Pieces): void;
  end(writer: LineWriter, exchange: Exchange, pieces: Pieces, result: LoggedResult): void;
  /** What was no request: the server answered by itself. */
  rejected(writer: LineWriter, address: string, status: number, reason: string): void;
}

export function fieldAt({ fields, count }: Head, name: FieldName): number {
  for (let at = 0; at < count * FIELD_STRIDE; at += FIELD_STRIDE) if (fields[at + 4] === name) return at;
  return -1;
}

export function writeField(writer: LineWriter, head: Head, bytes: Uint8Array, at: number, room: number): void {
  writer.escaped(bytes, head.fields[at + 2]!, head.fields[at + 3]!, room);
}

export const PROTOCOLS: Readonly<Record<Exchange["protocol"], Uint8Array>> = {
  "HTTP/1.0": ascii("HTTP/1.0"),
  "HTTP/1.1": ascii("HTTP/1.1"),
  "HTTP/2.0": ascii("HTTP/2.0"),
};

/** Of a request that ended without an answer, as nginx has it: 499 the client went away, 444 we closed the connection. */
export function statusOf({ status, outcome }: Exchange): number {
  if (status > 0) return status;
  return outcome === "client-gone" || outcome === "client-stalled" ? 499 : 444;
}
