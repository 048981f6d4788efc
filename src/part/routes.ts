/** JSON in, JSON out: who may ask, and how it is packed, is the admin server's. */
export interface JsonRoute {
  /** @throws {TenkError} `usage` is answered with 400, `not-found` with 404 */
  get?(query: URLSearchParams): unknown;
  /** Changes something: asked by our own page or with the token alone. `body` is what the request's JSON holds. */
  post?(body: unknown): unknown;
}

/** By the path below `/api/<part>/`. */
export type JsonRoutes = Readonly<Record<string, JsonRoute>>;
