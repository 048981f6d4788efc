import { connect } from "../../net/mod.ts";
import type { Outcome } from "../health/mod.ts";
import { failureWords } from "./words.ts";

export interface TcpCheck {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** How long the peer must keep a connection on which it says nothing. @default {350} */
  readonly holdMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Connects, and waits until the peer says something or has kept the connection for a while: one that accepts and closes at once, as
 * docker-proxy does with nothing behind it, is not up. Sends nothing.
 */
export async function checkTcp({ host, port, timeoutMs, holdMs = 350, signal }: TcpCheck): Promise<Outcome> {
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const startedMs = performance.now();
  const settled = Promise.withResolvers<boolean>();
  try {
    const connection = await connect(
      { host, port, timeoutMs, ...(signal && { signal }) },
      { chunk: () => settled.resolve(true), end: () => settled.resolve(false), close: () => settled.resolve(false) },
    );
    const latencyMs = performance.now() - startedMs;
    const timer = setTimeout(() => settled.resolve(true), holdMs);
    const isKept = await settled.promise;
    clearTimeout(timer);
    connection.close();
    if (isKept) return { result: "up", facts: { latencyMs } };
    return { result: "down", facts: {}, reason: `${where} accepts and closes at once: is anything behind it?` };
  } catch (error) {
    return { result: "down", facts: {}, reason: failureWords(error, where, timeoutMs) };
  }
}
