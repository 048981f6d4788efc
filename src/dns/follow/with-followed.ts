import { nameText } from "../../wire/dns/mod.ts";
import type { DnsConfig } from "../config.ts";
import { type LocalRecord, parseRecord } from "../local/mod.ts";
import type { SharedSettings } from "./shared-settings.ts";

interface Followable {
  readonly config: DnsConfig;
  readonly domain: string;
  readonly records: readonly LocalRecord[];
  readonly own: readonly Uint8Array[];
}

/**
 * Returns settings with those of the name server that is followed: its lists instead of the own ones, its rules and records in addition. A
 * name that has records here, or is this machine's, keeps these.
 */
export function withFollowed<Settings extends Followable>(
  settings: Settings,
  shared: SharedSettings | undefined,
): Settings {
  if (shared === undefined) return settings;
  const { config, records, own, domain } = settings;
  const taken = new Set([...records.map(({ name }) => name), ...own].map((name) => nameText(name)));
  const { blocklists, allowlists } = shared;
  const theirs = shared.records
    .flatMap((text) => recordOf(text, domain, config.localTtl))
    .filter(({ name }) => !taken.has(nameText(name)));
  return {
    ...settings,
    config: { ...config, blocklists, allowlists, rules: [...config.rules, ...shared.rules] },
    records: [...records, ...theirs],
  };
}

/** A record that only a later version understands is left out. */
function recordOf(text: string, domain: string, ttlSeconds: number): LocalRecord[] {
  try {
    return [parseRecord(text, { domain, ttlSeconds })];
  } catch {
    return [];
  }
}
