import type { Outcome } from "../health/mod.ts";
import { connectToTarget } from "./target-address.ts";
import { failedOutcome } from "./words.ts";

export interface TcpCheck {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** How long the peer must keep a connection on which it says nothing. @default {350} */
  readonly holdMs?: number;
  readonly signal?: AbortSignal;
  /** Asks for a name's addresses. @default the system's resolver */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
}

/**
 * Connects, and waits until the peer says something or has kept the connection for a while: one that accepts and closes at once, as
 * docker-proxy does with nothing behind it, is not up. Sends nothing.
 */
export async function checkTcp({ host, port, timeoutMs, holdMs = 350, signal, lookup }: TcpCheck): Promise<Outcome> {
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const startedMs = performance.now();
  const settled = Promise.withResolvers<boolean>();
  try {
    const connection = await connectToTarget(
      { host, port, timeoutMs, ...(signal && { signal }), ...(lookup && { lookup }) },
      {
        // A deadline of the connection waits for what has come already: a close is seen first, however late a busy machine comes to it.
        open: (opened) => opened.deadline(holdMs),
        expired: () => settled.resolve(true),
        chunk: () => settled.resolve(true),
        end: () => settled.resolve(false),
        close: () => settled.resolve(false),
      },
    );
    const latencyMs = performance.now() - startedMs;
    const isKept = await settled.promise;
    connection.close();
    if (isKept) return { result: "up", facts: { latencyMs } };
    return { result: "down", facts: {}, reason: `${where} accepts and closes at once: is anything behind it?` };
  } catch (error) {
    return failedOutcome(error, where, timeoutMs);
  }
}
