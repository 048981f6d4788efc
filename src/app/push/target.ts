import { TenkError } from "../../base/mod.ts";

/** Where samples are pushed to. Credentials are kept apart from what may be shown. */
export interface PushTarget {
  /** Without user and password. */
  readonly url: string;
  /** For people and logs: values of the query are hidden, since some receivers take a key there. */
  readonly shown: string;
  /** Value of the Authorization header; never shown. */
  readonly authorization: string | undefined;
}

/** Has `TENK_PUSH_TOKEN`, or `TENK_PUSH_USER` and `TENK_PUSH_PASSWORD`. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Prometheus's path, used when the URL has none. */
const DEFAULT_PATH = "/api/v1/write";

/**
 * Parses `--push`. A password in it shows in the list of processes, so that the environment is the better place.
 *
 * @throws {TenkError} `usage`; the message has no password
 * @example
 * pushTarget("http://127.0.0.1:9090").url; // "http://127.0.0.1:9090/api/v1/write"
 * pushTarget("http://me:secret@[::1]/write").url; // "http://[::1]/write"
 * pushTarget("http://me:secret@[::1]/write").authorization; // "Basic bWU6c2VjcmV0"
 * pushTarget("https://a.example/w?key=secret").shown; // "https://a.example/w?key=***"
 * pushTarget("https://a.example/w", { TENK_PUSH_TOKEN: "t" }).authorization; // "Bearer t"
 * pushTarget("localhost:9090"); // throws "usage"
 */
export function pushTarget(text: string, environment: Environment = {}): PushTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:") || url.hash !== "") {
    throw new TenkError("usage", "Cannot push there: expected an address that begins with http:// or https://", {
      hint: "for a Prometheus here: http://127.0.0.1:9090/api/v1/write",
    });
  }
  const authorization = bearer(environment) ?? basic(url, environment);
  url.username = "";
  url.password = "";
  if (url.pathname === "/" && url.search === "") url.pathname = DEFAULT_PATH;
  return { url: url.href, shown: url.href.replace(/(?<=\?).*/s, hidden), authorization };
}

/** Hides the values of a query, and a part without a name as a whole. */
function hidden(query: string): string {
  return query.replace(/([^&=]*=)?[^&]*/g, (pair, name = "") => (pair === "" ? "" : `${name}***`));
}

function bearer({ TENK_PUSH_TOKEN: token }: Environment): string | undefined {
  if (token === undefined || token === "") return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new TenkError("usage", "Cannot use TENK_PUSH_TOKEN: it has characters that no header may have");
}

function basic(url: URL, { TENK_PUSH_USER, TENK_PUSH_PASSWORD }: Environment): string | undefined {
  const user = url.username === "" ? TENK_PUSH_USER : decoded(url.username);
  const password = url.password === "" ? TENK_PUSH_PASSWORD : decoded(url.password);
  if (user === undefined && password === undefined) return undefined;
  return `Basic ${Buffer.from(`${user ?? ""}:${password ?? ""}`).toString("base64")}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a % of the password itself
  }
}
