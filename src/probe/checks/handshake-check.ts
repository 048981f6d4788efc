import { withoutUndefined } from "../../base/mod.ts";
import type { ClientTlsOptions, CloseReason, Connection, Handler, PeerCertificate } from "../../net/mod.ts";
import {
  beginHandshake,
  type Handshake,
  type HandshakeKind,
  type HandshakeOptions,
  type HandshakeOutcome,
  type HandshakeStep,
  type RecognizingHandshake,
  STARTS_TLS,
} from "../../wire/mod.ts";
import type { Facts, Outcome } from "../health/mod.ts";
import { certificateProblem } from "./certificate-words.ts";
import { reasonWords } from "./reason-words.ts";
import { connectToTarget } from "./target-address.ts";
import { failedOutcome } from "./words.ts";

export interface HandshakeCheck extends SocketCheck {
  readonly kind: HandshakeKind;
}

/** How a service is asked over a connection of its own. */
export interface SocketCheck extends Omit<HandshakeOptions, "tls"> {
  readonly host: string;
  readonly port: number;
  /** How TLS is done; undefined without it. The certificate is verified unless this says otherwise. */
  readonly tls?: ClientTlsOptions;
  /** A certificate that is over sooner is about to expire. @default {7} */
  readonly certificateDays?: number;
  /** Longest probe, from the connect to the outcome. */
  readonly timeoutMs: number;
  /** Longest connect, with the lookup of the name. @default {timeoutMs} */
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
  /** Called with the address that a connection was made to: of several that a name has, others may be dead. */
  readonly connected?: (address: string) => void;
}

/** Asks a service in its own protocol, on one connection. Resolves once that is closed. */
export function checkHandshake({ kind, ...check }: HandshakeCheck): Promise<Outcome> {
  const { tls, ...options } = check;
  const handshake = beginHandshake(kind, { ...options, tls: tls !== undefined });
  // With TLS from the first byte the connect has the handshake in it.
  return runHandshake(check, () => kind, handshake, STARTS_TLS.has(kind) ? undefined : tls);
}

/**
 * Listens what a service of unknown kind says first, and goes on in that protocol.
 *
 * @param handshake has the kind afterwards
 * @param holdMs how long a service that says nothing must keep the connection
 */
export async function checkUnknown(
  check: SocketCheck,
  handshake: RecognizingHandshake,
  holdMs: number,
): Promise<Outcome> {
  return runHandshake({ ...check, holdMs }, () => handshake.kind, handshake, check.tls);
}

type RunCheck = SocketCheck & { readonly holdMs?: number };

async function runHandshake(
  check: RunCheck,
  kind: () => HandshakeKind | undefined,
  handshake: Handshake & Partial<RecognizingHandshake>,
  tlsAtOnce: ClientTlsOptions | undefined,
): Promise<Outcome> {
  const { host, port, localAddress, timeoutMs, signal, lookup } = check;
  const connectMs = Math.min(check.connectMs ?? timeoutMs, timeoutMs);
  const probe = new HandshakeProbe(check, kind, handshake);
  try {
    const more = withoutUndefined({ localAddress, signal, lookup, tls: tlsAtOnce });
    await connectToTarget({ host, port, timeoutMs: connectMs, ...more }, probe.handler);
  } catch (error) {
    return failedOutcome(error, whereOf(check), connectMs);
  }
  return probe.outcome;
}

function whereOf({ host, port }: SocketCheck): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

class HandshakeProbe {
  readonly outcome: Promise<Outcome>;
  readonly handler: Handler;
  readonly #check: RunCheck;
  readonly #kind: () => HandshakeKind | undefined;
  readonly #handshake: Handshake & Partial<RecognizingHandshake>;
  readonly #startedMs = performance.now();
  readonly #resolve: (outcome: Outcome) => void;
  #decided: Outcome | undefined;
  #openMs = 0;
  #certificate: PeerCertificate | undefined;

  constructor(
    check: RunCheck,
    kind: () => HandshakeKind | undefined,
    handshake: Handshake & Partial<RecognizingHandshake>,
  ) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#check = check;
    this.#kind = kind;
    this.#handshake = handshake;
    this.handler = {
      open: (connection) => {
        this.#openMs = this.#elapsedMs();
        check.connected?.(connection.remoteAddress);
        connection.deadline(Math.min(this.#leftMs(), check.holdMs ?? Number.POSITIVE_INFINITY));
        this.#certificate = connection.tls?.peer;
        if (this.#handshake.hello.length > 0) connection.write(this.#handshake.hello);
      },
      chunk: (connection, bytes) => this.#receive(connection, bytes),
      expired: (connection) => {
        // Who listens waits for a while only; then there is time left for a question.
        const step = this.#handshake.silent?.() ?? { state: "incomplete" };
        if (step.state === "done" || this.#elapsedMs() < check.timeoutMs) {
          connection.deadline(this.#leftMs());
          this.#take(connection, step);
          return;
        }
        const reason = `accepts connections, and does not answer within ${check.timeoutMs / 1000} s: does it hang?`;
        this.#decided ??= { result: "down", facts: {}, reason };
        connection.close();
      },
      close: (_, reason, cause) => this.#closed(reason, cause),
    };
  }

  #receive(connection: Connection, bytes: Uint8Array): void {
    this.#take(connection, this.#handshake.receive(bytes));
  }

  #take(connection: Connection, step: HandshakeStep): void {
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
    const { slowMs, certificateDays = 7 } = this.#check;
    const { version, role } = facts;
    const latencyMs = this.#kind() === undefined ? this.#openMs : this.#elapsedMs();
    const until = this.#certificate?.validTo.getTime();
    const certificate: Facts = until === undefined ? {} : { certificateUntilMs: until };
    const told: Facts = { latencyMs, ...certificate, ...withoutUndefined({ version, role }) };
    if (state === "up" || reason === undefined) {
      const wrong = latencyMs > slowMs ? `slow: ${Math.round(latencyMs)} ms` : undefined;
      const amiss = wrong ?? certificateProblem(until, certificateDays, Date.now());
      return amiss === undefined ? { result: "up", facts: told } : { result: "degraded", facts: told, reason: amiss };
    }
    const words = reasonWords(this.#kind(), reason);
    const said = detail === undefined ? "" : ` (it says: ${detail})`;
    const known = state === "down" ? certificate : told;
    return { result: state, facts: known, reason: `${words.says}: ${words.fix}${said}` };
  }

  #leftMs(): number {
    return Math.max(1, this.#check.timeoutMs - this.#elapsedMs());
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }
}
