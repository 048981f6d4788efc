import { lookup } from "node:dns/promises";
import { TenkError } from "../../base/mod.ts";
import { DENIED_RANGES, type HttpResponse, parseHttpAddress, request } from "../../http/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import { isAddress } from "./target-address.ts";

export interface HttpRequest {
  /** `http://127.0.0.1:3000`, `https://…`, `unix:/run/app.sock`: without a path and without credentials. */
  readonly url: string;
  /** Path and query. @default {"/"} */
  readonly path?: string;
  /** @default {"GET"} */
  readonly method?: "GET" | "HEAD";
  /** Fields to send. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Proves who asks: the value of `Authorization`. */
  readonly authorization?: string;
  /** For everything, redirects included. */
  readonly timeoutMs: number;
  /** More is read of no answer. */
  readonly maxBodyBytes: number;
  /** Redirects on the same host that are followed. @default {0} */
  readonly maxRedirects?: number;
  /** How TLS is done with `https:`. The certificate is verified unless this says otherwise. */
  readonly tls?: ClientTlsOptions;
  readonly signal?: AbortSignal;
  /** Asks for a name's addresses. @default the system's resolver */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
}

/**
 * Sends the request, and follows redirects that stay on the host. A host is looked up once: whatever its name becomes meanwhile, all
 * requests go to the addresses that were checked. Fields and credentials are sent to the declared origin alone.
 *
 * @throws {TenkError} as `request`, and `request-failed` where more redirects follow one another than may be followed
 */
export async function ask(check: HttpRequest): Promise<HttpResponse> {
  const { url, timeoutMs, maxRedirects = 0 } = check;
  const endsMs = performance.now() + timeoutMs;
  const ownLookup = once(check.lookup ?? systemLookup);
  let at = { origin: url, path: check.path ?? "/" };
  for (let followed = 0; ; followed++) {
    const leftMs = Math.max(1, Math.ceil(endsMs - performance.now()));
    const response = await askOnce(check, at, leftMs, ownLookup);
    const next = maxRedirects > 0 ? redirectOf(response, url, at) : undefined;
    if (next !== undefined && followed === maxRedirects) {
      const to = next.origin === url ? next.path : next.origin + next.path;
      throw new TenkError("request-failed", `it redirects again and again, ${followed + 1} times, at last to ${to}`);
    }
    if (next === undefined) return { ...response, headMs: timeoutMs - leftMs + response.headMs };
    at = next;
  }
}

interface Place {
  readonly origin: string;
  readonly path: string;
}

function askOnce(
  check: HttpRequest,
  { origin, path }: Place,
  timeoutMs: number,
  ownLookup: NonNullable<HttpRequest["lookup"]>,
): Promise<HttpResponse> {
  const { method = "GET", maxBodyBytes, tls, signal } = check;
  return request(origin, {
    method,
    path,
    timeoutMs,
    maxBodyBytes,
    whenTooLong: "cut",
    fields: requestFields(check, origin),
    // Who writes such an address as a target means it; a name that leads there is another matter.
    deniedRanges: isAddress(origin) ? [] : DENIED_RANGES,
    lookup: ownLookup,
    ...(tls && { tls }),
    ...(signal && { signal }),
  });
}

/** Returns the fields of a request; those of the user, and who asks, are for the declared origin alone. */
export function requestFields(
  { url, fields, authorization }: Pick<HttpRequest, "url" | "fields" | "authorization">,
  origin: string,
): Record<string, string> {
  const own = origin === url ? { ...fields, ...(authorization !== undefined && { authorization }) } : {};
  return { "user-agent": "tenk-probe", accept: "*/*", ...lowerCase(own) };
}

/** Returns where a redirect leads if that is the declared host and port, or the same host by HTTPS. */
function redirectOf(response: HttpResponse, url: string, at: Place): Place | undefined {
  const location = response.fields.find(([name]) => name === "location")?.[1];
  if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return undefined;
  if (url.startsWith("unix:")) return /^\/(?!\/)/.test(location) ? { origin: url, path: location } : undefined;
  const next = URL.parse(location, at.origin + at.path);
  if (next === null || next.username !== "" || next.password !== "") return undefined;
  const place = (origin: string) => ({ origin, path: next.pathname + next.search });
  for (const origin of [at.origin, url]) if (next.origin === new URL(origin).origin) return place(origin);
  const { isSecure, port } = parseHttpAddress(url);
  const upgraded = !isSecure && port === 80 && next.protocol === "https:" && next.port === "";
  return upgraded && next.hostname === new URL(url).hostname ? place(next.origin) : undefined;
}

function lowerCase(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Remembers the first answer. */
function once(ask: NonNullable<HttpRequest["lookup"]>): NonNullable<HttpRequest["lookup"]> {
  const answers = new Map<string, Promise<readonly string[]>>();
  return (name) => {
    const known = answers.get(name) ?? ask(name);
    answers.set(name, known);
    return known;
  };
}

async function systemLookup(name: string): Promise<string[]> {
  return (await lookup(name, { all: true, order: "verbatim" })).map(({ address }) => address);
}
