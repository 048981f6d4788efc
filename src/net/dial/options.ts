import type { ClientTlsOptions } from "../tls/mod.ts";
import type { Limits, SocketOptions } from "../types.ts";

export interface ConnectOptions<Data = unknown> extends SocketOptions {
  /** A name or an address. Of a name, all addresses are tried (RFC 8305). @default {"127.0.0.1"} */
  host?: string;
  port?: number;
  /** A Unix socket instead of host and port; a path, or `\0name` for the abstract space. */
  path?: string;
  /** What `connection.data` starts as. */
  data?: Data;
  /** Deadlines of the connection: `idleMs`, `lifetimeMs`, `stallMs` and `firstByteMs`, and its bytes in a second. */
  limits?: Limits;
  /**
   * Give up after this long, freeing the descriptor: name, every address, proxy and TLS handshake together; each retry
   * has it anew. @default {10000}
   */
  timeoutMs?: number;
  /** Start with a name's next address when the one before has not answered for so long (RFC 8305 §5). @default {250} */
  attemptDelayMs?: number;
  /** Cancels the attempt, or the wait for the next, and frees the descriptor; has no effect once connected. */
  signal?: AbortSignal;
  /** Source address to connect from; its port is chosen late, so each target has the whole range (IP_BIND_ADDRESS_NO_PORT). */
  localAddress?: string;
  /** TLS: `true`, or how. The peer's certificate and name are verified unless told otherwise. @default {false} */
  tls?: boolean | ClientTlsOptions;
  /** Try again when it fails for a reason that may pass. @default one attempt */
  retry?: RetryOptions;
  /**
   * Connect through a proxy: `socks5://[name:password@]host[:1080]` (RFC 1928, 1929) or `http://[name:password@]host[:80]`
   * (CONNECT, RFC 9110 §9.3.6). The proxy resolves the target's name.
   */
  proxy?: string;
  /** Targets that need no proxy: a name (with all below it), an address, a range such as `10.0.0.0/8`, or `*`. @default {[]} */
  noProxy?: readonly string[];
  /** Called when an address was reached, before the proxy's dialogue and TLS: with what `connection.data` will start as. */
  reached?(data: Data | undefined): void;
  /** Asks for a name's addresses, the preferred one first. @default the system's resolver, its order (RFC 6724) */
  lookup?: (name: string) => Promise<readonly string[]>;
}

/** Exponential back-off, capped. */
export interface BackoffOptions {
  /** Longest wait before the second attempt. @default {100} */
  minMs?: number;
  /** Longest wait before any; it doubles up to here. @default {10000} */
  maxMs?: number;
  /** `full`: a random wait between 0 and the longest, so that many clients do not come back at once. @default {"full"} */
  jitter?: "full" | "none";
}

export interface RetryOptions extends BackoffOptions {
  /** Attempts in all, the first included; Infinity = until the signal. */
  attempts: number;
}
