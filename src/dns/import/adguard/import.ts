import { isIP } from "node:net";
import { DnsDraft, type ImportedDns, show } from "../draft.ts";
import { type Settings, tableOf, textOf, textsOf } from "../values.ts";
import { importClients } from "./clients.ts";
import { importRewrites } from "./rewrites.ts";
import { importRule } from "./rules.ts";
import { type AdguardSource, readSource } from "./source.ts";
import { loseUnknown } from "./unknown.ts";
import { importUpstreams } from "./upstreams.ts";

const MODES: Readonly<Record<string, string>> = {
  default: "null-address",
  null_ip: "null-address",
  nxdomain: "nxdomain",
  refused: "refused",
};
/** AdGuard's own default, and tenk's. */
const DEFAULT_TTL = 10;

/**
 * Turns `AdGuardHome.yaml` into `dns:`.
 *
 * @param file for the problems
 * @throws {TenkError} `config` where it is no such file
 */
export function importAdguard(text: string, file: string): ImportedDns {
  const source = readSource(text, file);
  const draft = new DnsDraft();
  importUpstreams(source, draft);
  importLists(source, draft, "filters", false);
  importLists(source, draft, "whitelist_filters", true);
  for (const [index, rule] of textsOf(source.settings.user_rules).entries())
    importRule(source.where("user_rules", index), rule, draft);
  importRewrites(source, draft);
  importClients(source, draft);
  importBlocking(source, draft);
  loseUnknown(source, draft);
  return draft.result();
}

function importLists({ settings, where }: AdguardSource, draft: DnsDraft, key: string, isAllow: boolean): void {
  const lists = settings[key];
  for (const [index, each] of (Array.isArray(lists) ? lists : []).entries()) {
    const { enabled, url } = tableOf(each);
    const at = where(key, index);
    if (enabled === false) draft.lose(at, `${show(textOf(url))} is switched off: left out`);
    else draft.list(at, textOf(url), isAllow);
  }
}

function importBlocking({ settings, where }: AdguardSource, draft: DnsDraft): void {
  // Versions before 0.107.37 have all of it in `dns`.
  for (const section of ["dns", "filtering"]) {
    const table = tableOf(settings[section]);
    const { blocking_mode, blocked_response_ttl, protection_enabled, filtering_enabled } = table;
    const mode = textOf(blocking_mode);
    const addresses = mode === "custom_ip" ? customAddresses(table) : [];
    if (addresses.length > 0) Object.assign(draft.blocking, { mode: "custom", addresses });
    else if (Object.hasOwn(MODES, mode)) draft.blocking.mode = MODES[mode];
    else if (mode !== "")
      draft.lose(
        where(section, "blocking_mode"),
        `${show(mode)} is not carried over: blocked names get the address 0.0.0.0`,
      );
    if (Number.isSafeInteger(blocked_response_ttl) && blocked_response_ttl !== DEFAULT_TTL)
      draft.blocking.ttl = `${blocked_response_ttl}s`;
    for (const [key, value] of Object.entries({ protection_enabled, filtering_enabled }))
      if (value === false)
        draft.lose(
          where(section, key),
          "blocking is switched off there, and is on here: write blocking: { enabled: false }",
        );
  }
  if (draft.blocking.mode === "null-address") delete draft.blocking.mode;
}

function customAddresses({ blocking_ipv4, blocking_ipv6 }: Settings): string[] {
  return [textOf(blocking_ipv4), textOf(blocking_ipv6)].filter((text) => isIP(text) !== 0);
}
