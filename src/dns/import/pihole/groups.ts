import { isIP } from "node:net";
import { type DnsDraft, show } from "../draft.ts";
import { ruleOf } from "./domains.ts";
import { DomainType, type PiholeEntry, type PiholeTables } from "./tables.ts";

/** Every client that is not declared is in this group. */
const DEFAULT_GROUP = 0;
const [NETWORK, MAC] = [/^[0-9a-f.:]+\/\d{1,3}$/i, /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i];

/** A declared client with the groups that are switched on. */
interface Client {
  readonly name: string;
  readonly groups: ReadonlySet<number>;
}

/**
 * Carries over lists, domains and clients. tenk has no groups: a client has its own lists, and a rule names the clients that it holds
 * for, or those that it does not hold for.
 */
export function importTables(tables: PiholeTables, draft: DnsDraft): void {
  const off = new Set(tables.groups.filter(({ isEnabled }) => !isEnabled).map(({ id }) => id));
  for (const { id, name, isEnabled } of tables.groups)
    if (!isEnabled) draft.lose(`group ${id}`, `${show(name)} is switched off: what is in no other group is left out`);
  const isOn = (entry: PiholeEntry) => entry.groups.some((id) => !off.has(id));
  const lists = tables.lists.filter((list) => isCarried(`adlist ${list.id}`, list, isOn, draft));
  const blockLists = lists.filter(({ type }) => type !== 1);
  const isForAll = ({ groups }: PiholeEntry) => groups.includes(DEFAULT_GROUP) && !off.has(DEFAULT_GROUP);
  const textOf = new Map<number, string>();
  for (const list of blockLists) {
    const text = draft.listText(`adlist ${list.id}`, list.text);
    if (text === undefined) continue;
    textOf.set(list.id, text);
    if (isForAll(list)) draft.list(`adlist ${list.id}`, list.text, false);
  }
  for (const { id, text, groups } of lists.filter(({ type }) => type === 1)) {
    draft.list(`adlist ${id}`, text, true);
    if (!groups.includes(DEFAULT_GROUP))
      draft.lose(`adlist ${id}`, "it allows for all clients, not for those of its groups alone");
  }
  const listsOf = (groups: ReadonlySet<number>) =>
    blockLists.filter((list) => list.groups.some((id) => groups.has(id))).flatMap(({ id }) => textOf.get(id) ?? []);
  const everyone = listsOf(new Set(off.has(DEFAULT_GROUP) ? [] : [DEFAULT_GROUP]));
  const isSame = (own: readonly string[]) =>
    own.length === everyone.length && own.every((list) => everyone.includes(list));
  const clients: Client[] = [];
  for (const client of tables.clients) {
    const match = matchOf(client, draft);
    if (match === undefined) continue;
    const groups = new Set(client.groups.filter((id) => !off.has(id)));
    const own = listsOf(groups);
    const section = { match: [match], ...(isSame(own) ? {} : { lists: own }) };
    clients.push({ name: draft.client(client.comment || client.text, section), groups });
  }
  for (const domain of tables.domains) {
    if (!isCarried(`domainlist ${domain.id}`, domain, isOn, draft)) continue;
    const groups = new Set(domain.groups.filter((id) => !off.has(id)));
    importDomain(domain, groups, clients, draft);
  }
}

function isCarried(where: string, entry: PiholeEntry, isOn: (entry: PiholeEntry) => boolean, draft: DnsDraft): boolean {
  if (!entry.isEnabled) draft.lose(where, `${show(entry.text)} is switched off: left out`);
  else if (!isOn(entry)) draft.lose(where, `${show(entry.text)} is in no group that is switched on: left out`);
  else return true;
  return false;
}

/** Returns what a client is known by; undefined where tenk does not know that. */
function matchOf({ id, text }: PiholeEntry, draft: DnsDraft): string | undefined {
  if (isIP(text) !== 0 || NETWORK.test(text)) return text;
  if (MAC.test(text)) return text.toLowerCase();
  if (/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(text)) return text.toLowerCase();
  draft.lose(`client ${id}`, `not carried over: ${show(text)} is no address, network, MAC address or name`);
  return undefined;
}

function importDomain(
  domain: PiholeEntry,
  groups: ReadonlySet<number>,
  clients: readonly Client[],
  draft: DnsDraft,
): void {
  const where = `domainlist ${domain.id}`;
  const isAllow = domain.type === DomainType.allow || domain.type === DomainType.allowRegex;
  const isRegex = domain.type === DomainType.allowRegex || domain.type === DomainType.denyRegex;
  const isIn = (client: Client) => [...client.groups].some((id) => groups.has(id));
  const isForAll = groups.has(DEFAULT_GROUP);
  const named = clients.filter((client) => isIn(client) !== isForAll).map(({ name }) => (isForAll ? `~${name}` : name));
  if (!isForAll && named.length === 0) {
    draft.lose(where, `${show(domain.text)} holds for no client: left out`);
    return;
  }
  const rule = ruleOf(domain.text, isAllow, isRegex, named);
  if (typeof rule === "string") draft.rule(where, rule);
  else draft.lose(where, `not carried over: ${show(domain.text)}: ${rule.problem}`);
}
