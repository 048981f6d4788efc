import { logOf, occasionally, TenkError } from "../../base/mod.ts";
import { CnameChain, minTtl, parseName, RecordClass, RecordType, Section } from "../../wire/dns/mod.ts";
import { formatIp } from "../../wire/mod.ts";
import { Upstream, type UpstreamAnswer } from "./upstream.ts";

export interface BootstrapOptions {
  /** Name servers by address, asked one after the other until one knows the name. */
  readonly servers: readonly string[];
  /** Of a query to one of them. @default {2000} */
  readonly timeoutMs?: number;
  /** A shorter TTL is raised to this: an upstream that moves is still found when it does not answer. @default {60} */
  readonly minTtlSeconds?: number;
  /** @default {86_400} */
  readonly maxTtlSeconds?: number;
  /** For tests. @default {Date.now} */
  readonly now?: () => number;
}

/** Counters, which never decrease. */
export interface BootstrapCounts {
  lookups: number;
  /** Names that none of the servers knew, or answered. */
  failed: number;
}

interface Host {
  /** The last that were found; empty before the first. */
  addresses: readonly string[];
  untilMs: number;
  pending: Promise<readonly string[]> | undefined;
}

interface Found {
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

const DEFAULTS = { timeoutMs: 2000, minTtlSeconds: 60, maxTtlSeconds: 86_400 };
const NOTHING: Found = { addresses: [], ttlSeconds: 0 };
const log = logOf("dns");
const logFailed = occasionally<string>((count, host) =>
  log.warn("upstream not found", { host, count, fix: "check dns.bootstrap: no server there knows the name" }),
);

/**
 * Finds the addresses of upstreams that are named. The system's resolver is never asked: on a machine that is its own name server
 * it would ask this one.
 *
 * ```text
 *   lookup ─► known, and its TTL not over ─────────────────────────────► addresses
 *     ├─────► known: given again, while the servers are asked anew ───► addresses; they stay if no server answers
 *     └─────► unknown: A and AAAA of the first server, else the next ─► addresses; an error if none knows it
 * ```
 */
export class Bootstrap {
  readonly counts: BootstrapCounts = { lookups: 0, failed: 0 };
  readonly #servers: readonly Upstream[];
  readonly #options: BootstrapOptions & typeof DEFAULTS;
  readonly #now: () => number;
  /** One for each upstream that is named: as many as the configuration has. */
  readonly #hosts = new Map<string, Host>();
  readonly #chain = new CnameChain();

  /** @throws {TenkError} `invalid-option` for a server that is named itself */
  constructor(options: BootstrapOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#now = options.now ?? Date.now;
    const { timeoutMs } = this.#options;
    this.#servers = options.servers.map((address) => new Upstream({ address, timeoutMs }));
  }

  /** Returns the addresses of a host, IPv4 and IPv6. @throws {Error} where none is known */
  readonly lookup = async (name: string): Promise<readonly string[]> => {
    const host = this.#hosts.get(name) ?? { addresses: [], untilMs: 0, pending: undefined };
    this.#hosts.set(name, host);
    if (this.#now() < host.untilMs) return host.addresses;
    host.pending ??= this.#refresh(name, host);
    if (host.addresses.length > 0) return host.addresses;
    const addresses = await host.pending;
    if (addresses.length > 0) return addresses;
    throw new TenkError("request-failed", `Cannot find ${name}: no server of dns.bootstrap knows it`);
  };

  stop(): void {
    for (const server of this.#servers) server.stop();
  }

  /** @returns the addresses that were found, or else those that were known */
  async #refresh(name: string, host: Host): Promise<readonly string[]> {
    this.counts.lookups += 1;
    for (const server of this.#servers) {
      const [ipv4, ipv6] = await Promise.all([
        this.#ask(server, name, RecordType.a),
        this.#ask(server, name, RecordType.aaaa),
      ]);
      const addresses = [...ipv4.addresses, ...ipv6.addresses];
      if (addresses.length === 0) continue;
      const { minTtlSeconds, maxTtlSeconds } = this.#options;
      const ttlSeconds = ipv4.addresses.length > 0 ? ipv4.ttlSeconds : ipv6.ttlSeconds;
      host.addresses = addresses;
      host.untilMs = this.#now() + 1000 * Math.min(Math.max(ttlSeconds, minTtlSeconds), maxTtlSeconds);
      break;
    }
    host.pending = undefined;
    if (this.#now() >= host.untilMs) {
      this.counts.failed += 1;
      logFailed(name);
    }
    return host.addresses;
  }

  #ask(server: Upstream, host: string, type: number): Promise<Found> {
    const question = { name: parseName(host)!, type, wantsDnssec: false, checkingDisabled: false };
    return new Promise((resolve) =>
      server.ask(question, (answer) => resolve(answer === undefined ? NOTHING : this.#read(answer, type))),
    );
  }

  #read({ message, bytes }: UpstreamAnswer, type: number): Found {
    const { records, starts } = message;
    if (!this.#chain.read(message, bytes)) return NOTHING;
    const addresses: string[] = [];
    for (let index = starts[Section.answer]!; index < starts[Section.authority]!; index++) {
      const isAddress = records.type(index) === type && records.class(index) === RecordClass.in;
      if (isAddress && this.#chain.includes(message, bytes, index))
        addresses.push(formatIp(bytes.slice(records.rdataFrom(index), records.rdataTo(index))));
    }
    return { addresses, ttlSeconds: minTtl(message, bytes) };
  }
}
