import { TenkError } from "../../base/mod.ts";

export const TEXT = "text/plain; charset=utf-8";
export const HTML = "text/html; charset=utf-8";
export const JSON_TYPE = "application/json";

/**
 * On every answer, whatever it is. No script but our own files, no frame around us, nothing that a stranger's page could
 * load as its own; `same-origin` and not `no-referrer`, since browsers derive Origin of a form from it.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** An answer with its guards; not to be kept by anybody unless `more` says so. */
export function respond(
  code: number,
  type: string,
  body: string | Uint8Array<ArrayBuffer> | ReadableStream | null,
  more: Readonly<Record<string, string>> = {},
): Response {
  const headers = {
    "cache-control": "no-store",
    ...(type === "" ? {} : { "content-type": type }),
    ...SECURITY_HEADERS,
    ...more,
  };
  return new Response(body, { status: code, headers });
}

export function json(value: unknown, code = 200, more: Readonly<Record<string, string>> = {}): Response {
  return respond(code, JSON_TYPE, `${JSON.stringify(value)}\n`, more);
}

/** Every answer of the API that is not 2xx: `{ error, hint }`. */
export function errorResponse(
  code: number,
  error: string,
  hint?: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  return json(hint === undefined ? { error } : { error, hint }, code, more);
}

/** Somewhere else; 303 makes a GET of whatever came. */
export function redirect(location: string, more: Readonly<Record<string, string>> = {}): Response {
  return respond(303, "", null, { location, ...more });
}

/** What is wrong with a request: answered as it is, with 400. */
export function badRequest(error: string, hint?: string): TenkError {
  return new TenkError("usage", error, hint === undefined ? {} : { hint });
}
