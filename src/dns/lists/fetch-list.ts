import { ftruncateSync, writeSync } from "node:fs";
import { fileProblemOf, messageOf, TenkError } from "../../base/mod.ts";
import { DENIED_RANGES, type HttpResponse, type RequestOptions, request } from "../../http/client/mod.ts";
import { addressRanges } from "../../net/mod.ts";
import { ListError } from "./list-error.ts";

export interface FetchLimits {
  /** Limit for a list, both compressed and decompressed. */
  readonly maxBytes: number;
  /** Limit for the whole transfer. */
  readonly timeoutMs: number;
}

/** The validators of a server's list (ETag, Last-Modified), sent back with the next request. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export interface FetchedList extends Validators {
  readonly isUnchanged: boolean;
  readonly isGzip: boolean;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Private addresses: a public list must not redirect requests into the local network. */
const PRIVATE_RANGES = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "::1",
  "fc00::/7",
];

export interface FetchOptions extends FetchLimits, Pick<RequestOptions, "lookup" | "signal" | "tls"> {
  /** Addresses that a list from outside of them may not redirect to. Default: those of private networks and of the machine itself. */
  readonly privateRanges?: readonly string[];
}

/**
 * Writes the list at a URL to an open file, as it was sent. A redirect is followed a few times, never from HTTPS to HTTP, and from
 * a public address never to a private one.
 *
 * @throws {ListError}
 */
export async function fetchList(
  url: string,
  file: number,
  validators: Validators,
  { maxBytes, timeoutMs, privateRanges = PRIVATE_RANGES, ...options }: FetchOptions,
): Promise<FetchedList> {
  const endsAtMs = performance.now() + timeoutMs;
  const isPrivate = addressRanges(privateRanges);
  let at = url;
  let deniedRanges = [...DENIED_RANGES];
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    ftruncateSync(file, 0);
    const { status, fields, remoteAddress } = await send(at, file, {
      ...{ ...options, maxBodyBytes: maxBytes, deniedRanges },
      timeoutMs: Math.max(1, Math.ceil(endsAtMs - performance.now())),
      fields: requestFields(validators),
    });
    if (status === 304) return { ...validators, isUnchanged: true, isGzip: false };
    if (status === 200) return { ...validatorsOf(fields), isUnchanged: false, isGzip: isGzip(fields) };
    if (!REDIRECTS.has(status)) throw new ListError("status", `the server answered with status ${status}`);
    if (!isPrivate(remoteAddress)) deniedRanges = [...DENIED_RANGES, ...privateRanges];
    at = redirected(at, fields);
  }
  throw new ListError("redirect", `the server redirects more than ${MAX_REDIRECTS} times`);
}

/** Sends a request, and writes the body of its answer to the file. */
async function send(url: string, file: number, options: RequestOptions): Promise<HttpResponse> {
  let bytes = 0;
  let diskError: ListError | undefined;
  const onBody = (part: Uint8Array) => {
    try {
      bytes += writeWhole(file, part, bytes);
    } catch (error) {
      diskError = new ListError("disk", fileProblemOf(error), error);
      throw error;
    }
  };
  try {
    return await request(url, { ...options, onBody });
  } catch (error) {
    const isLong = error instanceof TenkError && / is longer than /.test(error.message);
    if (isLong) throw new ListError("too-large", `it has more than ${options.maxBodyBytes} bytes`, error);
    throw diskError ?? new ListError("unreachable", messageOf(error), error);
  }
}

function requestFields({ etag, lastModified }: Validators): Record<string, string> {
  return {
    "Accept-Encoding": "gzip",
    "User-Agent": "tenk",
    ...(etag !== undefined && { "If-None-Match": etag }),
    ...(lastModified !== undefined && { "If-Modified-Since": lastModified }),
  };
}

function writeWhole(file: number, part: Uint8Array, at: number): number {
  let written = 0;
  while (written < part.length) written += writeSync(file, part, written, part.length - written, at + written);
  return written;
}

function fieldOf(fields: HttpResponse["fields"], name: string): string | undefined {
  return fields.find(([each]) => each === name)?.[1];
}

function validatorsOf(fields: HttpResponse["fields"]): Validators {
  const [etag, lastModified] = [fieldOf(fields, "etag"), fieldOf(fields, "last-modified")];
  return { ...(isShort(etag) && { etag }), ...(isShort(lastModified) && { lastModified }) };
}

function isShort(value: string | undefined): value is string {
  return value !== undefined && value.length <= 256;
}

function isGzip(fields: HttpResponse["fields"]): boolean {
  const coding = fieldOf(fields, "content-encoding")?.toLowerCase();
  if (coding === undefined || coding === "identity") return false;
  if (coding === "gzip" || coding === "x-gzip") return true;
  throw new ListError("not-text", "it is packed in another way than was asked for");
}

function redirected(from: string, fields: HttpResponse["fields"]): string {
  const location = fieldOf(fields, "location") ?? "";
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol))
    throw new ListError("redirect", "the server redirects to no web address");
  if (from.startsWith("https:") && to.protocol === "http:") {
    throw new ListError("redirect", "the server redirects from HTTPS to HTTP");
  }
  to.hash = "";
  return to.href;
}
