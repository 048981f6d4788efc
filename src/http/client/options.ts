import { TenkError } from "../../base/mod.ts";
import type { ClientTlsOptions, SocketOptions } from "../../net/mod.ts";

/** How one target is spoken to, by one event loop. */
export interface HttpTargetOptions {
  /** See {@link parseHttpAddress}. */
  url: string;
  /** How TLS is done with an `https:` target. @default the system's list of authorities, the URL's host as name */
  tls?: ClientTlsOptions;
  /** Asks for a name's addresses, the preferred one first. @default the system's resolver */
  lookup?: (name: string) => Promise<readonly string[]>;
  /**
   * Connections open or being opened, at most. Those that became tunnels do not count: each is held by a client's own connection,
   * and the bound is there for requests, which a slow target would otherwise get without end. @default {1024}
   */
  maxConnections?: number;
  /** Requests that may wait while `maxConnections` are in use; further ones fail at once. @default {1024} */
  maxWaiting?: number;
  /** A request that got no connection for so long fails. @default {5000} */
  waitMs?: number;
  /** A connect fails after this long: name, addresses and TLS together. @default {3000} */
  connectMs?: number;
  /**
   * Close a connection that nobody used for so long. Common servers close theirs after 5 seconds, and a request that crosses
   * that close on its way is lost. @default {4000}
   */
  keepMs?: number;
  /** The same where the target's `Keep-Alive: timeout=` says more: a second less than it says, and at most this. @default {60000} */
  maxKeepMs?: number;
  /** From the request's last byte to the head of its answer; each 1xx answer begins it anew. 0 = no bound. @default {300000} */
  responseHeadMs?: number;
  /** Silence within the body of an answer. 0 = no bound: an event stream may be silent for hours. @default {0} */
  responseBodyMs?: number;
  /** @default {65536} */
  maxHeadBytes?: number;
  /** 1xx answers before the answer proper. @default {32} */
  maxInterims?: number;
  /**
   * Of its connections. @default `keepAliveMs` and its two companions find a target that vanished, within 60 seconds;
   * `writeQueueMaxBytes` is 4 MiB
   */
  socket?: Omit<SocketOptions, "halfOpen">;
  /** False where whoever sends a request reports its failure. @default {true} */
  logsFailures?: boolean;
}

export const HTTP_TARGET_DEFAULTS = {
  maxConnections: 1024,
  maxWaiting: 1024,
  waitMs: 5000,
  connectMs: 3000,
  keepMs: 4000,
  maxKeepMs: 60_000,
  responseHeadMs: 300_000,
  responseBodyMs: 0,
  maxHeadBytes: 65_536,
  maxInterims: 32,
} as const satisfies Required<Omit<HttpTargetOptions, "url" | "tls" | "lookup" | "socket" | "logsFailures">>;

export const SOCKET_DEFAULTS: SocketOptions = {
  keepAliveMs: 30_000,
  keepAliveIntervalMs: 10_000,
  keepAliveProbes: 3,
  // A chunk of 512 KiB may come while the high mark is not reached yet.
  writeQueueMaxBytes: 4 * 1024 * 1024,
};

/** The numbers of {@link HttpTargetOptions} with every default filled in. */
export type HttpTargetSettings = Readonly<Record<keyof typeof HTTP_TARGET_DEFAULTS, number>>;

const LEAST: Partial<Record<keyof HttpTargetSettings, number>> = {
  maxConnections: 1,
  waitMs: 1,
  connectMs: 1,
  maxHeadBytes: 1024,
};

/** @throws {TenkError} `invalid-option` */
export function targetSettings(options: HttpTargetOptions): HttpTargetSettings {
  const settings: Record<keyof HttpTargetSettings, number> = { ...HTTP_TARGET_DEFAULTS };
  for (const name of Object.keys(settings) as (keyof HttpTargetSettings)[]) {
    const value = options[name] ?? settings[name];
    const least = LEAST[name] ?? 0;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new TenkError(
        "invalid-option",
        `Cannot use ${name} as it must be a whole number ≥ ${least}: current value is ${value}`,
      );
    }
    settings[name] = value;
  }
  return settings;
}
