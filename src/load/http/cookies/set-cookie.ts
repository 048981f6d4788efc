/** A cookie as `Set-Cookie` says it. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Requests for this path and those below it get it. */
  readonly path: string;
  /** Milliseconds since 1970; in the past, the cookie is deleted. */
  readonly expiresMs: number;
}

/** What a cookie must fit. */
export interface CookieTarget {
  readonly host: string;
  readonly isSecure: boolean;
}

/**
 * Reads the value of a `Set-Cookie` field (RFC 6265 §5.2). Without `Path` a cookie is for all paths.
 *
 * @returns undefined where it has no name, or is not for this target: of another domain, or `Secure` over plain HTTP
 * @example
 * parseSetCookie("a=b; Path=/c; Max-Age=0", { host: "x", isSecure: false }, 5)?.expiresMs; // 0
 */
export function parseSetCookie(text: string, target: CookieTarget, nowMs: number): Cookie | undefined {
  const [pair = "", ...attributes] = text.split(";");
  const at = pair.indexOf("=");
  const name = pair.slice(0, at).trim();
  if (at < 0 || name === "") return undefined;
  let path = "/";
  let expiresMs = Number.POSITIVE_INFINITY;
  let hasMaxAge = false;
  for (const attribute of attributes) {
    const [, key = "", value = ""] = /^\s*([^=]*?)\s*(?:=\s*(.*?)\s*)?$/s.exec(attribute) ?? [];
    switch (key.toLowerCase()) {
      case "path":
        path = value.startsWith("/") ? value : "/";
        break;
      case "max-age":
        if (!/^-?\d+$/.test(value)) break;
        hasMaxAge = true;
        expiresMs = Number(value) <= 0 ? 0 : nowMs + Number(value) * 1000;
        break;
      case "expires": {
        const time = Date.parse(value);
        if (!hasMaxAge && !Number.isNaN(time)) expiresMs = time;
        break;
      }
      case "domain":
        if (!isWithin(target.host, value)) return undefined;
        break;
      case "secure":
        if (!target.isSecure) return undefined;
        break;
    }
  }
  return { name, value: pair.slice(at + 1).trim(), path, expiresMs };
}

/** Domain matching (RFC 6265 §5.1.3). */
function isWithin(host: string, domain: string): boolean {
  const wanted = domain.replace(/^\./, "").toLowerCase();
  const own = host.toLowerCase();
  return wanted === "" || own === wanted || own.endsWith(`.${wanted}`);
}

/** Path matching (RFC 6265 §5.1.4). */
export function isBelow(path: string, of: string): boolean {
  return path === of || (path.startsWith(of) && (of.endsWith("/") || path[of.length] === "/"));
}
