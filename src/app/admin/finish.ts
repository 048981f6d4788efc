import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { JSON_TYPE } from "./answer.ts";
import { chosenCoding, wantsPage } from "./quality.ts";
import { refusalPage } from "./refusal-page.ts";
import type { Site } from "./site.ts";

const MIN_GZIP_BYTES = 1024;
const packed = promisify(gzip);

/**
 * Makes of an answer what its reader can use: a page of a refusal that a person sees in a browser, gzip of what is long and
 * was asked for so.
 *
 * @param path as the request has it, which says how a page finds back to the root
 */
export async function finished(request: Request, path: string, answered: Response, site: Site): Promise<Response> {
  const { headers } = request;
  const isRefusal = answered.status >= 400 && typeOf(answered) === JSON_TYPE;
  const readable = isRefusal && wantsPage(headers.get("accept") ?? "") ? await refusalPage(answered, path) : answered;
  framed(readable.headers, site);
  return isCompressible(readable) ? compressed(readable, headers.get("accept-encoding") ?? "") : readable;
}

/**
 * Lets the pages that the configuration names show us in a frame. `X-Frame-Options` knows but all, own or none, and a browser
 * that knows `frame-ancestors` ignores it: it goes where it would say something else.
 */
function framed(headers: Headers, { frameAncestors }: Site): void {
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

/** Neither what is packed already nor a stream, whose events would wait for each other. */
function isCompressible(answered: Response): boolean {
  if (answered.headers.has("content-encoding")) return false;
  return [JSON_TYPE, "text/plain", "text/html", "application/openmetrics-text"].includes(typeOf(answered));
}

/** In a thread of the runtime's: 2 MB take a tenth of a second, in which the event loop has connections to serve. */
async function compressed(answered: Response, acceptEncoding: string): Promise<Response> {
  const { headers, status } = answered;
  const vary = [headers.get("vary"), "accept-encoding"].filter((each) => each !== null && each !== "");
  headers.set("vary", [...new Set(vary.join(", ").split(/, */))].join(", "));
  if (answered.body === null || chosenCoding(acceptEncoding, ["gzip"]) === undefined) return answered;
  const bytes = new Uint8Array(await answered.arrayBuffer());
  if (bytes.length < MIN_GZIP_BYTES) return new Response(bytes, { status, headers });
  headers.set("content-encoding", "gzip");
  return new Response(new Uint8Array(await packed(bytes)), { status, headers });
}
