import {
  parseName,
  type Query,
  RecordType,
  type ReverseNetwork,
  reverseNetwork,
  sameName,
} from "../../wire/dns/mod.ts";
import { isLocalNetwork } from "./local-networks.ts";
import { SuffixTable } from "./suffix-table.ts";

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
  readonly unless?: "bypassSignals";
}

/** Rules that can be switched off, and zones that they do not hold for. */
export interface SpecialOptions {
  /** Answers the names by which Firefox and Apple's Private Relay are told not to bypass this resolver. @default {true} */
  readonly bypassSignals: boolean;
  /** Zones with a name server of their own: their names are ordinary, unless a rule is about a longer name. @default {[]} */
  readonly zones?: readonly Uint8Array[];
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
/** Of an IPv6 address, below `ip6.arpa`. */
const MAX_REVERSE_LABELS = 34;

/** Finds special names. */
export class SpecialNames {
  readonly #answers = new SuffixTable<Special>();
  readonly #arpa = parseName("arpa")!;

  constructor({ bypassSignals, zones = [] }: SpecialOptions) {
    const options = { bypassSignals };
    for (const { names, isZone, answer, unless } of RULES) {
      if (unless !== undefined && !options[unless]) continue;
      for (const text of names.split(" ")) this.#answers.set(parseName(text)!, answer, isZone);
    }
    // A server for the root is one for all names that have no other: it makes no special name ordinary.
    for (const zone of zones) if (zone[0] !== 0) this.#answers.set(zone, Special.none, true);
  }

  /** Returns how the question that `query` read from `bytes` is to be answered. */
  find(query: Query, bytes: Uint8Array): Special {
    const answer = this.#answers.find(query, bytes);
    if (answer !== undefined) return answer;
    const { labels, nameFrom, labelStarts } = query;
    return labels >= 2 && sameName(bytes, nameFrom + labelStarts[labels - 1]!, this.#arpa, 0)
      ? this.#reverse(query, bytes)
      : Special.none;
  }

  /**
   * Returns how reverse lookups of private addresses are answered: outside of the local network they mean nothing (RFC 6303). What is
   * below an address or a network belongs to it: services (RFC 6763 §11), smaller networks (RFC 2317).
   */
  #reverse({ nameFrom, labels, labelStarts, type }: Query, bytes: Uint8Array): Special {
    let network: ReverseNetwork | undefined;
    for (let label = Math.max(0, labels - MAX_REVERSE_LABELS); network === undefined && label < labels - 1; label++)
      network = reverseNetwork(bytes, nameFrom + labelStarts[label]!);
    if (network === undefined || !isLocalNetwork(network)) return Special.none;
    // A zone has SOA and NS records (RFC 6303 §3), but no client needs their content.
    return type === RecordType.soa || type === RecordType.ns ? Special.noData : Special.nxdomain;
  }
}
