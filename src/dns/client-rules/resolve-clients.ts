import { isIP } from "node:net";
import { TenkError } from "../../base/mod.ts";
import { addressRanges } from "../../net/mod.ts";
import type { ClientRules } from "./client-table.ts";
import { isWithin, parseSchedule } from "./schedule.ts";

/** A client of the configuration, or several. */
export interface ClientConfig {
  /** Addresses, networks, MAC addresses and names. */
  readonly match: readonly string[];
  /** Instead of `blocklists`. */
  readonly lists?: readonly string[] | undefined;
  readonly blocking: boolean;
  /** When it holds, as `parseSchedule` takes it; always where it is left out. */
  readonly schedule?: readonly string[] | undefined;
}

/** What clients are found by. */
export interface ClientSources {
  /** Addresses by MAC address in small letters. */
  readonly neighbours: () => ReadonlyMap<string, readonly string[]>;
  /** Returns the addresses of the clients with a name. */
  readonly addressesOf: (name: string) => readonly string[];
  /** Returns the mask of lists; of all that hold for everybody where none are given. */
  readonly maskOf: (lists: readonly string[] | undefined) => number;
  readonly isBlocking: boolean;
  readonly now: Date;
}

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;
const NETWORK = /^[0-9a-f.:]+\/\d{1,3}$/i;
const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;

/** Returns the kind of what a client is matched by. @throws {TenkError} `invalid-option` */
export function matchKind(text: string): "range" | "mac" | "name" {
  if (isIP(text) !== 0 || NETWORK.test(text)) {
    addressRanges([text]);
    return "range";
  }
  if (MAC.test(text)) return "mac";
  if (NAME.test(text)) return "name";
  throw new TenkError("invalid-option", `Cannot use ${JSON.stringify(text)} for a client`, {
    hint: "write an address, a network, a MAC address such as aa:bb:cc:00:11:22, or a name",
  });
}

/** Turns clients of the configuration into what holds for addresses now. Those whose hours are over are left out. */
export function resolveClients(
  clients: Readonly<Record<string, ClientConfig>>,
  { neighbours, addressesOf, maskOf, isBlocking, now }: ClientSources,
): ClientRules[] {
  const all = Object.entries(clients);
  const hasMac = all.some(([, { match }]) => match.some((text) => matchKind(text) === "mac"));
  const byMac = hasMac ? neighbours() : new Map<string, readonly string[]>();
  const rangesOf = (text: string): readonly string[] => {
    const kind = matchKind(text);
    if (kind === "range") return [text];
    return kind === "mac" ? (byMac.get(text.toLowerCase()) ?? []) : addressesOf(text);
  };
  return all
    .filter(([, { schedule }]) => schedule === undefined || schedule.some((each) => isWithin(parseSchedule(each), now)))
    .map(([name, { match, lists, blocking }]) => ({
      name,
      ranges: match.flatMap(rangesOf),
      lists: maskOf(lists),
      isPaused: !(blocking && isBlocking),
    }));
}
