import { TenkError } from "../../base/mod.ts";
import type { JsonRoute, JsonRoutes, OpenRequest, OpenRoutes, Panel } from "../../part/mod.ts";
import { readJson, readTail } from "./body.ts";
import type { RequestHandler, Route } from "./request-context.ts";
import { errorResponse, json, respond, TEXT } from "./response.ts";

/** What the admin server needs of a part. */
export interface ServedPart {
  readonly name: string;
  readonly panel: Panel | undefined;
  readonly routes: JsonRoutes | undefined;
  readonly openRoutes: OpenRoutes | undefined;
}

const MAX_BODY_BYTES = 4096;

/** Routes `/api/parts`, the panels that the page draws, and `/api/<part>/…`, the parts' own routes. */
export function partRoutes(parts: () => readonly ServedPart[]): (path: string) => Route | undefined {
  const list: Route = { get: () => json(parts().map(({ name, panel = null }) => ({ name, panel }))) };
  return (path) => {
    if (path === "/api/parts") return list;
    const [, name, below] = /^\/api\/([a-z]+)\/(.+)$/.exec(path) ?? [];
    const routes = parts().find((part) => part.name === name)?.routes;
    return routes !== undefined && below !== undefined && Object.hasOwn(routes, below)
      ? routeOf(routes[below]!)
      : undefined;
  };
}

/** Returns the route of a path such as `/push/…` that needs no login. */
export function openRoutes(parts: () => readonly ServedPart[]): (path: string) => Route | undefined {
  return (path) => {
    const [, word = "", below = ""] = /^\/([a-z]+)\/(.+)$/.exec(path) ?? [];
    const open = parts().flatMap(({ openRoutes = {} }) => (Object.hasOwn(openRoutes, word) ? [openRoutes[word]!] : []));
    const [serve] = open;
    if (serve === undefined) return undefined;
    const answer: RequestHandler = async ({ request }) => {
      const method = request.method as OpenRequest["method"];
      const { status, text } = await serve({ method, path: below, tail: (maxBytes) => readTail(request, maxBytes) });
      return respond(status, TEXT, text);
    };
    return { isPublic: true, isOpen: true, get: answer, post: answer };
  };
}

function routeOf(served: JsonRoute): Route {
  const { get, post } = served;
  return {
    ...(get && { get: answering(({ query }) => get.call(served, query)) }),
    ...(post && { post: answering(async ({ request }) => post.call(served, await readJson(request, MAX_BODY_BYTES))) }),
  };
}

function answering(serve: (context: Parameters<RequestHandler>[0]) => unknown): RequestHandler {
  return async (context) => {
    try {
      return json(await serve(context));
    } catch (error) {
      if (error instanceof TenkError && error.code === "not-found")
        return errorResponse(404, error.message, error.hint);
      throw error;
    }
  };
}
