import type { DnsDraft } from "../draft.ts";
import { PRIVATE_ZONES } from "../reverse-zones.ts";
import { tableOf, textsOf } from "../values.ts";
import type { AdguardSource } from "./source.ts";

/** `[/domain/domain/]upstream upstream` */
const FOR_DOMAINS = /^\[\/(.*)\/\](.*)$/;

/** Carries over upstreams, those of some domains, and the servers that know the house's addresses. */
export function importUpstreams({ settings, where }: AdguardSource, draft: DnsDraft): void {
  const dns = tableOf(settings.dns);
  for (const [index, text] of textsOf(dns.upstream_dns).entries())
    importUpstream(where("dns", "upstream_dns", index), text.trim(), draft);
  for (const [index, text] of textsOf(dns.bootstrap_dns).entries())
    draft.bootstrap(where("dns", "bootstrap_dns", index), text);
  if (dns.use_private_ptr_resolvers === false) return;
  for (const [index, text] of textsOf(dns.local_ptr_upstreams).entries()) {
    const at = where("dns", "local_ptr_upstreams", index);
    if (index === 0) for (const zone of PRIVATE_ZONES) draft.zone(at, zone, text);
    else draft.lose(at, "not carried over: one server for the addresses of the house can be set");
  }
}

function importUpstream(where: string, text: string, draft: DnsDraft): void {
  if (text === "" || text.startsWith("#")) return;
  const [, domains, servers = ""] = FOR_DOMAINS.exec(text) ?? [];
  if (domains === undefined) {
    draft.upstream(where, text);
    return;
  }
  const [server, ...others] = servers.trim().split(/\s+/);
  if (server === undefined || server === "" || server === "#") {
    draft.lose(where, `not carried over: an exception from other domains: ${domains}`);
    return;
  }
  if (others.length > 0)
    draft.lose(where, `not carried over: ${others.join(", ")}: one server for a domain can be set`);
  // An empty domain stands for names of one label.
  for (const domain of domains.split("/")) {
    if (domain === "") draft.lose(where, "not carried over: names without a dot have no server of their own");
    else draft.zone(where, domain.replace(/^\*\./, ""), server);
  }
}
