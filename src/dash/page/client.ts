import type { ErrorAnswer } from "../api.ts";

/** An answer that was none: what to tell the reader, and what to do about it. */
export class ClientError extends Error {
  /** 0 where the box did not answer at all. */
  readonly status: number;
  readonly hint: string;

  constructor(status: number, message: string, hint: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** Kept while the page is open, for changes that need it; never stored. */
let token = "";

export function keepToken(text: string): void {
  token = text.trim();
}

type Words = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/**
 * Asks the box. Words without a value are left out.
 *
 * @throws {ClientError}
 */
export function ask<Answer>(path: string, words: Words = {}, signal?: AbortSignal): Promise<Answer> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(words)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== "") search.append(name, String(each));
    }
  }
  const query = search.size === 0 ? "" : `?${search}`;
  return request<Answer>(path + query, signal === undefined ? {} : { signal });
}

/** Changes something: says that this page asks, and the token where one was given. @throws {ClientError} */
export function change<Answer>(path: string, body: object): Promise<Answer> {
  return request<Answer>(path, { method: "POST", body: JSON.stringify(body) });
}

async function request<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const headers: Record<string, string> = { accept: "application/json", "x-tenk": "1" };
  if (token !== "") headers.authorization = `Bearer ${token}`;
  if (init.body !== undefined) headers["content-type"] = "application/json";
  // Beside the page, below whatever path a proxy has put the box.
  const response = await fetch(`.${path}`, { ...init, headers, credentials: "same-origin", cache: "no-store" }).catch(
    (error) => {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new ClientError(0, "The box does not answer", "Is tenk still running there? The page goes on trying.");
    },
  );
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, text);
  return (text === "" ? {} : JSON.parse(text)) as Answer;
}

function refusal(status: number, text: string): ClientError {
  let said: Partial<ErrorAnswer> = {};
  try {
    said = JSON.parse(text);
  } catch {
    // Plain text, from something in between.
  }
  const isAccess = status === 401 || status === 403;
  const message = said.error ?? (isAccess ? "The box wants to know who asks" : `The box answered ${status}`);
  return new ClientError(status, message, said.hint ?? "");
}
