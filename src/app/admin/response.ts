import { TenkError } from "../../base/mod.ts";

export const TEXT = "text/plain; charset=utf-8";
export const HTML = "text/html; charset=utf-8";
export const JSON_TYPE = "application/json";

/**
 * Headers of every response: scripts from our own files alone, no frame around us, nothing that another site could load as its
 * own. The referrer policy is not `no-referrer`, with which browsers send a form's Origin as `null`.
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

/** Returns a response with the security headers, not to be cached unless `more` says so. */
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

/** Returns the API's body of every error: `{ error, hint }`. */
export function errorResponse(
  code: number,
  error: string,
  hint?: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  return json(hint === undefined ? { error } : { error, hint }, code, more);
}

/** Redirects by a GET, whatever the method was. */
export function redirect(location: string, more: Readonly<Record<string, string>> = {}): Response {
  return respond(303, "", null, { location, ...more });
}

/** Returns the error of a malformed request; its message is sent with 400. */
export function badRequest(error: string, hint?: string): TenkError {
  return new TenkError("usage", error, hint === undefined ? {} : { hint });
}
