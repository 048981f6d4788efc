import { TenkError } from "../../../base/mod.ts";
import { fieldNameOf, HOP_BY_HOP, isFieldName, isFieldValue } from "../../../wire/http1/mod.ts";

/** A recorded request. */
export interface RecordedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
}

/** What a HAR file holds. */
export interface Recording {
  readonly requests: readonly RecordedRequest[];
  /** Entries that are not sent, by why. */
  readonly skipped: Readonly<Record<string, number>>;
}

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ENTRIES = 100_000;
/** Fields that the request gets anew; others of these are hop-by-hop. */
const LEFT_OUT: ReadonlySet<string> = new Set(["host"]);

/**
 * Reads the requests of a HAR file (version 1.1 and 1.2) that went to one origin, in their order. Fields of the browser's own connection
 * and HTTP/2's pseudo-fields are left out, and so is `Cookie` unless it is asked for.
 *
 * @param origin `https://a.example`, as URLs write it
 * @param file names it in errors
 * @throws {TenkError} `usage`
 */
export function parseHar(
  bytes: Uint8Array,
  { origin, file, withCookies = false }: { origin: string; file: string; withCookies?: boolean },
): Recording {
  const wrong = (why: string) => new TenkError("usage", `Cannot read ${file} as a HAR file: ${why}`);
  if (bytes.length > MAX_BYTES) throw wrong(`it has ${bytes.length} bytes, at most ${MAX_BYTES} are read`);
  let har: unknown;
  try {
    har = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw wrong("it is not JSON");
  }
  const entries = memberOf(memberOf(har, "log"), "entries");
  if (!Array.isArray(entries)) throw wrong("it has no log.entries");
  if (entries.length > MAX_ENTRIES) throw wrong(`it has ${entries.length} entries, at most ${MAX_ENTRIES} are read`);
  const skipped: Record<string, number> = {};
  const wanted = new URL(origin).origin;
  const requests = entries.flatMap((entry: unknown) => {
    const request = requestOf(memberOf(entry, "request"), wanted, withCookies);
    if (typeof request !== "string") return [request];
    skipped[request] = (skipped[request] ?? 0) + 1;
    return [];
  });
  if (requests.length > 0) return { requests, skipped };
  const reasons = Object.entries(skipped).map(([why, count]) => `${count} ${why}`);
  throw wrong(`it has no request to ${origin}${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}`);
}

/** @returns the request, or why it is not sent */
function requestOf(value: unknown, origin: string, withCookies: boolean): RecordedRequest | string {
  const url = textOf(memberOf(value, "url"));
  const method = textOf(memberOf(value, "method"));
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return "without a URL";
  if (parsed.origin !== origin) return "of other origins";
  if (!isFieldName(method) || method === "CONNECT") return "with no method that can be sent";
  const body = bodyOf(memberOf(value, "postData"));
  if (body === "unknown") return "whose body was not recorded";
  return {
    url: origin + parsed.pathname + parsed.search,
    method,
    headers: headersOf(memberOf(value, "headers"), withCookies),
    body,
  };
}

function headersOf(value: unknown, withCookies: boolean): (readonly [string, string])[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown) => {
    const name = textOf(memberOf(each, "name"));
    const text = textOf(memberOf(each, "value")).trim();
    const isSent = isFieldName(name) && isFieldValue(text) && !isLeftOut(name.toLowerCase(), withCookies);
    return isSent ? [[name, text] as const] : [];
  });
}

function isLeftOut(name: string, withCookies: boolean): boolean {
  if (LEFT_OUT.has(name) || (name === "cookie" && !withCookies)) return true;
  const bytes = Buffer.from(name, "latin1");
  const known = fieldNameOf(bytes, 0, bytes.length);
  return known >= 0 && HOP_BY_HOP[known] === 1;
}

/** The text of `postData`, or the form that its `params` are. */
function bodyOf(value: unknown): Uint8Array | undefined | "unknown" {
  if (typeof value !== "object" || value === null) return undefined;
  const text = memberOf(value, "text");
  const isForm = textOf(memberOf(value, "mimeType")).startsWith("application/x-www-form-urlencoded");
  // Firefox and Chrome write bytes so.
  if (typeof text === "string" && memberOf(value, "encoding") === "base64") return Buffer.from(text, "base64");
  if (typeof text === "string" && (text !== "" || !Array.isArray(memberOf(value, "params"))))
    return new TextEncoder().encode(text);
  const params = memberOf(value, "params");
  if (!Array.isArray(params) || params.length === 0) return undefined;
  if (!isForm) return "unknown";
  const pairs = params.map((each: unknown): [string, string] => [
    textOf(memberOf(each, "name")),
    textOf(memberOf(each, "value")),
  ]);
  return new TextEncoder().encode(new URLSearchParams(pairs).toString());
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
