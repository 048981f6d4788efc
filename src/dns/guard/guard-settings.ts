import { machineNetworks, type NetworkRange, parseNetwork } from "../local/mod.ts";
import type { LimitOptions } from "./client-limiter.ts";

/** Networks that are in every house: loopback, RFC 1918, link-local and unique local addresses. */
const HOUSE = [
  ...["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"],
  ...["::1", "fc00::/7", "fe80::/10"],
].map(parseNetwork);
const LINK_LOCAL = parseNetwork("fe80::/10");

export interface GuardOptions {
  /** Ranges whose clients are answered too: `100.64.0.0/10`; `0.0.0.0/0` and `::/0` for all. @default {[]} */
  readonly allow?: readonly string[];
  /** Queries that a client may send in `rateWindowMs`; 0 = no limit. @default {1000} */
  readonly rateQueries?: number;
  /** @default {60_000} */
  readonly rateWindowMs?: number;
  /** Ranges without this limit. Default: loopback, since programs of this machine can overload it in other ways too. */
  readonly rateExempt?: readonly string[];
  /** Clients whose rate is known at a time, per thread. @default {4096} */
  readonly maxClients?: number;
  /** Datagrams of strangers that are answered each second, per thread; further ones are dropped. @default {20} */
  readonly refusalsPerSecond?: number;
  /** Zone of the probes of `LoopWatch`. */
  readonly probeZone?: Uint8Array;
}

/** What a thread makes its guard of: plain data, which can be posted to it. */
export interface GuardSettings {
  readonly allowed: readonly NetworkRange[];
  /** Networks in which each IPv6 address is a client; elsewhere a client is a network of 64 bits. */
  readonly links: readonly NetworkRange[];
  /** undefined = no limit */
  readonly limit: LimitOptions | undefined;
  readonly exempt: readonly NetworkRange[];
  readonly refusalsPerSecond: number;
  /** Of `LoopWatch`. */
  readonly probeZone: Uint8Array | undefined;
}

/**
 * Returns the guard's settings: those of the user, and the networks that this machine is on now.
 *
 * @throws {TenkError} `invalid-option`
 */
export function guardSettings(
  options: GuardOptions = {},
  networks: readonly NetworkRange[] = machineNetworks(),
): GuardSettings {
  const { allow = [], rateQueries = 1000, rateWindowMs = 60_000, maxClients = 4096, refusalsPerSecond = 20 } = options;
  const { rateExempt = ["127.0.0.0/8", "::1"] } = options;
  const own = networks.map(({ prefix, bits }) => ({ prefix, bits }));
  return {
    allowed: [...own, ...HOUSE, ...allow.map(parseNetwork)],
    links: [...own, LINK_LOCAL],
    limit: rateQueries === 0 ? undefined : { queries: rateQueries, windowMs: rateWindowMs, maxClients },
    exempt: rateExempt.map(parseNetwork),
    refusalsPerSecond,
    probeZone: options.probeZone,
  };
}
