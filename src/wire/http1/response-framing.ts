import type { Head } from "./head.ts";

/** How the body of a response is delimited. */
export type BodyFraming = "none" | "length" | "chunked" | "until-close";

/**
 * Returns how the body of a response is delimited (RFC 9112 §6.3).
 *
 * @param isHead it answers a HEAD request, whose answer has no body whatever its head says
 */
export function responseFraming({ status, isChunked, contentLength }: Head, isHead: boolean): BodyFraming {
  if (isHead || status === 204 || status === 304) return "none";
  if (isChunked) return "chunked";
  return contentLength >= 0 ? "length" : "until-close";
}

/** Returns whether the connection can carry another request after this response, as far as its head says (RFC 9112 §9.3). */
export function persists({ version, wantsClose, wantsKeepAlive }: Head): boolean {
  return !wantsClose && (version === 11 || wantsKeepAlive);
}
