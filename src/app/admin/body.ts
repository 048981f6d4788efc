import { wrongWords } from "./answer.ts";

/** What `tenk load` says of a run of hours, with room. */
export const MAX_BODY_BYTES = 4 * 2 ** 20;

/**
 * The JSON of a request. Only what is declared as JSON: a form of another site's page cannot declare that without being
 * asked for leave first.
 *
 * @throws {TenkError} `usage`
 */
export async function readJson(request: Request, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  if (!isType(request, "application/json")) throw wrongWords("expected content-type: application/json");
  const text = await readText(request, maxBytes);
  try {
    return JSON.parse(text);
  } catch {
    throw wrongWords("expected JSON");
  }
}

/** The fields of a form. @throws {TenkError} `usage` */
export async function readForm(request: Request, maxBytes = 8192): Promise<URLSearchParams> {
  if (!isType(request, "application/x-www-form-urlencoded")) throw wrongWords("expected a form");
  return new URLSearchParams(await readText(request, maxBytes));
}

function isType(request: Request, type: string): boolean {
  return request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() === type;
}

/** Stops reading where it is too long, whatever its head said. */
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
  return wrongWords(`expected at most ${maxBytes} bytes`);
}
