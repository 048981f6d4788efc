/** Handlers of `Request` and `Response` on the connections of `net/`. */
export { type FetchedRequest, type FetchOptions, fetchHandler } from "./fetch-handler.ts";
