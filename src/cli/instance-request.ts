import type { Option } from "commander";
import { instanceAccess, requestJson, usualDataFolder } from "../app/mod.ts";
import { messageOf, TenkError } from "../base/mod.ts";
import { valueOption } from "./options.ts";

/** The option `--url`: the dashboard of the instance that is asked. */
export function instanceOption(): Option {
  return valueOption("--url <url>", "its dashboard", parseUrl).default(new URL("http://127.0.0.1:9190/"));
}

/**
 * Requests JSON from an instance.
 *
 * @param what for the error: `its query log`
 * @throws {TenkError} `connect-failed` when nothing answers there, or something that is not tenk; `usage` what it says of the request
 */
export async function askInstance<Answer>(
  url: URL,
  path: string,
  { what, query = {}, timeoutMs = 5000, signal }: InstanceQuestion,
): Promise<Answer> {
  const asked = new URL(path, url);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) asked.searchParams.set(name, String(value));
  const cannot = (why: string, cause?: unknown) =>
    new TenkError("connect-failed", `Cannot ask ${url.href} for ${what}: ${why}`, {
      cause,
      hint: "is tenk up running, and this its dashboard address?",
    });
  let response: Response;
  let answer: unknown;
  try {
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    response = await fetch(asked, { signal: either, headers: credentials() });
    answer = await response.json().catch(() => undefined);
  } catch (error) {
    const isRefused = ["ECONNREFUSED", "ConnectionRefused"].includes(String((error as { code?: unknown }).code));
    throw cannot(isRefused ? "nothing listens there" : messageOf(error), error);
  }
  if (response.ok && typeof answer === "object" && answer !== null) return answer as Answer;
  if (response.status === 401) throw cannot("it needs its token, in the environment as TENK_TOKEN");
  const { error: said } = (answer ?? {}) as { readonly error?: unknown };
  if (response.status === 400 && typeof said === "string") throw new TenkError("usage", said);
  throw cannot(typeof said === "string" ? said : `it answered ${response.status}, not as tenk does`);
}

export interface InstanceQuestion {
  readonly what: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Has an instance change something, with its token.
 *
 * @param isNamed a person named the instance
 * @param what for the error: `maintenance`
 * @throws {TenkError} `connect-failed` when it cannot be reached or the token is not known; `usage` what it says of the request
 */
export async function tellInstance<Answer>(
  { url, isNamed }: { readonly url: URL; readonly isNamed: boolean },
  path: string,
  { what, body, timeoutMs = 5000 }: { readonly what: string; readonly body: unknown; readonly timeoutMs?: number },
): Promise<Answer> {
  const cannot = (why: string) =>
    new TenkError("connect-failed", `Cannot ask ${url.href} for ${what}: ${why}`, {
      hint: "is tenk up running, and this its dashboard address? The token of another user's is needed: sudo, or TENK_TOKEN",
    });
  const access = await instanceAccess({ url, isNamed }, usualDataFolder(), process.env.TENK_TOKEN);
  if (typeof access === "string") throw cannot(access);
  const { value, why } = await requestJson(new URL(path, access.url), { token: access.token, body, timeoutMs });
  if (why === undefined) return value as Answer;
  const [, said] = /^it answered 40[04]: (.*)$/.exec(why) ?? [];
  throw said === undefined ? cannot(why) : new TenkError("usage", said);
}

/** For an instance on another machine the token is in TENK_TOKEN, which no list of processes shows. */
export function credentials(): Record<string, string> {
  const token = process.env.TENK_TOKEN;
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") {
    // A base path may be written without its last slash.
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  }
  throw new TenkError("usage", `Cannot read "${text}" as an address: expected http://host:port`);
}
