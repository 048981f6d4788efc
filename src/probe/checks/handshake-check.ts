import { withoutUndefined } from "../../base/mod.ts";
import type { Connection, Handler } from "../../net/mod.ts";
import {
  beginHandshake,
  type Handshake,
  type HandshakeKind,
  type HandshakeOptions,
  type HandshakeOutcome,
} from "../../wire/mod.ts";
import type { Facts, Outcome } from "../health/mod.ts";
import { reasonWords } from "./reason-words.ts";
import { connectToTarget } from "./target-address.ts";
import { failedOutcome } from "./words.ts";

export interface HandshakeCheck extends HandshakeOptions {
  readonly kind: HandshakeKind;
  readonly host: string;
  readonly port: number;
  /** Longest probe, from the connect to the outcome. */
  readonly timeoutMs: number;
  /** Longest connect, with the lookup of the name. @default {1000} */
  readonly connectMs?: number;
  /** How long a service may take to close after the farewell, so that it logs no broken connection. @default {500} */
  readonly lingerMs?: number;
  /** An answer that takes longer is slow. */
  readonly slowMs: number;
  /** Source address to connect from. */
  readonly localAddress?: string;
  readonly signal?: AbortSignal;
  /** Asks for a name's addresses. @default the system's resolver */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
}

/** Asks a service in its own protocol, on one connection. Resolves once that is closed. */
export async function checkHandshake(check: HandshakeCheck): Promise<Outcome> {
  const { host, port, localAddress, timeoutMs, signal, lookup } = check;
  const connectMs = Math.min(check.connectMs ?? 1000, timeoutMs);
  const probe = new HandshakeProbe(check);
  try {
    const more = withoutUndefined({ localAddress, signal, lookup });
    await connectToTarget({ host, port, timeoutMs: connectMs, ...more }, probe.handler);
  } catch (error) {
    const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    return failedOutcome(error, where, connectMs);
  }
  return probe.outcome;
}

class HandshakeProbe {
  readonly outcome: Promise<Outcome>;
  readonly handler: Handler;
  readonly #check: HandshakeCheck;
  readonly #handshake: Handshake;
  readonly #startedMs = performance.now();
  #decided: Outcome | undefined;

  constructor(check: HandshakeCheck) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#check = check;
    this.#handshake = beginHandshake(check.kind, check);
    this.handler = {
      open: (connection) => {
        connection.deadline(Math.max(1, check.timeoutMs - this.#elapsedMs()));
        if (this.#handshake.hello.length > 0) connection.write(this.#handshake.hello);
      },
      chunk: (connection, bytes) => this.#receive(connection, bytes),
      expired: (connection) => {
        const reason = `accepts connections, and does not answer within ${check.timeoutMs / 1000} s: does it hang?`;
        this.#decided ??= { result: "down", facts: {}, reason };
        connection.close();
      },
      close: () => resolve(this.#decided ?? this.#outcomeOf(this.#handshake.ended())),
    };
  }

  #receive(connection: Connection, bytes: Uint8Array): void {
    const step = this.#handshake.receive(bytes);
    if (step.state === "send") connection.write(step.bytes);
    if (step.state !== "done") return;
    this.#decided = this.#outcomeOf(step.outcome);
    connection.deadline(0);
    if (step.farewell.length > 0) connection.write(step.farewell);
    // Reads until the service closes: a close with bytes unread would be a reset, which some services log.
    connection.finish(this.#check.lingerMs ?? 500);
  }

  #outcomeOf({ state, reason, facts, detail }: HandshakeOutcome): Outcome {
    const { kind, slowMs } = this.#check;
    const { version, role } = facts;
    const latencyMs = this.#elapsedMs();
    const told: Facts = { latencyMs, ...(version !== undefined && { version }), ...(role !== undefined && { role }) };
    if (state === "up" || reason === undefined) {
      const slow = `slow: ${Math.round(latencyMs)} ms`;
      return latencyMs > slowMs ? { result: "degraded", facts: told, reason: slow } : { result: "up", facts: told };
    }
    const words = reasonWords(kind, reason);
    const said = detail === undefined ? "" : ` (it says: ${detail})`;
    return { result: state, facts: state === "down" ? {} : told, reason: `${words.says}: ${words.fix}${said}` };
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }
}
