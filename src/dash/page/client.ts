import type { ErrorAnswer } from "../api.ts";

/** A request that failed: the message for the reader, and a hint what to do. */
export class ClientError extends Error {
  /** HTTP status; 0 where there was no response. */
  readonly status: number;
  readonly hint: string;

  constructor(status: number, message: string, hint: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** For requests that change something. Kept while the page is open, never stored. */
let token = "";

export function keepToken(text: string): void {
  token = text.trim();
}

type Parameters = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/**
 * Sends a GET request. Parameters without a value are left out.
 *
 * @throws {ClientError}
 */
export function ask<Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<Answer> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== "") search.append(name, String(each));
    }
  }
  const query = search.size === 0 ? "" : `?${search}`;
  return request<Answer>(path + query, signal === undefined ? {} : { signal });
}

/** Sends a POST request, with the token where one was typed. @throws {ClientError} */
export function change<Answer>(path: string, body: object): Promise<Answer> {
  return request<Answer>(path, { method: "POST", body: JSON.stringify(body) });
}

async function request<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const headers: Record<string, string> = { accept: "application/json", "x-tenk": "1" };
  if (token !== "") headers.authorization = `Bearer ${token}`;
  if (init.body !== undefined) headers["content-type"] = "application/json";
  // Relative, so that it works below any path of a proxy.
  const response = await fetch(`.${path}`, { ...init, headers, credentials: "same-origin", cache: "no-store" }).catch(
    (error) => {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new ClientError(0, "The server does not answer", "Is tenk still running? The page keeps trying.");
    },
  );
  const text = await response.text();
  if (!response.ok) throw errorOf(response.status, text);
  return (text === "" ? {} : JSON.parse(text)) as Answer;
}

function errorOf(status: number, text: string): ClientError {
  let parsed: Partial<ErrorAnswer> = {};
  try {
    parsed = JSON.parse(text);
  } catch {
    // Plain text, from a proxy in between.
  }
  const isAccess = status === 401 || status === 403;
  const message = parsed.error ?? (isAccess ? "Authentication required" : `The server answered with status ${status}`);
  return new ClientError(status, message, parsed.hint ?? "");
}
