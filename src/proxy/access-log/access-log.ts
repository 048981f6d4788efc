import { logOf } from "../../base/mod.ts";
import type { Exchange } from "../../http/mod.ts";
import { register } from "../../net/mod.ts";
import { ncsaFormat } from "./combined-format.ts";
import { type Begun, type LineFormat, type LoggedResult, MAX_LINE_BYTES, type Pieces } from "./formats.ts";
import { JSON_FORMAT } from "./json-format.ts";
import { LineWriter } from "./line-writer.ts";
import { BLOCK_BYTES, LogFile } from "./log-file.ts";
import type { AccessLogFormat, AccessLogOptions } from "./options.ts";

export type { LoggedResult } from "./formats.ts";

/** Requests in progress that have a place of their own; further ones, such as ten thousand WebSockets, have bytes of just their length. */
const MAX_POOLED = 128;

const LINE_FORMATS: Readonly<Record<AccessLogFormat, LineFormat>> = {
  json: JSON_FORMAT,
  combined: ncsaFormat(true),
  common: ncsaFormat(false),
};

/** What `server.request` calls to have every event loop open its access logs anew. */
export const REOPEN = "reopen access logs";

/** The logs of this event loop. */
const inUse = new Set<AccessLog>();

register(REOPEN, () => {
  for (const log of inUse) void log.reopen();
});

/** What the log keeps of a request in progress. */
export interface LoggedRequest extends Pieces {
  readonly log: AccessLog;
  readonly isPooled: boolean;
}

/**
 * The access log of one event loop. What it needs of a head is written while the head is there, straight into the bytes of a line; when
 * the request is finished the line is completed in the file's block. No string is made, and nothing is allocated a request.
 *
 * ```text
 *   begin ─► the request's place: "request":{…} ──┐
 *   finish ────────────────────────────────────────► block of the file ─► LogFile, once a second
 * ```
 */
export class AccessLog {
  readonly #format: LineFormat;
  readonly #file: LogFile;
  readonly #writer: LineWriter;
  readonly #scratch: LoggedRequest;
  readonly #pool: LoggedRequest[] = [];
  #pooled = 0;

  constructor({ format, file, flushMs }: AccessLogOptions) {
    inUse.add(this);
    this.#format = LINE_FORMATS[format];
    // The last place is for requests that are not pooled.
    this.#file = new LogFile(file, flushMs, logOf("proxy"), (MAX_POOLED + 1) * MAX_LINE_BYTES);
    this.#scratch = this.#newPlace(MAX_POOLED, false);
    this.#writer = new LineWriter(this.#file.bytes, format === "json" ? "json" : "hex");
  }

  /** Everything in `request` is borrowed. */
  begin(request: Begun): LoggedRequest {
    const place = this.#pool.pop() ?? this.#nextPlace();
    this.#writer.at = place.start;
    this.#format.begin(this.#writer, request, place);
    return place.isPooled ? place : this.#copyOf(place);
  }

  /** @returns false where the line was dropped, since the disk takes too few */
  finish(logged: LoggedRequest, exchange: Exchange, result: LoggedResult): boolean {
    const hasRoom = this.#file.reserve(MAX_LINE_BYTES);
    if (hasRoom) {
      this.#writer.at = this.#file.at;
      this.#format.end(this.#writer, exchange, logged, result);
      this.#file.wrote(this.#writer.at);
    }
    this.forget(logged);
    return hasRoom;
  }

  /** Drops a request that has begun: it is logged elsewhere. */
  forget(logged: LoggedRequest): void {
    if (logged.isPooled) this.#pool.push(logged);
  }

  /** Logs what was no request. @returns as `finish` */
  rejected(address: string, status: number, reason: string): boolean {
    if (!this.#file.reserve(MAX_LINE_BYTES)) return false;
    this.#writer.at = this.#file.at;
    this.#format.rejected(this.#writer, address, status, reason);
    this.#file.wrote(this.#writer.at);
    return true;
  }

  /** Opens the file anew. */
  reopen(): Promise<void> {
    return this.#file.reopen();
  }

  /** Others get the requests that come: those in progress are still logged here. */
  retire(): void {
    inUse.delete(this);
    this.#file.retire();
  }

  close(): Promise<void> {
    inUse.delete(this);
    return this.#file.close();
  }

  #nextPlace(): LoggedRequest {
    if (this.#pooled >= MAX_POOLED) return this.#scratch;
    this.#pooled += 1;
    return this.#newPlace(this.#pooled - 1, true);
  }

  #newPlace(index: number, isPooled: boolean): LoggedRequest {
    const start = BLOCK_BYTES + index * MAX_LINE_BYTES;
    return { log: this, isPooled, bytes: this.#file.bytes, start, firstEnd: 0, secondEnd: 0, thirdEnd: 0 };
  }

  #copyOf({ bytes, start, firstEnd, secondEnd, thirdEnd }: LoggedRequest): LoggedRequest {
    const copy = bytes.slice(start, this.#writer.at);
    const ends = { firstEnd: firstEnd - start, secondEnd: secondEnd - start, thirdEnd: thirdEnd - start };
    return { log: this, isPooled: false, bytes: copy, start: 0, ...ends };
  }
}
