/** A route that takes and returns JSON. The admin server checks who may call it, and sends the response. */
export interface JsonRoute {
  /** @throws {TenkError} `usage` for a response with status 400, `not-found` for 404 */
  get?(query: URLSearchParams): unknown;
  /** Changes something: called only for our own page, or with the token. @param body the request's JSON */
  post?(body: unknown): unknown;
}

/** A request that needs no login: what proves that it may be made is in its path. */
export interface OpenRequest {
  readonly method: "GET" | "HEAD" | "POST";
  /** Below the route's own word, as it was sent. */
  readonly path: string;
  /** Reads what was sent, and returns the end of it as text. */
  readonly tail: (maxBytes: number) => Promise<string>;
}

export interface OpenAnswer {
  readonly status: number;
  readonly text: string;
}

/** Routes by the first word of their path: `push` for all below `/push/`. They tell nothing to who does not know a path. */
export type OpenRoutes = Readonly<Record<string, (request: OpenRequest) => Promise<OpenAnswer>>>;

/** Routes by their path below `/api/<part>/`. */
export type JsonRoutes = Readonly<Record<string, JsonRoute>>;
