import type { AuthResult } from "./access.ts";
import type { Client } from "./client.ts";
import type { Site } from "./site.ts";

export const OTHER_ORIGIN = "it comes from another origin";

/**
 * Returns why a request looks like cross-site request forgery; undefined when it comes from our own page or a program. Another
 * site can make a browser send our cookie, but neither our header nor our Origin.
 */
export function csrfReason(headers: Headers, client: Client, auth: AuthResult, site: Site): string | undefined {
  if (headers.get("x-tenk") !== "1") return "it lacks the header x-tenk: 1";
  const origin = headers.get("origin");
  const from = headers.get("sec-fetch-site");
  if (from !== null && from !== "same-origin") return "it comes from another site";
  if (origin !== null && !isSameOrigin(headers, client, site)) return OTHER_ORIGIN;
  // A browser adds the cookie to any request: with a session, one header at least must tell where the request comes from.
  if (auth.by === "session" && origin === null && from === null) return "it does not say where it comes from";
  return undefined;
}

/**
 * Returns whether a request comes from our own page. A trusted proxy may use another Host than the browser did: then
 * `X-Forwarded-Host`, the browser's `Sec-Fetch-Site` or `dashboard.names` must confirm the origin.
 */
export function isSameOrigin(headers: Headers, { proxy }: Client, { names }: Site): boolean {
  const origin = headers.get("origin") ?? "";
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  if (isHostOf(new URL(origin), headers.get("host") ?? "")) return true;
  if (proxy !== "trusted") return false;
  const asked = forwardedHost(headers);
  if (asked !== undefined) return isHostOf(new URL(origin), asked);
  return headers.get("sec-fetch-site") === "same-origin" || names.includes(new URL(origin).hostname);
}

/** Returns the first name in `X-Forwarded-Host`, which is the browser's. */
export function forwardedHost(headers: Headers): string | undefined {
  return headers.get("x-forwarded-host")?.split(",")[0]?.trim() || undefined;
}

/** Ignores the scheme, since a proxy may end TLS for us, and a port that the proxy left out. */
function isHostOf(origin: URL, host: string): boolean {
  const url = `${origin.protocol}//${host}`;
  if (host === "" || !URL.canParse(url)) return false;
  const asked = new URL(url);
  return asked.host === origin.host || (!/:\d+$/.test(host) && asked.hostname === origin.hostname);
}

/**
 * Returns whether another site's page loads us as an image, script, event stream or frame. Such a request is refused even when
 * its address alone may read, except for frames that the configuration allows. Following a link is no such request.
 */
export function isEmbedded(headers: Headers, { frameAncestors }: Site): boolean {
  const from = headers.get("sec-fetch-site");
  if (from !== "cross-site" && from !== "same-site") return false;
  const into = headers.get("sec-fetch-dest") ?? "document";
  const mayFrame = frameAncestors.length > 0 && (into === "iframe" || into === "frame");
  return headers.get("sec-fetch-mode") !== "navigate" || (into !== "document" && !mayFrame);
}
