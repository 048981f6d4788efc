import { TenkError } from "../../base/mod.ts";
import type { Handler } from "../../net/mod.ts";

/** Bounds of the HTTP/1.1 connections of a listener, in time and in bytes. */
export interface HttpServerOptions {
  /** Gets the connections whose handshake agreed on `h2` (ALPN). @default {undefined} (they speak HTTP/1.1 too) */
  http2?: Handler<never> | undefined;
  /** A request's head must be complete so long after its first byte, or after the connection opened: 408. @default {60000} */
  headTimeoutMs?: number;
  /** Bytes of a request's content may pause so long: 408, or a reset where the answer has begun. @default {60000} */
  bodyTimeoutMs?: number;
  /** A connection may wait so long for its next request. @default {300000} */
  keepAliveMs?: number;
  /** After a last answer the client's bytes are read and dropped for so long, so that no reset destroys the answer. @default {5000} */
  lingerMs?: number;
  /** Longest head of a request: 431. @default {16384} */
  maxHeadBytes?: number;
  /** Longest target: 414. @default {8192} */
  maxTargetBytes?: number;
  /** Most field lines of a request: 431. @default {128} */
  maxFields?: number;
  /** Content that is read and dropped after an early answer, so that the connection can be used again. @default {262144} */
  maxDroppedBytes?: number;
  /** Bytes of further requests that may wait for an answer before reading pauses. @default {16384} */
  maxPipelinedBytes?: number;
  /** Longest head of an answer: 502. @default {65536} */
  maxAnswerHeadBytes?: number;
  /**
   * Answer a client that finished sending (FIN) after a whole request. Without it that ends the request, as the client is most
   * probably gone: a browser's tab that was closed sends the same FIN.
   *
   * @default {false}
   */
  answersHalfClosed?: boolean;
}

export type HttpServerSettings = Required<Omit<HttpServerOptions, "http2">>;

export const HTTP_SERVER_DEFAULTS: HttpServerSettings = {
  headTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
  keepAliveMs: 300_000,
  lingerMs: 5000,
  maxHeadBytes: 16_384,
  maxTargetBytes: 8192,
  maxFields: 128,
  maxDroppedBytes: 262_144,
  maxPipelinedBytes: 16_384,
  maxAnswerHeadBytes: 65_536,
  answersHalfClosed: false,
};

/** What an option must be at least; 0 where it is not listed. */
const LEAST: Partial<Record<keyof HttpServerSettings, number>> = {
  headTimeoutMs: 1,
  bodyTimeoutMs: 1,
  keepAliveMs: 1,
  lingerMs: 1,
  maxHeadBytes: 256,
  maxTargetBytes: 1,
  maxFields: 1,
  // An error page's head must fit.
  maxAnswerHeadBytes: 1024,
};

/** @throws {TenkError} `invalid-option` */
export function serverSettings(given: HttpServerOptions): HttpServerSettings {
  const settings = { ...HTTP_SERVER_DEFAULTS };
  for (const name of Object.keys(settings) as (keyof HttpServerSettings)[]) {
    const value = given[name];
    if (value === undefined) continue;
    const least = LEAST[name] ?? 0;
    if (typeof value === "number" && !(Number.isSafeInteger(value) && value >= least)) {
      throw new TenkError(
        "invalid-option",
        `Cannot use ${name} as it must be a whole number ≥ ${least}: current value is ${value}`,
      );
    }
    Object.assign(settings, { [name]: value });
  }
  return settings;
}
