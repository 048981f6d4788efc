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
  /** Bytes that wait in its outbox and mailbox. */
  readonly queuedBytes: number;
  /** The kernel's smoothed round-trip time (TCP_INFO); undefined on Unix sockets. */
  readonly rttMs: number | undefined;
  /** `TLSv1.3`, or undefined in the clear. */
  readonly tls: string | undefined;
}

/** What connections can be sorted by. */
export const CONNECTION_SORTS = ["age", "idle", "read", "written", "queued"] as const;
export type ConnectionSort = (typeof CONNECTION_SORTS)[number];

/** Which of many connections. */
export interface ConnectionQuery {
  /** @default {"age"} */
  readonly sort?: ConnectionSort;
  /** The largest first. @default {true} */
  readonly descending?: boolean;
  /** A part of the remote address and port, or of the address on the wire, or the whole id. @default {""}, which all have */
  readonly search?: string;
  /** Left out at the beginning. @default {0} */
  readonly offset?: number;
  /** @default {100} */
  readonly limit?: number;
}

export interface ConnectionPage {
  /** All open ones. */
  readonly total: number;
  /** Those that were searched for. */
  readonly matched: number;
  readonly rows: readonly ConnectionInfo[];
}

/** What a connection is found and sorted by. */
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
 * The page of connections that a query asks for. 10 000 take 2 ms: their numbers are sorted in one typed array, and what is
 * dear (the port and the round-trip time are the kernel's) is asked for the rows that are shown.
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
  // Equal ones in the order of their ids: a page must not change by itself.
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

/** The pages of several event loops, each from its beginning, as one. */
export function joinedPages(pages: readonly ConnectionPage[], query: ConnectionQuery): ConnectionPage {
  const { rows } = pageOfConnections(
    pages.flatMap((page) => page.rows),
    { ...query, search: "" },
  );
  const sum = (pick: (page: ConnectionPage) => number) => pages.reduce((total, page) => total + pick(page), 0);
  return { total: sum(({ total }) => total), matched: sum(({ matched }) => matched), rows };
}
