import { randomBytes } from "node:crypto";
import { logOf, messageOf, TenkError } from "../../base/mod.ts";
import { usableCores } from "../../limits/mod.ts";
import { type Connection, connect } from "../../net/mod.ts";
import { AgentRun } from "./agent-run.ts";
import { bytes, count, finite } from "./check.ts";
import { malformed } from "./frame.ts";
import {
  type FromAgent,
  MAX_QUEUED_BYTES,
  PLAN_FRAMES,
  PROTOCOL,
  receive,
  STRANGER_FRAMES,
  send,
  shown,
} from "./messages.ts";
import { isProof, NONCE_BYTES, PROOF_BYTES, proof } from "./proof.ts";

const log = logOf("agent");
const JOIN_MS = 10_000;
const MOST_SILENT_MS = 3_600_000;

export interface AgentOptions {
  readonly host: string;
  readonly port: number;
  readonly key: string;
  readonly version: string;
  /** In reports and messages. */
  readonly name: string;
  /** Serve one controller after the other, until `signal` aborts. @default {false} */
  readonly forever?: boolean;
  /** Give up when no controller has taken this agent for so long. ms @default {Infinity} */
  readonly waitMs?: number;
  /** Longest wait between two attempts; the first waits are short. ms @default {5000} */
  readonly maxBackoffMs?: number;
  readonly signal?: AbortSignal;
}

/** How an attempt ended: a controller's test was over, or why it is worth another try. */
type Attempt = { readonly kind: "over" } | { readonly kind: "again"; readonly why: string };

/**
 * Dials in to a controller and does its part of each run. A controller that is not there yet is waited for.
 *
 * @returns when the controller's test is over, or `signal` aborted
 * @throws {TenkError} `permission-denied` for another key, `unsupported` for another version, `connect-timeout` after `waitMs`,
 *   `worker-failed` where the controller was lost
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { forever = false, waitMs = Number.POSITIVE_INFINITY, maxBackoffMs = 5000, signal } = options;
  let sinceMs = performance.now();
  for (let failures = 0; !signal?.aborted; failures++) {
    const attempt = await attemptOf(options, forever);
    if (signal?.aborted) return;
    if (attempt.kind === "over") {
      if (!forever) return;
      sinceMs = performance.now();
      failures = -1;
      continue;
    }
    if (performance.now() - sinceMs >= waitMs)
      throw new TenkError("connect-timeout", `No controller took this agent: ${attempt.why}`);
    if (failures === 0) log.info("waiting for the controller", { at: addressOf(options), why: attempt.why });
    // Random, so that a hundred agents do not come back at once.
    await pause(Math.min(maxBackoffMs, 200 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2), signal);
  }
}

async function attemptOf(options: AgentOptions, forever: boolean): Promise<Attempt> {
  try {
    return await new Session(options).toItsEnd();
  } catch (error) {
    if (options.signal?.aborted) return { kind: "over" };
    if (!(error instanceof TenkError)) throw error;
    const mayPass = error.code.startsWith("connect-") || error.code === "name-not-found" || error.code === "tls-failed";
    if (!mayPass && !forever) throw error;
    if (!mayPass) log.warn("controller left", { why: error.message });
    return { kind: "again", why: error.message };
  }
}

function addressOf({ host, port }: AgentOptions): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** One connection to a controller. */
class Session {
  readonly #options: AgentOptions;
  readonly #nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  readonly #end = Promise.withResolvers<Attempt>();
  #challenge: Uint8Array | undefined;
  #isJoined = false;
  #silentMs = JOIN_MS;
  #run: AgentRun | undefined;
  #runs = 0;
  /** What had come when it was last looked at. */
  #bytesRead = 0;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  /** @throws {TenkError} */
  async toItsEnd(): Promise<Attempt> {
    const { host, port, signal } = this.#options;
    const connection = await connect(
      {
        host,
        port,
        // The key says whose certificate it is.
        tls: { verify: false, minVersion: "TLSv1.3" },
        writeQueueMaxBytes: MAX_QUEUED_BYTES,
        ...(signal ? { signal } : {}),
      },
      {
        framing: STRANGER_FRAMES,
        readsWhileFull: true,
        open: (opened) => opened.deadline(JOIN_MS),
        frame: (from, frame) => this.#took(from, frame),
        expired: (silent) => this.#expired(silent),
        close: (_, reason) => this.#closed(reason),
      },
    );
    const leave = () => {
      if (this.#isJoined) send(connection, { kind: "leave", why: "stopped" });
      connection.closeWhenSent();
    };
    signal?.addEventListener("abort", leave);
    try {
      return await this.#end.promise;
    } finally {
      signal?.removeEventListener("abort", leave);
      this.#run?.close();
      connection.closeWhenSent();
    }
  }

  #took(connection: Connection<unknown>, frame: Uint8Array): void {
    try {
      this.#handle(connection, receive(frame));
      if (!this.#isJoined) return;
      this.#bytesRead = connection.bytesRead;
      connection.deadline(this.#silentMs);
    } catch (error) {
      this.#end.reject(error instanceof TenkError ? error : new TenkError("worker-failed", messageOf(error)));
      connection.close();
    }
  }

  #handle(connection: Connection<unknown>, message: ReturnType<typeof receive>): void {
    const tell = (told: FromAgent) => send(connection, told);
    if (!this.#isJoined) this.#join(connection, message);
    else if (message.kind === "ping")
      tell({ kind: "pong", id: count(message.id, "ping"), nowMs: performance.now(), wallMs: Date.now() });
    else if (message.kind === "bye") this.#bye();
    else if (message.kind === "prepare") {
      this.#run?.close();
      this.#runs += 1;
      this.#run = new AgentRun(count(message.run, "run"), tell);
      void this.#run.prepare(message);
    } else this.#run?.took(message);
  }

  #join(connection: Connection<unknown>, message: ReturnType<typeof receive>): void {
    const { key, version, name } = this.#options;
    const fingerprint = connection.tls?.peer?.fingerprint ?? "";
    if (message.kind === "challenge" && this.#challenge === undefined) {
      this.#challenge = bytes(message.nonce, NONCE_BYTES, "nonce");
      const nonces = { ofController: this.#challenge, ofAgent: this.#nonce };
      const own = proof(key, "agent", fingerprint, nonces);
      const about = { protocol: PROTOCOL, version, name, cores: usableCores() };
      send(connection, { kind: "join", ...about, nonce: this.#nonce, proof: own });
    } else if (message.kind === "refused") this.#refused(message);
    else if (message.kind === "welcome" && this.#challenge !== undefined) {
      const nonces = { ofController: this.#challenge, ofAgent: this.#nonce };
      if (!isProof(bytes(message.proof, PROOF_BYTES, "proof"), proof(key, "controller", fingerprint, nonces)))
        throw new TenkError("permission-denied", "What answers is no controller that has this key");
      this.#isJoined = true;
      this.#silentMs = finite(message.silentMs, "silence");
      if (!(this.#silentMs >= 1 && this.#silentMs <= MOST_SILENT_MS)) throw malformed("the bound of silence");
      connection.setFraming(PLAN_FRAMES);
      log.info("joined", { controller: addressOf(this.#options), name: shown(message.name, 250, "name") });
    } else throw malformed(`a controller does not begin with ${message.kind}`);
  }

  /** A place may come free; another key or version stays what it is. */
  #refused(message: ReturnType<typeof receive>): void {
    const text = shown(message.message, 500, "message");
    if (message.reason === "full" || message.reason === "throttled") {
      this.#end.resolve({ kind: "again", why: text });
      return;
    }
    const hint =
      message.reason === "key" ? { hint: "TENK_AGENT_KEY or --key-file: the one that the controller has" } : {};
    const code = message.reason === "key" ? "permission-denied" : "unsupported";
    throw new TenkError(code, `The controller refused this agent: ${text}`, hint);
  }

  #bye(): void {
    if (this.#runs > 0) this.#end.resolve({ kind: "over" });
    else this.#end.reject(new TenkError("worker-failed", "The controller ended before its test began"));
  }

  #expired(connection: Connection<unknown>): void {
    const before = this.#bytesRead;
    this.#bytesRead = connection.bytesRead;
    // A long plan takes its time to arrive.
    if (this.#isJoined && connection.bytesRead > before) {
      connection.deadline(this.#silentMs);
      return;
    }
    this.#end.reject(this.#left(`it was silent for ${this.#silentMs / 1000} s`));
    connection.close();
  }

  #closed(reason: string): void {
    this.#end.reject(this.#left(reason === "peer" ? "it closed the connection" : `the connection ended (${reason})`));
  }

  #left(why: string): TenkError {
    if (this.#isJoined) return new TenkError("worker-failed", `The controller was lost: ${why}`);
    return new TenkError("connect-failed", `The controller did not take this agent: ${why}`);
  }
}
