import { TenkError } from "../../../base/mod.ts";
import type { ClientTlsOptions, SocketOptions } from "../../../net/mod.ts";

/** How one target that speaks HTTP/2 is spoken to, by one event loop. */
export interface Http2TargetOptions {
  /** See `parseHttpAddress`. */
  url: string;
  /** How TLS is done with an `https:` target. @default the system's list of authorities, the URL's host as name */
  tls?: ClientTlsOptions;
  /** Asks for a name's addresses, the preferred one first. @default the system's resolver */
  lookup?: (name: string) => Promise<readonly string[]>;
  /** @default {4} */
  maxConnections?: number;
  /** Requests at a time on a connection, where the target allows as many. @default {250} */
  maxStreams?: number;
  /** Requests that may wait for room; further ones fail at once. @default {1024} */
  maxWaiting?: number;
  /** A request that found no room for so long fails. @default {5000} */
  waitMs?: number;
  /** A connect fails after this long. @default {3000} */
  connectMs?: number;
  /** Close a connection that had no request for so long. @default {60000} */
  keepMs?: number;
  /** From the request's last byte to the head of its answer. 0 = no bound. @default {300000} */
  responseHeadMs?: number;
  /** Silence within the body of an answer. 0 = no bound. @default {0} */
  responseBodyMs?: number;
  /** Longest head of an answer. @default {65536} */
  maxHeadBytes?: number;
  /** @default {256} */
  maxFields?: number;
  /** 1xx answers before the answer proper. @default {32} */
  maxInterims?: number;
  /** @default {16} */
  maxContinuations?: number;
  /** Content of an answer that may be on its way, or wait here while it is paused. @default {262144} */
  streamWindowBytes?: number;
  /** The same for all answers of a connection. With less than all streams may have, slow readers stop the others. @default {65536000} */
  connectionWindowBytes?: number;
  /** Content of all requests of a connection that may wait. @default {16777216} */
  maxQueuedBytes?: number;
  socket?: Omit<SocketOptions, "halfOpen">;
}

export const HTTP2_TARGET_DEFAULTS = {
  maxConnections: 4,
  maxStreams: 250,
  maxWaiting: 1024,
  waitMs: 5000,
  connectMs: 3000,
  keepMs: 60_000,
  responseHeadMs: 300_000,
  responseBodyMs: 0,
  maxHeadBytes: 65_536,
  maxFields: 256,
  maxInterims: 32,
  maxContinuations: 16,
  streamWindowBytes: 262_144,
  connectionWindowBytes: 65_536_000,
  maxQueuedBytes: 16_777_216,
} as const satisfies Required<Omit<Http2TargetOptions, "url" | "tls" | "lookup" | "socket">>;

export type Http2TargetSettings = Readonly<Record<keyof typeof HTTP2_TARGET_DEFAULTS, number>>;

const MAY_BE_ZERO = new Set(["maxWaiting", "responseHeadMs", "responseBodyMs"]);
const MOST = 0x7fffffff;

/** @throws {TenkError} `invalid-option` */
export function http2TargetSettings(options: Http2TargetOptions): Http2TargetSettings {
  const settings: Record<keyof Http2TargetSettings, number> = { ...HTTP2_TARGET_DEFAULTS };
  for (const name of Object.keys(settings) as (keyof Http2TargetSettings)[]) {
    const value = options[name] ?? settings[name];
    const least = MAY_BE_ZERO.has(name) ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least || value > MOST) {
      throw new TenkError(
        "invalid-option",
        `Cannot use ${name} as it must be a whole number from ${least} to ${MOST}: current value is ${value}`,
      );
    }
    settings[name] = value;
  }
  return settings;
}
