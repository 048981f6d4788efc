import { type HttpResponse, request } from "../../http/mod.ts";
import type { ClientTlsOptions } from "../../net/mod.ts";
import type { Facts, Outcome } from "../health/mod.ts";
import { failureWords } from "./words.ts";

export interface HttpCheck {
  /** `http://127.0.0.1:3000`, `https://…`, `unix:/run/app.sock`, without a path of its own. */
  readonly url: string;
  /** @default {"/"} */
  readonly path?: string;
  readonly timeoutMs: number;
  /** An answer that takes longer is slow. */
  readonly slowMs: number;
  /** A certificate that is over sooner is about to expire. */
  readonly certificateDays: number;
  /** How TLS is done with `https:`. The certificate is verified unless this says otherwise. */
  readonly tls?: ClientTlsOptions;
  readonly signal?: AbortSignal;
  readonly nowMs?: () => number;
}

/** More than this is read of no answer. */
const MAX_BODY_BYTES = 65_536;
const DAY_MS = 86_400_000;

/**
 * Asks a service by HTTP. A redirect counts as an answer and is never followed. A status below 500 means that the server works; 401 and 403
 * mean that it requires authentication.
 */
export async function checkHttp(check: HttpCheck): Promise<Outcome> {
  const { url, path = "/", timeoutMs, tls, signal } = check;
  try {
    const response = await request(url.startsWith("unix:") ? url : new URL(path, url).href, {
      ...(url.startsWith("unix:") && { path }),
      timeoutMs,
      maxBodyBytes: MAX_BODY_BYTES,
      whenTooLong: "cut",
      fields: { "user-agent": "tenk-probe", accept: "*/*" },
      ...(tls && { tls }),
      ...(signal && { signal }),
    });
    return outcomeOf(response, check);
  } catch (error) {
    return { result: "down", facts: {}, reason: failureWords(error, url, timeoutMs) };
  }
}

function outcomeOf(
  { status, headMs, tls }: HttpResponse,
  { slowMs, certificateDays, nowMs = Date.now }: HttpCheck,
): Outcome {
  const certificateUntilMs = tls?.peer?.validTo.getTime();
  const facts: Facts = { latencyMs: headMs, ...(certificateUntilMs !== undefined && { certificateUntilMs }) };
  if (status >= 500) return { result: "down", facts, reason: `it answers with status ${status}` };
  if (status === 401 || status === 403)
    return { result: "restricted", facts, reason: `it answers with status ${status}: it wants to know who asks` };
  if (headMs > slowMs) return { result: "degraded", facts, reason: `slow: ${Math.round(headMs)} ms` };
  const leftDays =
    certificateUntilMs === undefined ? Number.POSITIVE_INFINITY : (certificateUntilMs - nowMs()) / DAY_MS;
  if (leftDays < certificateDays)
    return {
      result: "degraded",
      facts,
      reason: `its certificate is over in ${Math.max(0, Math.floor(leftDays))} days`,
    };
  return { result: "up", facts };
}
