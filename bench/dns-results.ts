import type { Generator, Told } from "./dns-generators.ts";
import type { Mix } from "./dns-names.ts";
import type { Loaded, Reread } from "./dns-stand.ts";

/** What one run of a generator showed. */
export interface Stretch extends Told {
  readonly generator: Generator;
  readonly mix: Mix | "forwarded";
  readonly isSaturated: boolean;
  /** Of the server. */
  readonly cpuUsPerAnswer: number;
}

/** All of one server with one of the lists. */
export interface DnsResult {
  readonly loaded: Loaded;
  readonly stretches: Stretch[];
  rereads: Reread[];
}
/** By `house tenk`. */
export type DnsResults = ReadonlyMap<string, DnsResult>;
