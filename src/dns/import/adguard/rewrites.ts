import { isIP } from "node:net";
import { type DnsDraft, show } from "../draft.ts";
import { tableOf, textOf } from "../values.ts";
import type { AdguardSource } from "./source.ts";

/** Carries over DNS rewrites: an address becomes a host, a name an alias. */
export function importRewrites({ settings, where }: AdguardSource, draft: DnsDraft): void {
  // Versions before 0.107.37 have them in `dns`.
  for (const section of ["dns", "filtering"]) {
    const { rewrites } = tableOf(settings[section]);
    for (const [index, each] of (Array.isArray(rewrites) ? rewrites : []).entries()) {
      const { domain, answer, enabled } = tableOf(each);
      importRewrite(where(section, "rewrites", index), textOf(domain), textOf(answer), enabled !== false, draft);
    }
  }
}

function importRewrite(where: string, domain: string, answer: string, isEnabled: boolean, draft: DnsDraft): void {
  if (!isEnabled) draft.lose(where, `${show(domain)} is switched off: left out`);
  else if (isIP(answer) !== 0) draft.host(where, domain, answer);
  else if (answer === "A" || answer === "AAAA" || answer === domain)
    draft.lose(where, `not carried over: ${show(domain)} is an exception from a wildcard: write its own address`);
  else draft.alias(where, domain, answer);
}
