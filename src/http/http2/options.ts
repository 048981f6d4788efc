import { TenkError } from "../../base/mod.ts";

/** Bounds of the HTTP/2 connections of a listener. */
export interface Http2ServerOptions {
  /** Requests in progress at a time (SETTINGS_MAX_CONCURRENT_STREAMS): RST_STREAM with REFUSED_STREAM. @default {250} */
  maxConcurrentStreams?: number;
  /** Content of a request that may be on its way, or wait here while the handler pauses it. @default {524288} */
  streamWindowBytes?: number;
  /** The same for all requests of a connection. @default {1048576} */
  connectionWindowBytes?: number;
  /** Longest head of a request, as lines of HTTP/1.1: 431. What is more than twice that long ends the connection. @default {16384} */
  maxHeadBytes?: number;
  /** Most field lines of a request: 431. @default {128} */
  maxFields?: number;
  /** Most content of a request: 413; 0 = no limit. A handler may set another for a request. @default {0} */
  maxBodyBytes?: number;
  /** Longest head of an answer: 502. @default {65536} */
  maxAnswerHeadBytes?: number;
  /** CONTINUATION frames of one head. @default {16} */
  maxContinuations?: number;
  /** Content of all answers of a connection that may wait for its windows; the answer that passes it is reset. @default {16777216} */
  maxQueuedBytes?: number;
  /**
   * Streams that the client resets, or makes us reset (CVE-2023-44487, CVE-2025-8671): so many at once, and
   * `resetsPerSecond`. @default {200}
   */
  resetBurst?: number;
  /** @default {33} */
  resetsPerSecond?: number;
  /** PING and SETTINGS frames, which are answered: so many at once, and `pingsPerSecond`. @default {200} */
  pingBurst?: number;
  /** @default {10} */
  pingsPerSecond?: number;
  /** Frames that carry nothing or almost nothing: so many at once, and `emptyFramesPerSecond`. @default {1000} */
  emptyFrameBurst?: number;
  /** @default {100} */
  emptyFramesPerSecond?: number;
  /** The preface, and a head that has begun, must be complete within so long. @default {60000} */
  headTimeoutMs?: number;
  /** Content of a request may pause so long before its answer begins, and an answer wait so long for a window. @default {60000} */
  stallTimeoutMs?: number;
  /** A connection may be without a request so long. @default {300000} */
  keepAliveMs?: number;
  /** After a GOAWAY that ends a connection, the client's bytes are read and dropped for so long. @default {5000} */
  lingerMs?: number;
}

export type Http2ServerSettings = Required<Http2ServerOptions>;

export const HTTP2_SERVER_DEFAULTS: Http2ServerSettings = {
  maxConcurrentStreams: 250,
  streamWindowBytes: 524_288,
  connectionWindowBytes: 1_048_576,
  maxHeadBytes: 16_384,
  maxFields: 128,
  maxBodyBytes: 0,
  maxAnswerHeadBytes: 65_536,
  maxContinuations: 16,
  maxQueuedBytes: 16_777_216,
  resetBurst: 200,
  resetsPerSecond: 33,
  pingBurst: 200,
  pingsPerSecond: 10,
  emptyFrameBurst: 1000,
  emptyFramesPerSecond: 100,
  headTimeoutMs: 60_000,
  stallTimeoutMs: 60_000,
  keepAliveMs: 300_000,
  lingerMs: 5000,
};

/** What an option must be at least; 1 where it is not listed. */
const LEAST: Partial<Record<keyof Http2ServerSettings, number>> = {
  // A connection's window only grows from what every client begins with.
  connectionWindowBytes: 65_535,
  maxHeadBytes: 256,
  maxBodyBytes: 0,
  maxAnswerHeadBytes: 1024,
};
const MOST = 0x7fffffff;

/** @throws {TenkError} `invalid-option` */
export function http2Settings(given: Http2ServerOptions): Http2ServerSettings {
  const settings = { ...HTTP2_SERVER_DEFAULTS };
  for (const name of Object.keys(settings) as (keyof Http2ServerSettings)[]) {
    const value = given[name];
    if (value === undefined) continue;
    const least = LEAST[name] ?? 1;
    if (!(Number.isSafeInteger(value) && value >= least && value <= MOST)) {
      throw new TenkError(
        "invalid-option",
        `Cannot use ${name} as it must be a whole number from ${least} to ${MOST}: current value is ${value}`,
      );
    }
    settings[name] = value;
  }
  return settings;
}
