import { isIP } from "node:net";
import { type DnsDraft, show } from "../draft.ts";
import { tableOf, textOf, textsOf } from "../values.ts";
import type { AdguardSource } from "./source.ts";

const NETWORK = /^[0-9a-f.:]+\/\d{1,3}$/i;
const MAC = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i;
/** What a client may have of its own that is not carried over. */
const OWN = ["safebrowsing_enabled", "parental_enabled", "ignore_querylog", "ignore_statistics"];

/** Carries over clients that have an address, a network or a MAC address. */
export function importClients({ settings, where }: AdguardSource, draft: DnsDraft): void {
  // Versions before 0.106 have them as a list.
  const isList = Array.isArray(settings.clients);
  const path = isList ? ["clients"] : ["clients", "persistent"];
  const clients = isList ? settings.clients : tableOf(settings.clients).persistent;
  for (const [index, each] of (Array.isArray(clients) ? clients : []).entries())
    importClient(where(...path, index), tableOf(each), draft);
}

function importClient(where: string, client: Readonly<Record<string, unknown>>, draft: DnsDraft): void {
  const name = textOf(client.name);
  const match = textsOf(client.ids).flatMap((id) => {
    if (isIP(id) !== 0 || NETWORK.test(id)) return [id];
    if (MAC.test(id)) return [id.toLowerCase().replaceAll("-", ":")];
    draft.lose(where, `client ${show(name)}: not carried over: ${show(id)} is no address, network or MAC address`);
    return [];
  });
  const isOff = client.use_global_settings === false && client.filtering_enabled === false;
  if (match.length > 0) draft.client(name, { match, ...(isOff && { blocking: false as const }) });
  const lost = OWN.filter((key) => client.use_global_settings === false && client[key] === true);
  if (textsOf(client.upstreams).length > 0) lost.push("upstreams");
  const services = Array.isArray(client.blocked_services)
    ? client.blocked_services
    : tableOf(client.blocked_services).ids;
  if (client.use_global_blocked_services === false && textsOf(services).length > 0) lost.push("blocked_services");
  if (tableOf(client.safe_search).enabled === true) lost.push("safe_search");
  if (lost.length > 0) draft.lose(where, `client ${show(name)}: not carried over: ${lost.join(", ")}`);
}
