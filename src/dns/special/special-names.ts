import { hashName, parseName, type Query, RecordType, reverseNetwork, sameName } from "../../wire/dns/mod.ts";
import { isLocalNetwork } from "./local-networks.ts";

/** How a special-use name (RFC 6761 and its registry) is answered. */
export const Special = {
  /** An ordinary name. */
  none: 0,
  /** The name does not exist. */
  nxdomain: 1,
  /** The name exists, without a record of the requested type. */
  noData: 2,
  /** This machine's own: 127.0.0.1 and ::1. */
  loopback: 3,
} as const;
export type Special = (typeof Special)[keyof typeof Special];

/** Names with the answer to them; `isZone` includes their subdomains. */
interface Rule {
  readonly names: string;
  readonly isZone: boolean;
  readonly answer: Special;
  /** Switched off by this option. */
  readonly unless?: keyof SpecialOptions;
}

/** Rules that can be switched off. */
export interface SpecialOptions {
  /** Answers the names by which Firefox and Apple's Private Relay are told not to bypass this resolver. @default {true} */
  readonly bypassSignals: boolean;
}

/**
 * Names that are never forwarded. Local names, and zones with a resolver of their own, take precedence.
 *
 * Sources: RFC 6761 (localhost, test, invalid), RFC 7686 (onion), RFC 6762 §5.1 and appendix G (local; private top-level names that
 * routers invented), RFC 8375 (home.arpa), ICANN 2024 (internal), RFC 9462 §4 (resolver.arpa: answered by whoever is asked), RFC 9476 (alt).
 */
const RULES: readonly Rule[] = [
  { names: "localhost", isZone: true, answer: Special.loopback },
  { names: "test invalid onion alt local home.arpa internal", isZone: true, answer: Special.nxdomain },
  { names: "lan home corp private intranet", isZone: true, answer: Special.nxdomain },
  { names: "resolver.arpa service.arpa", isZone: true, answer: Special.noData },
  { names: "use-application-dns.net", isZone: false, answer: Special.nxdomain, unless: "bypassSignals" },
  {
    names: "mask.icloud.com mask-h2.icloud.com mask-api.icloud.com",
    isZone: false,
    answer: Special.nxdomain,
    unless: "bypassSignals",
  },
];
/** Labels of the longest name above. */
const MAX_LABELS = 3;

interface Entry {
  readonly name: Uint8Array;
  readonly isZone: boolean;
  readonly answer: Special;
}

/** Finds special names. One table, of at most three labels, so most names cost three hashes. */
export class SpecialNames {
  readonly #byHash = new Map<number, Entry>();
  readonly #arpa = parseName("arpa")!;

  constructor({ bypassSignals }: SpecialOptions) {
    const options = { bypassSignals };
    for (const { names, isZone, answer, unless } of RULES) {
      if (unless !== undefined && !options[unless]) continue;
      for (const text of names.split(" ")) {
        const name = parseName(text)!;
        this.#byHash.set(hashName(name, 0, 0), { name, isZone, answer });
      }
    }
  }

  /** Returns how the question that `query` read from `bytes` is to be answered. */
  find(query: Query, bytes: Uint8Array): Special {
    const { labels, nameFrom, labelStarts } = query;
    for (let depth = Math.min(labels, MAX_LABELS); depth > 0; depth--) {
      const at = nameFrom + labelStarts[labels - depth]!;
      const entry = this.#byHash.get(hashName(bytes, at, 0));
      if (entry === undefined || !sameName(bytes, at, entry.name, 0)) continue;
      if (entry.isZone || depth === labels) return entry.answer;
    }
    return labels >= 2 && sameName(bytes, nameFrom + labelStarts[labels - 1]!, this.#arpa, 0)
      ? this.#reverse(query, bytes)
      : Special.none;
  }

  /** Returns how reverse lookups of private addresses are answered: outside of the local network they mean nothing (RFC 6303). */
  #reverse({ nameFrom, type }: Query, bytes: Uint8Array): Special {
    const network = reverseNetwork(bytes, nameFrom);
    if (network === undefined || !isLocalNetwork(network)) return Special.none;
    // A zone has SOA and NS records (RFC 6303 §3), but no client needs their content.
    return type === RecordType.soa || type === RecordType.ns ? Special.noData : Special.nxdomain;
  }
}
