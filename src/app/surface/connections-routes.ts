import { z } from "zod";
import { CONNECTION_SORTS, type ConnectionPage, type ConnectionQuery } from "../../net/mod.ts";
import { json, refusal, wrongWords } from "./answer.ts";
import { readJson } from "./body.ts";
import { numberIn } from "./series-routes.ts";
import type { Route } from "./visit.ts";

/** A listener, as far as its connections are looked at. */
export interface Observed {
  readonly name: string;
  readonly server: {
    findConnections(query: ConnectionQuery): Promise<ConnectionPage>;
    closeConnection(id: number): Promise<boolean>;
  };
}

const MAX_ROWS = 500;
/** Of several event loops each tells all that comes before a page: nobody turns so many. */
const MAX_OFFSET = 100_000;

/** `GET /api/connections?listener=&q=&sort=&order=&offset=&limit=` */
export function connectionsRoute(listeners: () => readonly Observed[]): Route {
  return {
    async get({ query }) {
      const listener = chosen(listeners(), query.get("listener") ?? "");
      const page = await listener.server.findConnections({
        sort: wordIn(query, "sort", CONNECTION_SORTS),
        descending: wordIn(query, "order", ["desc", "asc"] as const) === "desc",
        search: (query.get("q") ?? "").slice(0, 100),
        offset: Math.min(MAX_OFFSET, Math.floor(numberIn(query, "offset") ?? 0)),
        limit: Math.min(MAX_ROWS, Math.floor(numberIn(query, "limit") ?? 100)),
      });
      return json(page);
    },
  };
}

const CLOSE = z.strictObject({ listener: z.string(), id: z.number() });

/** `POST /api/connections/close` `{ listener, id }` */
export function closeRoute(listeners: () => readonly Observed[]): Route {
  return {
    async post({ request }) {
      const asked = CLOSE.safeParse(await readJson(request, 4096));
      if (!asked.success) throw wrongWords("expected { listener, id }");
      const { listener, id } = asked.data;
      const closed = await chosen(listeners(), listener).server.closeConnection(id);
      return closed ? json({ closed }) : refusal(404, "no such connection is open", "it may have ended by itself");
    },
  };
}

function chosen(listeners: readonly Observed[], name: string): Observed {
  const listener = name === "" ? listeners[0] : listeners.find((each) => each.name === name);
  if (listener !== undefined) return listener;
  throw wrongWords("there is no such listener", `expected one of ${listeners.map((each) => each.name).join(", ")}`);
}

/** @throws {TenkError} `usage` */
function wordIn<const Words extends readonly string[]>(
  query: URLSearchParams,
  name: string,
  words: Words,
): Words[number] {
  const text = query.get(name) || words[0]!;
  if (words.includes(text)) return text;
  throw wrongWords(`cannot read ${name}: expected one of ${words.join(", ")}`);
}
