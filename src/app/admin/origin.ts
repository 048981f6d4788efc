import type { Standing } from "./access.ts";
import type { Client } from "./client.ts";
import type { Site } from "./site.ts";

export const OTHER_ORIGIN = "it comes from another origin";

/**
 * Why a request that has the right to change something is not one of our own page's or of a program; undefined where it is.
 * A page of another site can make a browser send the cookie, but not our header, nor its own Origin as ours.
 */
export function csrfReason(headers: Headers, client: Client, standing: Standing, site: Site): string | undefined {
  if (headers.get("x-tenk") !== "1") return "it lacks the header x-tenk: 1";
  const origin = headers.get("origin");
  const from = headers.get("sec-fetch-site");
  if (from !== null && from !== "same-origin") return "it comes from another site";
  if (origin !== null && !isSameOrigin(headers, client, site)) return OTHER_ORIGIN;
  // A cookie travels with whatever a browser sends; where nothing says who sent it, it is not believed.
  if (standing.by === "session" && origin === null && from === null) return "it does not say where it comes from";
  return undefined;
}

/**
 * Whether a request comes from a page of ours. A proxy that is trusted may have asked us by another name than the browser
 * asked it: then it says which (`X-Forwarded-Host`), or the browser says that both are one, or the configuration knows the name.
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

/** The first that `X-Forwarded-Host` names, which is the one that the browser asked for. */
export function forwardedHost(headers: Headers): string | undefined {
  return headers.get("x-forwarded-host")?.split(",")[0]?.trim() || undefined;
}

/** The scheme may be another one where a proxy speaks TLS for us, and many proxies leave the port out. */
function isHostOf(origin: URL, host: string): boolean {
  const url = `${origin.protocol}//${host}`;
  if (host === "" || !URL.canParse(url)) return false;
  const asked = new URL(url);
  return asked.host === origin.host || (!/:\d+$/.test(host) && asked.hostname === origin.hostname);
}

/**
 * What other sites' pages load is not for them even where the address alone may look: images, scripts, event streams, frames.
 * A browser shows them no frame of ours unless the configuration lets it, but by then it has cost us our answer. A link is
 * followed.
 */
export function isEmbedded(headers: Headers, { frameAncestors }: Site): boolean {
  const from = headers.get("sec-fetch-site");
  if (from !== "cross-site" && from !== "same-site") return false;
  const into = headers.get("sec-fetch-dest") ?? "document";
  const mayFrame = frameAncestors.length > 0 && (into === "iframe" || into === "frame");
  return headers.get("sec-fetch-mode") !== "navigate" || (into !== "document" && !mayFrame);
}
