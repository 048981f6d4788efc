import { isIP } from "node:net";
import type { DnsDraft } from "../draft.ts";

/** Addresses of hosts lines that block. */
const NOWHERE = new Set(["0.0.0.0", "::", "127.0.0.1", "::1"]);

/** Carries over one of the user's rules: adblock syntax, a hosts line, or a comment. */
export function importRule(where: string, text: string, draft: DnsDraft): void {
  const line = text.trim();
  if (line === "" || /^[!#]/.test(line)) return;
  const [address = "", ...names] = line.split(/\s+/);
  if (isIP(address) === 0 || NOWHERE.has(address)) {
    draft.rule(where, line);
    return;
  }
  // AdGuard answers such a name with the address.
  for (const name of names) {
    if (name.startsWith("#")) return;
    draft.host(where, name, address);
  }
}
