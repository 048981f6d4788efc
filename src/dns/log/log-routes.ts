import { setTimeout as wait } from "node:timers/promises";
import { TenkError } from "../../base/mod.ts";
import { type JsonRoutes, numberParam } from "../../part/mod.ts";
import type { QueryRow } from "../../store/mod.ts";
import { formatIp, parseIp } from "../../wire/mod.ts";
import type { LogFilter, LogSearch } from "./log-search.ts";
import type { QueryLog } from "./query-log.ts";
import { shownQuery } from "./shown-query.ts";
import { Privacy, VERDICT_NAMES, type VerdictName } from "./verdicts.ts";

/** Names of clients. */
export interface ClientNaming {
  nameOf(address: string): string | undefined;
  /** Returns the addresses of a client's name, or of a part of it. */
  addressesOf(name: string): readonly string[];
  /** Looks for the names of clients that have none so far, for a moment. */
  learn(addresses: Iterable<string>): Promise<void>;
}

export interface LogRoutesOptions {
  readonly log: QueryLog;
  readonly search: LogSearch;
  readonly clients: ClientNaming;
  /** Deletes what is stored. @default {nothing is} */
  readonly clear?: () => Promise<unknown>;
  /** Streams that may wait at a time; further ones are answered at once. @default {16} */
  readonly maxWaiting?: number;
  /** How often a stream looks for new entries. @default {250} */
  readonly lookMs?: number;
}

const MAX_LIMIT = 1000;
const DEFAULT_LIMIT = 100;
const MAX_HOURS = 24;
const MAX_TOP = 100;
/** A name has 255 bytes, of which each may be written in four characters. */
const MAX_TEXT = 1020;
/** A request that waits must be answered before a proxy gives it up. */
const MAX_WAIT_MS = 10_000;

/**
 * `GET /api/dns/log?client=&name=&verdict=&from=&until=&before=&limit=`: a page of the query log, the newest first; `before` of the
 * answer leads to the next one.
 *
 * `GET /api/dns/log/since?after=&wait=&client=&name=&verdict=`: entries after an id, the oldest first. It waits for one up to `wait` ms;
 * a stream asks again and again with the `last` that it got.
 *
 * `POST /api/dns/log/clear` deletes all. `GET /api/dns/statistics?hours=&limit=` counts the last hours.
 */
export function logRoutes(options: LogRoutesOptions): JsonRoutes {
  const { log, search, clients, maxWaiting = 16, lookMs = 250 } = options;
  let waiting = 0;
  async function shown(rows: readonly QueryRow[]) {
    if (log.privacy < Privacy.hideClients) await clients.learn(rows.flatMap(({ client }) => client ?? []));
    return rows.map((row) => shownQuery(row, (address) => clients.nameOf(address), log.privacy));
  }

  async function entriesSince(query: URLSearchParams) {
    const filter = filterOf(query, clients);
    const limit = limitOf(query);
    let after = numberParam(query, "after");
    if (after === undefined) {
      log.drain();
      after = log.lastId;
    }
    const endMs = performance.now() + Math.min(numberParam(query, "wait") ?? 0, MAX_WAIT_MS);
    let found = search.since(after, filter, limit);
    if (waiting >= maxWaiting) return { entries: await shown(found.rows), last: found.last };
    waiting += 1;
    try {
      while (found.rows.length === 0 && performance.now() < endMs) {
        await wait(lookMs, undefined, { ref: false });
        found = search.since(after, filter, limit);
      }
    } finally {
      waiting -= 1;
    }
    return { entries: await shown(found.rows), last: found.last };
  }

  return {
    log: {
      async get(query) {
        const { rows, before } = await search.search({
          ...filterOf(query, clients),
          fromMs: numberParam(query, "from"),
          untilMs: numberParam(query, "until"),
          before: numberParam(query, "before"),
          limit: limitOf(query),
        });
        return { entries: await shown(rows), before: before ?? null };
      },
    },
    "log/since": { get: entriesSince },
    "log/clear": {
      async post() {
        log.clear();
        await options.clear?.();
        return { cleared: true };
      },
    },
    statistics: {
      async get(query) {
        log.drain();
        const hours = Math.min(MAX_HOURS, Math.max(1, numberParam(query, "hours") ?? MAX_HOURS));
        const limit = Math.min(MAX_TOP, Math.max(1, numberParam(query, "limit") ?? 10));
        const summary = log.statistics.summary(Date.now(), Math.floor(hours), Math.floor(limit));
        await clients.learn([...summary.clients, ...summary.blockedClients].map(({ client }) => client));
        const named = (list: typeof summary.clients) =>
          list.map((each) => ({ ...each, name: clients.nameOf(each.client) ?? null }));
        return {
          ...summary,
          clients: named(summary.clients),
          blockedClients: named(summary.blockedClients),
          dropped: log.dropped,
        };
      },
    },
  };
}

/** @throws {TenkError} `usage` */
function filterOf(query: URLSearchParams, clients: ClientNaming): LogFilter {
  const name = textParam(query, "name")?.toLowerCase().replace(/\.$/, "");
  const client = textParam(query, "client");
  const verdicts = textParam(query, "verdict")?.split(",");
  return {
    ...(name && { name }),
    ...(client !== undefined && { clients: addressesOf(client, clients) }),
    ...(verdicts && { verdicts: verdicts.reduce((mask, verdict) => mask | (1 << verdictOf(verdict)), 0) }),
  };
}

/** An address is that client; any other text is a name, or a part of one. */
function addressesOf(client: string, clients: ClientNaming): readonly string[] {
  const ip = parseIp(client.split("%")[0]!);
  return ip === undefined ? clients.addressesOf(client) : [formatIp(ip)];
}

function verdictOf(text: string): number {
  const verdict = VERDICT_NAMES.indexOf(text as VerdictName);
  if (verdict >= 0) return verdict;
  throw new TenkError("usage", `cannot read verdict: expected one or more of ${VERDICT_NAMES.join(", ")}`);
}

function textParam(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name) ?? "";
  if (text.length > MAX_TEXT)
    throw new TenkError("usage", `cannot read ${name}: expected ${MAX_TEXT} characters at most`);
  return text === "" ? undefined : text;
}

function limitOf(query: URLSearchParams): number {
  return Math.min(MAX_LIMIT, Math.max(1, Math.floor(numberParam(query, "limit") ?? DEFAULT_LIMIT)));
}
