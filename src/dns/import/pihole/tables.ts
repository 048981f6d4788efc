import { type ForeignRow, ForeignTablesError, type ForeignValue, readForeignTables } from "../../../store/mod.ts";
import type { DnsDraft } from "../draft.ts";

/** Kinds of entries in `domainlist`. */
export const DomainType = { allow: 0, deny: 1, allowRegex: 2, denyRegex: 3 } as const;

export interface PiholeGroup {
  readonly id: number;
  readonly name: string;
  readonly isEnabled: boolean;
}

/** A list, a domain or a client, with its groups. */
export interface PiholeEntry {
  readonly id: number;
  /** URL, domain, regular expression or client. */
  readonly text: string;
  readonly comment: string;
  readonly isEnabled: boolean;
  /** Of domains: `DomainType`; of lists: 1 where it allows. */
  readonly type: number;
  readonly groups: readonly number[];
}

export interface PiholeTables {
  readonly groups: readonly PiholeGroup[];
  readonly lists: readonly PiholeEntry[];
  readonly domains: readonly PiholeEntry[];
  readonly clients: readonly PiholeEntry[];
}

type Rows = ReadonlyMap<string, readonly ForeignRow[]>;

const COLUMNS = {
  group: ["id", "enabled", "name"],
  adlist: ["id", "address", "enabled", "comment", "type"],
  adlist_by_group: ["adlist_id", "group_id"],
  domainlist: ["id", "type", "domain", "enabled", "comment"],
  domainlist_by_group: ["domainlist_id", "group_id"],
  client: ["id", "ip", "comment"],
  client_by_group: ["client_id", "group_id"],
};

/** Reads the tables of `gravity.db`, as archives of Pi-hole 6 have it. */
export function tablesOfDatabase(bytes: Uint8Array, draft: DnsDraft): PiholeTables {
  try {
    return tablesOf(readForeignTables(bytes, COLUMNS));
  } catch (error) {
    if (!(error instanceof ForeignTablesError)) throw error;
    draft.lose("gravity.db", `lists, domains and clients are not carried over: ${error.message}`);
    return tablesOf(new Map());
  }
}

/** Files of archives of Pi-hole 5, and the type of domains that each has. */
const DOMAIN_FILES = {
  "whitelist.exact.json": DomainType.allow,
  "blacklist.exact.json": DomainType.deny,
  "whitelist.regex.json": DomainType.allowRegex,
  "blacklist.regex.json": DomainType.denyRegex,
} as const;
const TABLE_FILES = [
  "group",
  "adlist",
  "adlist_by_group",
  "domainlist",
  "domainlist_by_group",
  "client",
  "client_by_group",
];

/** Names of the files that `tablesOfJson` reads. */
export const JSON_FILES = [...Object.keys(DOMAIN_FILES), ...TABLE_FILES.map((table) => `${table}.json`)];

/** Reads the tables as the JSON files that archives of Pi-hole 5 have. */
export function tablesOfJson(files: ReadonlyMap<string, string>, draft: DnsDraft): PiholeTables {
  const rows = new Map<string, ForeignRow[]>();
  const read = (file: string, table: string, type?: number) => {
    const text = files.get(file);
    if (text === undefined) return;
    const found = rowsOfJson(text).map((row) => (type === undefined ? row : { ...row, type }));
    rows.set(table, [...(rows.get(table) ?? []), ...found]);
  };
  for (const [file, type] of Object.entries(DOMAIN_FILES)) tryFile(draft, file, () => read(file, "domainlist", type));
  for (const table of TABLE_FILES) tryFile(draft, `${table}.json`, () => read(`${table}.json`, table));
  return tablesOf(rows);
}

function tryFile(draft: DnsDraft, file: string, read: () => void): void {
  try {
    read();
  } catch {
    draft.lose(file, "not carried over: it is no JSON");
  }
}

function rowsOfJson(text: string): ForeignRow[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) throw new TypeError("no list");
  return value.filter((row): row is ForeignRow => typeof row === "object" && row !== null);
}

function tablesOf(rows: Rows): PiholeTables {
  const of = (table: string) => rows.get(table) ?? [];
  const entries = (table: string, column: string): PiholeEntry[] => {
    const groups = groupsBy(of(`${table}_by_group`), `${table}_id`);
    return of(table).map((row) => ({
      id: numberOf(row.id),
      text: textOf(row[column]).trim(),
      comment: textOf(row.comment),
      isEnabled: numberOf(row.enabled ?? 1) !== 0,
      type: numberOf(row.type),
      // Without the table everything is in the group 0, as before there were groups.
      groups: rows.has(`${table}_by_group`) ? (groups.get(numberOf(row.id)) ?? []) : [0],
    }));
  };
  return {
    groups: of("group").map((row) => ({
      id: numberOf(row.id),
      name: textOf(row.name),
      isEnabled: numberOf(row.enabled ?? 1) !== 0,
    })),
    lists: entries("adlist", "address"),
    domains: entries("domainlist", "domain"),
    clients: entries("client", "ip"),
  };
}

function groupsBy(rows: readonly ForeignRow[], column: string): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const id = numberOf(row[column]);
    const known = groups.get(id);
    if (known === undefined) groups.set(id, [numberOf(row.group_id)]);
    else known.push(numberOf(row.group_id));
  }
  return groups;
}

/** JSON of old versions has numbers as texts. */
function numberOf(value: ForeignValue | boolean | undefined): number {
  return Number.isSafeInteger(Number(value)) ? Number(value) : 0;
}

function textOf(value: ForeignValue | undefined): string {
  return typeof value === "string" ? value : "";
}
