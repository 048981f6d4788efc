import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { chooseEncoding, prefersHtml } from "./accept.ts";
import { errorPage } from "./error-page.ts";
import { JSON_TYPE } from "./response.ts";
import type { Site } from "./site.ts";

const MIN_GZIP_BYTES = 1024;
const gzipBytes = promisify(gzip);

/**
 * Makes a response fit its reader: an error becomes a page for a browser, a long text is gzipped for a client that accepts it.
 *
 * @param path the request's path, from which the page's links lead back to the root
 */
export async function finishResponse(
  request: Request,
  path: string,
  answered: Response,
  site: Site,
): Promise<Response> {
  const { headers } = request;
  const isRefusal = answered.status >= 400 && typeOf(answered) === JSON_TYPE;
  const readable = isRefusal && prefersHtml(headers.get("accept") ?? "") ? await errorPage(answered, path) : answered;
  setFramePolicy(readable.headers, site);
  return isCompressible(readable) ? compressed(readable, headers.get("accept-encoding") ?? "") : readable;
}

/**
 * Allows the pages of `dashboard.frameAncestors` to show us in a frame. `X-Frame-Options` cannot name origins, and browsers that
 * know `frame-ancestors` ignore it, so that it is removed where it would contradict.
 */
function setFramePolicy(headers: Headers, { frameAncestors }: Site): void {
  if (frameAncestors.length === 0) return;
  const policy = headers.get("content-security-policy") ?? "";
  headers.set(
    "content-security-policy",
    policy.replace("frame-ancestors 'none'", `frame-ancestors ${frameAncestors.join(" ")}`),
  );
  if (frameAncestors.every((each) => each === "'self'")) headers.set("x-frame-options", "SAMEORIGIN");
  else headers.delete("x-frame-options");
}

function typeOf({ headers }: Response): string {
  return headers.get("content-type")?.split(";")[0] ?? "";
}

/** False for a compressed body, and for a stream, whose events gzip would hold back. */
function isCompressible(answered: Response): boolean {
  if (answered.headers.has("content-encoding")) return false;
  return [JSON_TYPE, "text/plain", "text/html", "application/openmetrics-text"].includes(typeOf(answered));
}

/** Compresses in a thread of the runtime: 2 MB take 100 ms, which would hold up the event loop. */
async function compressed(answered: Response, acceptEncoding: string): Promise<Response> {
  const { headers, status } = answered;
  const vary = [headers.get("vary"), "accept-encoding"].filter((each) => each !== null && each !== "");
  headers.set("vary", [...new Set(vary.join(", ").split(/, */))].join(", "));
  if (answered.body === null || chooseEncoding(acceptEncoding, ["gzip"]) === undefined) return answered;
  const bytes = new Uint8Array(await answered.arrayBuffer());
  if (bytes.length < MIN_GZIP_BYTES) return new Response(bytes, { status, headers });
  headers.set("content-encoding", "gzip");
  return new Response(new Uint8Array(await gzipBytes(bytes)), { status, headers });
}
