import { isIP } from "node:net";
import { resolve } from "node:path";
import { certifiableNames, machineNames } from "../../listener/mod.ts";
import type { CheckEnv, Service } from "../../part/mod.ts";
import { parseName } from "../../wire/dns/mod.ts";
import type { DnsConfig } from "../config.ts";
import { hostRecords, type LocalRecord, localName, parseRecord } from "../local/mod.ts";

/** A configuration with what else the server is made of. */
export interface ServerSettings {
  readonly config: DnsConfig;
  readonly domain: string;
  readonly records: readonly LocalRecord[];
  /** Names that resolve to this machine, its own first. */
  readonly own: readonly Uint8Array[];
  /** Names that the certificate of DNS over TLS has. */
  readonly certificateNames: readonly string[];
  /** Those that have DNS names. */
  readonly services: readonly Service[];
  /** Domains whose names the local CA signs, beside those that are local everywhere. */
  readonly localDomains: readonly string[];
  /** The folder that relative paths are relative to. */
  readonly folder: string;
}

/** The domain of a house that has no other (RFC 8375). */
export const DEFAULT_DOMAIN = "home.arpa";

/** @throws {TenkError} `invalid-option` for a local record that is wrong below this domain */
export function serverSettings(config: DnsConfig, env: CheckEnv): ServerSettings {
  const { services, folder, localDomains } = env;
  const domain = env.domain ?? DEFAULT_DOMAIN;
  const options = { domain, ttlSeconds: config.localTtl };
  const named = services.filter(({ dns }) => dns);
  const elsewhere = named.filter((service) => addressElsewhere(service) !== undefined);
  const here = named.filter((service) => !elsewhere.includes(service)).flatMap(({ hosts }) => hosts.filter(isName));
  const records = [
    ...Object.entries(config.hosts).flatMap(([name, addresses]) => hostRecords(name, addresses, options)),
    ...config.records.map((text) => parseRecord(text, options)),
    ...elsewhere.flatMap((service) =>
      service.hosts.filter(isName).flatMap((host) => hostRecords(host, [addressElsewhere(service)!], options)),
    ),
  ];
  const machine = machineNames(domain).filter((name) => name !== "localhost");
  // The name that reverse lookups give is the one below the domain.
  machine.sort((one, other) => Number(other.endsWith(`.${domain}`)) - Number(one.endsWith(`.${domain}`)));
  return {
    config,
    domain,
    records,
    own: [...new Set([...machine, ...here])].flatMap((name) => parseName(name) ?? []),
    certificateNames: certifiableNames(domain),
    services: named,
    localDomains,
    folder: resolve(folder),
  };
}

/** `*` alone is every name there is, and names below `localhost` are each machine's own (RFC 6761 §6.3). */
function isName(host: string): boolean {
  return host !== "*" && !host.endsWith(".localhost") && isIP(host) === 0 && localName(host, DEFAULT_DOMAIN).length > 1;
}

/** Returns the address of a service that clients reach directly, as tenk does not serve it: `redis://10.0.0.7`. */
export function addressElsewhere({ http, target }: Service): string | undefined {
  if (http !== undefined || target === undefined || !URL.canParse(target)) return undefined;
  const host = new URL(target).hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) === 0 || /^(127\.|::1$|0\.0\.0\.0$|::$)/.test(host)) return undefined;
  return host;
}
