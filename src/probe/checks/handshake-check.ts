import { withoutUndefined } from "../../base/mod.ts";
import type { ClientTlsOptions, CloseReason, Connection, Handler, PeerCertificate } from "../../net/mod.ts";
import {
  beginHandshake,
  type Handshake,
  type HandshakeKind,
  type HandshakeOptions,
  type HandshakeOutcome,
  STARTS_TLS,
} from "../../wire/mod.ts";
import type { Facts, Outcome } from "../health/mod.ts";
import { certificateProblem } from "./certificate-words.ts";
import { reasonWords } from "./reason-words.ts";
import { connectToTarget } from "./target-address.ts";
import { failedOutcome } from "./words.ts";

export interface HandshakeCheck extends Omit<HandshakeOptions, "tls"> {
  readonly kind: HandshakeKind;
  readonly host: string;
  readonly port: number;
  /** How TLS is done; undefined without it. The certificate is verified unless this says otherwise. */
  readonly tls?: ClientTlsOptions;
  /** A certificate that is over sooner is about to expire. @default {7} */
  readonly certificateDays?: number;
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
  const { kind, host, port, localAddress, timeoutMs, signal, lookup, tls } = check;
  // With TLS from the first byte the connect has the handshake in it.
  const tlsAtOnce = tls !== undefined && !STARTS_TLS.has(kind) ? tls : undefined;
  const connectMs = Math.min(check.connectMs ?? (tlsAtOnce ? timeoutMs : 1000), timeoutMs);
  const probe = new HandshakeProbe(check);
  try {
    const more = withoutUndefined({ localAddress, signal, lookup, tls: tlsAtOnce });
    await connectToTarget({ host, port, timeoutMs: connectMs, ...more }, probe.handler);
  } catch (error) {
    return failedOutcome(error, whereOf(check), connectMs);
  }
  return probe.outcome;
}

function whereOf({ host, port }: HandshakeCheck): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

class HandshakeProbe {
  readonly outcome: Promise<Outcome>;
  readonly handler: Handler;
  readonly #check: HandshakeCheck;
  readonly #handshake: Handshake;
  readonly #startedMs = performance.now();
  readonly #resolve: (outcome: Outcome) => void;
  #decided: Outcome | undefined;
  #certificate: PeerCertificate | undefined;

  constructor(check: HandshakeCheck) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#check = check;
    const { tls, ...options } = check;
    this.#handshake = beginHandshake(check.kind, { ...options, tls: tls !== undefined });
    this.handler = {
      open: (connection) => {
        connection.deadline(Math.max(1, check.timeoutMs - this.#elapsedMs()));
        this.#certificate = connection.tls?.peer;
        if (this.#handshake.hello.length > 0) connection.write(this.#handshake.hello);
      },
      chunk: (connection, bytes) => this.#receive(connection, bytes),
      expired: (connection) => {
        const reason = `accepts connections, and does not answer within ${check.timeoutMs / 1000} s: does it hang?`;
        this.#decided ??= { result: "down", facts: {}, reason };
        connection.close();
      },
      close: (_, reason, cause) => this.#closed(reason, cause),
    };
  }

  #receive(connection: Connection, bytes: Uint8Array): void {
    const step = this.#handshake.receive(bytes);
    if (step.state === "send") connection.write(step.bytes);
    if (step.state === "tls") void this.#secure(connection, step);
    if (step.state !== "done") return;
    this.#certificate ??= connection.tls?.peer;
    this.#decided = this.#outcomeOf(step.outcome);
    connection.deadline(0);
    if (step.farewell.length > 0) connection.write(step.farewell);
    // Reads until the service closes: a close with bytes unread would be a reset, which some services log.
    connection.finish(this.#check.lingerMs ?? 500);
  }

  async #secure(connection: Connection, { bytes, secured }: { bytes: Uint8Array; secured: Uint8Array }): Promise<void> {
    if (bytes.length > 0) connection.write(bytes);
    try {
      await connection.startTls({ serverName: this.#check.host, ...this.#check.tls });
      connection.write(secured);
    } catch {
      // The connection is closed, and `close` has got the reason.
    }
  }

  #closed(reason: CloseReason, cause: Error | undefined): void {
    if (reason === "tls-failed") this.#decided ??= failedOutcome(cause, whereOf(this.#check), this.#check.timeoutMs);
    this.#resolve(this.#decided ?? this.#outcomeOf(this.#handshake.ended()));
  }

  #outcomeOf({ state, reason, facts, detail }: HandshakeOutcome): Outcome {
    const { kind, slowMs, certificateDays = 7 } = this.#check;
    const { version, role } = facts;
    const latencyMs = this.#elapsedMs();
    const until = this.#certificate?.validTo.getTime();
    const certificate: Facts = until === undefined ? {} : { certificateUntilMs: until };
    const told: Facts = { latencyMs, ...certificate, ...withoutUndefined({ version, role }) };
    if (state === "up" || reason === undefined) {
      const wrong = latencyMs > slowMs ? `slow: ${Math.round(latencyMs)} ms` : undefined;
      const amiss = wrong ?? certificateProblem(until, certificateDays, Date.now());
      return amiss === undefined ? { result: "up", facts: told } : { result: "degraded", facts: told, reason: amiss };
    }
    const words = reasonWords(kind, reason);
    const said = detail === undefined ? "" : ` (it says: ${detail})`;
    const known = state === "down" ? certificate : told;
    return { result: state, facts: known, reason: `${words.says}: ${words.fix}${said}` };
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }
}
