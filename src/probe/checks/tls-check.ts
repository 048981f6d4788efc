import type { ClientTlsOptions, TlsInfo } from "../../net/mod.ts";
import type { Facts, Outcome } from "../health/mod.ts";
import { certificateProblem } from "./certificate-words.ts";
import { connectToTarget } from "./target-address.ts";
import { failedOutcome, withPort } from "./words.ts";

export interface TlsCheck {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** A handshake that takes longer is slow. */
  readonly slowMs: number;
  /** A certificate that is over sooner is about to expire. */
  readonly certificateDays: number;
  readonly tls?: ClientTlsOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly nowMs?: () => number;
}

/** Makes a TLS handshake, and closes the connection. Nothing is sent in it. */
export async function checkTls(check: TlsCheck): Promise<Outcome> {
  const { host, port, timeoutMs, nowMs = Date.now } = check;
  const where = withPort(host, port);
  const startedMs = performance.now();
  try {
    const info = await shakeHands(check);
    return outcomeOf(info, check, performance.now() - startedMs);
  } catch (error) {
    // A connect that succeeds and a handshake that does not is another thing than no answer.
    const phase = (error as { cause?: { phase?: unknown } }).cause?.phase;
    if (phase !== "tls") return failedOutcome(error, where, timeoutMs, nowMs());
    const reason = `${where} accepts connections and does not answer a TLS handshake: does it speak plain TCP?`;
    return { result: "down", facts: {}, reason };
  }
}

async function shakeHands({ host, port, timeoutMs, tls = {}, signal }: TlsCheck): Promise<TlsInfo | undefined> {
  const connection = await connectToTarget({ host, port, timeoutMs, tls, ...(signal && { signal }) }, {});
  try {
    return connection.tls;
  } finally {
    connection.close();
  }
}

function outcomeOf(
  info: TlsInfo | undefined,
  { slowMs, certificateDays, nowMs = Date.now }: TlsCheck,
  latencyMs: number,
): Outcome {
  const untilMs = info?.peer?.validTo.getTime();
  const facts: Facts = {
    latencyMs,
    ...(untilMs !== undefined && { certificateUntilMs: untilMs }),
    ...(info && { version: info.version }),
  };
  const problem = certificateProblem(untilMs, certificateDays, nowMs());
  if (problem !== undefined) return { result: "degraded", facts, reason: problem };
  if (latencyMs > slowMs) return { result: "degraded", facts, reason: `slow: ${Math.round(latencyMs)} ms` };
  return { result: "up", facts };
}
