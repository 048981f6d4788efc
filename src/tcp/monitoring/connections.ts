import { z } from "zod";
import { TenkError } from "../../base/mod.ts";
import { CONNECTION_SORTS, type ConnectionPage, type ConnectionQuery } from "../../net/mod.ts";
import { choiceParam, type JsonRoutes, numberParam } from "../../part/mod.ts";

/** A listener, as the connection routes use it. */
export interface Observed {
  readonly name: string;
  readonly server: {
    findConnections(query: ConnectionQuery): Promise<ConnectionPage>;
    closeConnection(id: number): Promise<boolean>;
  };
}

const MAX_ROWS = 500;
/** Each of several event loops returns all rows before a page, so the offset is bounded. */
const MAX_OFFSET = 100_000;
const CLOSE = z.strictObject({ listener: z.string(), id: z.number() });

/**
 * `GET /api/tcp/connections?listener=&q=&sort=&order=&offset=&limit=` and `POST /api/tcp/connections/close` `{ listener, id }`
 */
export function connectionRoutes(listeners: () => readonly Observed[]): JsonRoutes {
  return {
    connections: {
      get(query) {
        const listener = chosen(listeners(), query.get("listener") ?? "");
        return listener.server.findConnections({
          sort: choiceParam(query, "sort", CONNECTION_SORTS),
          descending: choiceParam(query, "order", ["desc", "asc"] as const) === "desc",
          search: (query.get("q") ?? "").slice(0, 100),
          offset: Math.min(MAX_OFFSET, Math.floor(numberParam(query, "offset") ?? 0)),
          limit: Math.min(MAX_ROWS, Math.floor(numberParam(query, "limit") ?? 100)),
        });
      },
    },
    "connections/close": {
      async post(body) {
        const request = CLOSE.safeParse(body);
        if (!request.success) throw new TenkError("usage", "expected { listener, id }");
        const { listener, id } = request.data;
        const closed = await chosen(listeners(), listener).server.closeConnection(id);
        if (closed) return { closed };
        throw new TenkError("not-found", "no such connection is open", { hint: "it may have ended by itself" });
      },
    },
  };
}

function chosen(listeners: readonly Observed[], name: string): Observed {
  const listener = name === "" ? listeners[0] : listeners.find((each) => each.name === name);
  if (listener !== undefined) return listener;
  const names = listeners.map((each) => each.name).join(", ");
  throw new TenkError("usage", "there is no such listener", { hint: `expected one of ${names}` });
}
