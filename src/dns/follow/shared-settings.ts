import { z } from "zod";
import { nameText, RecordType, rdataText, typeName } from "../../wire/dns/mod.ts";
import { formatIp } from "../../wire/mod.ts";
import type { LocalRecord, Network } from "../local/mod.ts";

const MAX_ENTRIES = 20_000;
const MAX_LENGTH = 4096;
const texts = z.array(z.string().max(MAX_LENGTH)).max(MAX_ENTRIES);

/** What one name server tells those that follow it. Unknown fields are of later versions, and ignored. */
export const SHARED_SETTINGS = z.object({
  version: z.literal(1),
  /** Known names and URLs. */
  blocklists: texts,
  allowlists: texts,
  /** Rules of its configuration, and those that were made on its page. */
  rules: texts,
  /** `name TTL TYPE data`, also of its services and of the machine itself. */
  records: texts,
});
export type SharedSettings = z.output<typeof SHARED_SETTINGS>;

/** What is told to others, as it is configured here. */
export interface OwnSettings {
  readonly config: Pick<SharedSettings, "blocklists" | "allowlists" | "rules"> & { readonly localTtl: number };
  readonly records: readonly LocalRecord[];
  /** Names that resolve to this machine. */
  readonly own: readonly Uint8Array[];
}

/**
 * Returns what others may follow. Names of this machine become records, since elsewhere they mean this one; lists in files of this
 * machine are left out.
 *
 * @param clicked lines of the rules that were made on the page
 */
export function sharedSettings(
  { config, records, own }: OwnSettings,
  clicked: readonly string[],
  networks: readonly Network[],
): SharedSettings {
  const isShared = (list: string) => !list.startsWith("./");
  const addresses = [
    ...new Set(networks.flatMap(({ ipv4, ipv6 }) => [...ipv4, ...ipv6]).map((bytes) => formatIp(bytes))),
  ].filter((address) => !/^(127\.|::1$)/.test(address));
  return {
    version: 1,
    blocklists: config.blocklists.filter(isShared),
    allowlists: config.allowlists.filter(isShared),
    rules: [...config.rules, ...clicked],
    records: [
      ...records.map(({ name, ttlSeconds, type, data }) => {
        return `${nameText(name)} ${ttlSeconds} ${typeName(type)} ${rdataText(type, 1, data, 0, 0, data.length)}`;
      }),
      ...own.flatMap((name) => addresses.map((address) => addressRecord(nameText(name), config.localTtl, address))),
    ],
  };
}

function addressRecord(name: string, ttlSeconds: number, address: string): string {
  return `${name} ${ttlSeconds} ${typeName(address.includes(":") ? RecordType.aaaa : RecordType.a)} ${address}`;
}
