/** A route that takes and returns JSON. The admin server checks who may call it, and sends the response. */
export interface JsonRoute {
  /** @throws {TenkError} `usage` for a response with status 400, `not-found` for 404 */
  get?(query: URLSearchParams): unknown;
  /** Changes something: called only for our own page, or with the token. @param body the request's JSON */
  post?(body: unknown): unknown;
}

/** Routes by their path below `/api/<part>/`. */
export type JsonRoutes = Readonly<Record<string, JsonRoute>>;
