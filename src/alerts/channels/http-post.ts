import { messageOf, TenkError } from "../../base/mod.ts";
import { type HttpResponse, request } from "../../http/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import { type Delivery, masked, shortLine } from "./channel.ts";

export interface HttpPost {
  readonly url: string;
  readonly method?: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
  readonly tls: ClientTlsOptions | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Beside the URL's path, query and password. */
  readonly secrets: readonly string[];
}

const MAX_ANSWER_BYTES = 4096;
/** Shorter parts of an address are words. */
const MIN_SECRET = 8;
/** Statuses that say something about the message, not about who sends it or where. */
const UNWANTED = [400, 411, 413, 415, 422, 431];

/** Sends one request. Redirects are not followed: credentials stay with the server that they are for. */
export async function post({
  url,
  method = "POST",
  fields,
  body,
  tls,
  timeoutMs,
  signal,
  secrets,
}: HttpPost): Promise<Delivery> {
  const { pathname, search, username, password, origin } = new URL(url);
  const hidden = [...secrets, ...secretParts(new URL(url))];
  const basic =
    username === "" ? {} : { authorization: basicAuth(decodeURIComponent(username), decodeURIComponent(password)) };
  try {
    const response = await request(origin + pathname + search, {
      method,
      fields: { "user-agent": "tenk", ...basic, ...fields },
      body,
      timeoutMs,
      maxBodyBytes: MAX_ANSWER_BYTES,
      whenTooLong: "cut",
      signal,
      ...(tls && { tls }),
    });
    return deliveryOf(response, hidden);
  } catch (error) {
    const why = messageOf(error).replace(/^Request to \S+ failed: /, "");
    const isRight = !(error instanceof TenkError) || !["invalid-option", "permission-denied"].includes(error.code);
    return { result: isRight ? "failed" : "refused", why: shortLine(masked(why, hidden)) };
  }
}

/** Parts of an address that may be secret: Discord, Slack and Telegram have their tokens in the path. */
function secretParts({ pathname, search, password }: URL): string[] {
  const parts = [...pathname.split("/"), ...search.slice(1).split(/[&=]/)].filter((part) => part.length >= MIN_SECRET);
  return [pathname.slice(1), search.slice(1), decodeURIComponent(password), ...parts];
}

export function basicAuth(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function deliveryOf(response: HttpResponse, secrets: readonly string[]): Delivery {
  const { status, body } = response;
  if (status >= 200 && status < 300) return { result: "sent" };
  const said = shortLine(masked(Buffer.from(body).toString("utf8"), secrets));
  const why = `it answers with status ${status}${said === "" ? "" : `: ${said}`}`;
  if (status >= 300 && status < 400)
    return {
      result: "refused",
      why: `it answers with a redirect (${status}), which is not followed: set the address that it leads to`,
    };
  if (UNWANTED.includes(status)) return { result: "unwanted", why };
  const isTemporary = status >= 500 || status === 408 || status === 425 || status === 429;
  if (!isTemporary) return { result: "refused", why };
  const waitMs = retryAfterMs(response);
  return { result: "failed", why, ...(waitMs > 0 && { waitMs }) };
}

/** Reads `Retry-After`, in seconds or as a date; Telegram and Discord have it in the answer's JSON. */
function retryAfterMs({ fields, body }: HttpResponse): number {
  const [, header = ""] = fields.find(([name]) => name === "retry-after") ?? [];
  const seconds = header.trim() === "" ? secondsIn(body) : Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - Date.now());
}

function secondsIn(body: Uint8Array): number {
  try {
    const { retry_after, parameters } = JSON.parse(Buffer.from(body).toString("utf8"));
    return Number(retry_after ?? parameters?.retry_after ?? 0);
  } catch {
    return 0;
  }
}
