import type { QueryRow } from "../../store/mod.ts";
import { rcodeName, typeName } from "../../wire/dns/mod.ts";
import { LIST_SEPARATOR } from "./log-names.ts";
import { timeOfId } from "./query-log.ts";
import { Privacy, TRANSPORT_NAMES, VERDICT_NAMES } from "./verdicts.ts";

/** A query as the log shows it. All texts are from the network or from lists: escape them where they could do harm. */
export interface ShownQuery {
  readonly id: number;
  /** When it was answered. ms since 1970 */
  readonly time: number;
  /** Null where privacy hides it. */
  readonly client: string | null;
  readonly clientName: string | null;
  /** Null where privacy hides it, or the query had none. */
  readonly name: string | null;
  readonly type: string;
  readonly verdict: string;
  readonly rcode: string;
  readonly transport: string;
  readonly stale: boolean;
  /** Null where it was answered from memory. */
  readonly latencyMs: number | null;
  readonly upstream: string | null;
  /** Lists with the entry or rule that decided. */
  readonly lists: readonly string[];
  /** The entry or rule that decided. */
  readonly rule: string | null;
}

/**
 * Returns a row as it is shown.
 *
 * @param nameOf returns the name of a client's address
 * @param privacy hides what was stored under a less strict level, too
 */
export function shownQuery(
  row: QueryRow,
  nameOf: (address: string) => string | undefined,
  privacy: Privacy,
): ShownQuery {
  const client = privacy < Privacy.hideClients ? row.client : null;
  const name = privacy < Privacy.hideNames ? row.name : null;
  return {
    id: row.id,
    time: timeOfId(row.id),
    client,
    clientName: (client === null ? undefined : nameOf(client)) ?? null,
    name,
    type: typeName(row.type),
    verdict: VERDICT_NAMES[row.verdict] ?? "unknown",
    rcode: rcodeName(row.rcode),
    transport: TRANSPORT_NAMES[row.transport] ?? "unknown",
    stale: row.isStale,
    latencyMs: row.latencyUs === 0 ? null : row.latencyUs / 1000,
    upstream: row.upstream,
    lists: row.lists === null ? [] : row.lists.split(LIST_SEPARATOR),
    rule: name === null ? null : (row.rule ?? entryOf(name, row.labels)),
  };
}

/** Returns the end of a name with so many labels; null for none. */
function entryOf(name: string, labels: number): string | null {
  if (labels === 0) return null;
  // A dot within a label has a backslash.
  return name
    .split(/(?<!\\)\./)
    .slice(-labels)
    .join(".");
}
