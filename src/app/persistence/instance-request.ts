import { request } from "node:http";
import { request as requestTls } from "node:https";
import { messageOf } from "../../base/mod.ts";

export interface JsonRequest {
  readonly token?: string;
  /** Posted as JSON; without it the request is a GET. */
  readonly body?: unknown;
  /** @default {1000} */
  readonly timeoutMs?: number;
}

/** The response's value, or why there is none. */
export interface JsonResult {
  readonly value?: unknown;
  readonly why?: string;
}

const MAX_ANSWER_LENGTH = 65_536;

/**
 * Requests JSON from an instance; never rejects. Uses `node:http`: the runtime's first `fetch` ends the process when no descriptor
 * is left.
 */
export function requestJson(url: URL, { token, body, timeoutMs = 1000 }: JsonRequest): Promise<JsonResult> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    accept: "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(text === undefined
      ? {}
      : { "x-tenk": "1", "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
  };
  const method = text === undefined ? "GET" : "POST";
  const send = url.protocol === "https:" ? requestTls : request;
  return new Promise((resolve) => {
    const asking = send(url, { method, headers, timeout: timeoutMs, agent: false }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        if (answer.length < MAX_ANSWER_LENGTH) answer += part;
      });
      response.on("end", () => resolve(answerOf(response.statusCode ?? 0, answer)));
      response.on("error", (error) => resolve({ why: messageOf(error) }));
    });
    const timer = setTimeout(() => asking.destroy(), timeoutMs);
    asking.on("close", () => {
      clearTimeout(timer);
      resolve({ why: "it does not answer" });
    });
    asking.on("timeout", () => asking.destroy());
    asking.on("error", (error) => resolve({ why: messageOf(error) }));
    asking.end(text);
  });
}

function answerOf(code: number, text: string): JsonResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not an instance of tenk.
  }
  if (code === 200 || code === 201) return value === undefined ? { why: "it does not answer as tenk does" } : { value };
  const { error } = (value ?? {}) as { readonly error?: unknown };
  const detail = typeof error === "string" ? `: ${error.slice(0, 200).replace(/[^\x20-\x7e]+/g, " ")}` : "";
  return { why: `it answered ${code}${detail}` };
}
