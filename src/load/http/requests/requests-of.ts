import { parseHttpAddress } from "../../../http/mod.ts";
import { filesNamedIn } from "../../message/mod.ts";
import { refuse } from "../../plan/mod.ts";
import type { RecordedRequest } from "./har.ts";
import type { RequestSpec, RequestsPlan } from "./spec.ts";
import { hasExpression } from "./template-request.ts";

/** One of several URLs. */
export interface WeightedUrl {
  readonly url: string;
  /** @default {that of the options} */
  readonly method?: string;
  /** How often it is asked for, beside the others. @default {1} */
  readonly weight?: number;
}

/** The options of a load test that say what is asked for. */
export interface RequestOptions {
  /** `http://host[:80][/path]` or `https://…`. */
  url: string;
  /** Several URLs of the origin of `url`, which is itself not asked for then: at most 100 000. */
  urls?: readonly WeightedUrl[];
  /** @default {"GET", with a body "POST"} */
  method?: string;
  headers?: readonly (readonly [name: string, value: string])[];
  /** Sent with every request; of `urls` with a method of their own, with POST, PUT and PATCH. A text may hold expressions. */
  body?: string | Uint8Array;
  /** The paths of URLs are regular expressions, of which each request has a text. A `.` is itself. @default {false} */
  randomUrl?: boolean;
  /** How often `*`, `+` and `{m,}` repeat at most in random text. @default {16, of `randomUrl` 4 as in oha} */
  maxRepeats?: number;
  /** Each connection sends these in their order, again and again; `url` says where, and is itself not asked for. */
  recording?: readonly RecordedRequest[];
  /** Cookies that are set on a connection are sent back on it, and on the one that takes its place. @default {false} */
  cookies?: boolean;
  /** What the files of `\{<file>}` hold; `filesOfRequests` says which. @default {none} */
  files?: ReadonlyMap<string, Uint8Array>;
  /** Several requests on each connection, one after the other. @default {true} */
  keepAlive?: boolean;
}

/** More would take seconds to compile, and most would never be asked for. */
const MAX_URLS = 100_000;
/** Methods that carry a body where a URL says its method itself. */
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/** What is asked for, and of whom. */
export interface Requests {
  readonly plan: RequestsPlan;
  readonly address: ReturnType<typeof parseHttpAddress>;
  /** Without its query: queries hold tokens, and reports are kept. */
  readonly url: string;
  readonly method: string;
}

/**
 * Reads URLs and fields into requests.
 *
 * @throws {TenkError} `usage`, `invalid-option` for a URL that cannot be asked
 */
export function requestsOf(options: RequestOptions): Requests {
  const { url, urls, recording, cookies = false, keepAlive = true, randomUrl = false, files = new Map() } = options;
  const { maxRepeats = randomUrl ? 4 : 16 } = options;
  const [origin, path] = splitUrl(url);
  const address = parseHttpAddress(origin);
  const specs = specsOf(path, address, options);
  if (specs.length === 0) refuse("there is no URL", "for example http://127.0.0.1:8080/");
  if (specs.length > MAX_URLS) refuse(`${specs.length} URLs are too many`, `at most ${MAX_URLS}`);
  if (cookies && specs.some(({ headers }) => headers.some(([name]) => name.toLowerCase() === "cookie"))) {
    refuse("Cookie is given, and cookies of the server are to be kept", "leave out one");
  }
  const methods = new Set(specs.map(({ method }) => method));
  return {
    plan: {
      specs,
      order: recording === undefined ? "weighted" : "in-turn",
      authority: address.authority,
      keepAlive,
      files,
      maxRepeats,
      cookies: cookies ? { host: address.host, isSecure: address.isSecure } : undefined,
    },
    address,
    url: urls === undefined && recording === undefined ? withoutQuery(origin + path) : `${origin}/`,
    method: methods.size === 1 ? specs[0]!.method : "several",
  };
}

function specsOf(path: string, address: Requests["address"], options: RequestOptions): RequestSpec[] {
  const { urls, recording } = options;
  if (recording !== undefined) return recording.map((each) => specOfRecorded(each, options));
  return urls === undefined ? [specOf(path, options)] : urls.map((each) => specOfUrl(each, address, options));
}

/** Fields that are given replace those that were recorded. Nothing in it is an expression. */
function specOfRecorded({ url, method, headers, body }: RecordedRequest, options: RequestOptions): RequestSpec {
  const given = options.headers ?? [];
  const names = new Set(given.map(([name]) => name.toLowerCase()));
  const kept = headers.filter(([name]) => !names.has(name.toLowerCase()));
  const [, path] = splitUrl(url);
  const spec = specOf(path, { method, headers: [...kept, ...given], ...(body === undefined ? {} : { body }) });
  return { ...spec, isTemplate: false };
}

function specOfUrl(each: WeightedUrl, address: Requests["address"], options: RequestOptions): RequestSpec {
  const { url, method, weight = 1 } = each;
  const [origin, path] = splitUrl(url);
  const { isSecure, authority } = parseHttpAddress(origin);
  if (isSecure !== address.isSecure || authority.toLowerCase() !== address.authority.toLowerCase()) {
    refuse(`${withoutQuery(url)} is not at ${address.text}`, "all URLs of a run must have one scheme, host and port");
  }
  if (!(weight > 0 && weight <= MAX_WEIGHT)) {
    refuse(`${withoutQuery(url)} has the weight ${weight}`, `more than 0, at most ${MAX_WEIGHT}`);
  }
  return { ...specOf(path, method === undefined ? options : withMethod(options, method)), weight };
}

const MAX_WEIGHT = 1e9;

function withMethod({ body, ...options }: RequestOptions, method: string): RequestOptions {
  return { ...options, method, ...(body !== undefined && WITH_BODY.has(method) ? { body } : {}) };
}

function specOf(path: string, options: Omit<RequestOptions, "url">): RequestSpec {
  const { method, headers = [], body, randomUrl = false } = options;
  const verb = method ?? (body === undefined ? "GET" : "POST");
  const asked = randomUrl ? regexPath(path) : path;
  const texts = [asked, ...headers.map(([, value]) => value), ...(typeof body === "string" ? [body] : [])];
  return {
    name: `${verb} ${randomUrl ? path : withoutQuery(path)}`,
    weight: 1,
    method: verb,
    path: asked,
    headers,
    body,
    isTemplate: texts.some(hasExpression),
  };
}

/**
 * Makes one expression of a path that is a regular expression. A `.` outside of a class is itself, as in oha: every URL has some.
 *
 * ```text
 *   /[a-z]{3}.png ─► /\{re [a-z]{3}\.png}
 * ```
 */
function regexPath(path: string): string {
  const regex = path.slice(1).replace(/\\.|\[(?:\\.|[^\]\\])*\]|\./gs, (found) => (found === "." ? "\\." : found));
  return regex === "" ? path : `/\\{re ${regex}}`;
}

/**
 * Returns the files that `\{<file>}` names in the options, each once.
 *
 * @throws {TenkError} `usage` for an expression that cannot be read
 */
export function filesOfRequests(options: RequestOptions): string[] {
  const { url, urls = [], headers = [], body, randomUrl = false } = options;
  if (randomUrl) return [];
  const texts = [url, ...urls.map((each) => each.url), ...headers.map(([, value]) => value)];
  if (typeof body === "string") texts.push(body);
  return filesNamedIn(
    texts.filter(hasExpression).map((text) => ({ kind: "text", text, first: false, unescape: false, name: text })),
  );
}

/** Queries hold tokens: reports, which are kept, go without. */
export function withoutQuery(text: string): string {
  return text.replace(/^((?:\\\{[^}]*(?:\}|$)|(?!\\\{)[^?])*)\?.*$/s, "$1?…");
}

/** `http://a:80/b?c` → `http://a:80` and `/b?c`, as they are written. Expressions may hold a `?` and a `#`. */
function splitUrl(url: string): [origin: string, path: string] {
  const [, origin, path = "/"] =
    /^(https?:\/\/[^/?#]*)([/?](?:\\\{[^}]*(?:\}|$)|(?!\\\{)[^#])*)?(?:#.*)?$/is.exec(url) ?? [];
  if (origin === undefined) refuse(`"${url}" is not an HTTP URL`, "for example http://127.0.0.1:8080/");
  return [origin, path.startsWith("?") ? `/${path}` : path];
}
