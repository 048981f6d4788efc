import type { DnsDraft } from "../draft.ts";
import { tableOf } from "../values.ts";
import type { AdguardSource } from "./source.ts";

type Test = (value: unknown) => boolean;

const isOn: Test = (value) => value === true;
const isFilled: Test = (value) => (Array.isArray(value) || typeof value === "string") && value.length > 0;

/** Settings without a counterpart: when they mean something, and what to do instead. */
const UNKNOWN: readonly (readonly [path: string, test: Test, hint: string])[] = [
  ["dns.port", (value) => typeof value === "number" && value !== 53, "write listen: PORT if clients ask there"],
  ["dns.upstream_dns_file", isFilled, "write its lines under upstreams"],
  ["dns.fallback_dns", isFilled, "write them under upstreams: those that fail are left aside"],
  ["dns.allowed_clients", isFilled, ""],
  ["dns.disallowed_clients", isFilled, ""],
  ["dns.bogus_nxdomain", isFilled, ""],
  ["dns.aaaa_disabled", isOn, "write the rule ||*^$dnstype=AAAA"],
  ["dns.use_dns64", isOn, ""],
  ["dns.enable_dnssec", isOn, "tenk asks for it only where the client does"],
  ["dns.ipset", isFilled, ""],
  ["tls.enabled", isOn, "certificates are tenk's own: see docs/certificates.md"],
  ["dhcp.enabled", isOn, "tenk has no DHCP server; let the router do it, with this machine as DNS server"],
  ...["dns", "filtering"].flatMap((section): [string, Test, string][] => [
    [`${section}.parental_enabled`, isOn, "use a list of such sites"],
    [`${section}.safebrowsing_enabled`, isOn, "use a list such as hagezi-threats"],
    [`${section}.safesearch_enabled`, isOn, ""],
    [`${section}.safe_search.enabled`, isOn, ""],
    [`${section}.blocked_services`, isFilled, "write rules for their domains"],
    [`${section}.blocked_services.ids`, isFilled, "write rules for their domains"],
  ]),
  ["dns.edns_client_subnet.enabled", isOn, "tenk never tells upstreams a client's network"],
];

/** Names the settings that mean something and have no counterpart. */
export function loseUnknown({ settings, where }: AdguardSource, draft: DnsDraft): void {
  for (const [path, test, hint] of UNKNOWN) {
    const keys = path.split(".");
    const value = keys.reduce<unknown>((table, key) => tableOf(table)[key], settings);
    if (test(value)) draft.lose(where(...keys), `${path}: not carried over${hint === "" ? "" : `: ${hint}`}`);
  }
}
