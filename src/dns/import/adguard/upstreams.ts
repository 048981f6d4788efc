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
  for (const [index, text] of textsOf(dns.local_ptr_upstreams).entries())
    for (const zone of PRIVATE_ZONES) draft.zone(where("dns", "local_ptr_upstreams", index), zone, text);
}

function importUpstream(where: string, text: string, draft: DnsDraft): void {
  if (text === "" || text.startsWith("#")) return;
  const [, domains, servers = ""] = FOR_DOMAINS.exec(text) ?? [];
  if (domains === undefined) {
    draft.upstream(where, text);
    return;
  }
  for (const server of servers.trim().split(/\s+/)) {
    if (server === "" || server === "#")
      draft.lose(where, `not carried over: an exception from other domains: ${domains}`);
    // An empty domain stands for names of one label.
    else for (const domain of domains.split("/")) draft.zone(where, domain.replace(/^\*\./, "") || ".", server);
  }
}
