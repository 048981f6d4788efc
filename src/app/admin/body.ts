import { badRequest } from "./response.ts";

/** More than the report of a load test of several hours. */
export const MAX_BODY_BYTES = 4 * 2 ** 20;

/**
 * Parses the JSON body of a request. The content type must be JSON: another site's form cannot set it without a CORS preflight.
 *
 * @throws {TenkError} `usage`
 */
export async function readJson(request: Request, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  if (!isType(request, "application/json")) throw badRequest("expected content-type: application/json");
  const text = await readText(request, maxBytes);
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("expected JSON");
  }
}

/** Parses a form. @throws {TenkError} `usage` */
export async function readForm(request: Request, maxBytes = 8192): Promise<URLSearchParams> {
  if (!isType(request, "application/x-www-form-urlencoded")) throw badRequest("expected a form");
  return new URLSearchParams(await readText(request, maxBytes));
}

/** Reads all of a body, and returns the end of it. */
export async function readTail(request: Request, maxBytes: number): Promise<string> {
  let tail: Uint8Array = new Uint8Array(0);
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>)
    tail = Buffer.concat([tail, part.subarray(-maxBytes || part.length)]).subarray(
      -maxBytes || Number.MAX_SAFE_INTEGER,
    );
  return Buffer.from(tail).toString("utf8");
}

function isType(request: Request, type: string): boolean {
  return request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() === type;
}

/** Stops reading at `maxBytes`, whatever Content-Length says. */
async function readText(request: Request, maxBytes: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLong(maxBytes);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > maxBytes) throw tooLong(maxBytes);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function tooLong(maxBytes: number): Error {
  return badRequest(`expected at most ${maxBytes} bytes`);
}
