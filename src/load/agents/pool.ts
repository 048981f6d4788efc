import { randomBytes, X509Certificate } from "node:crypto";
import { attemptsKey, Throttle } from "../../auth/mod.ts";
import { logOf, messageOf, occasionallyEach, TenkError } from "../../base/mod.ts";
import {
  type Certificate,
  type CloseReason,
  type Connection,
  type Handler,
  listen,
  type Server,
} from "../../net/mod.ts";
import type { LoadPlan } from "../plan/mod.ts";
import type { Agents } from "../run.ts";
import type { LoadWorkers } from "../workers/mod.ts";
import { prepareAgentWorkers } from "./agent-workers.ts";
import { bytes, count, type Fields } from "./check.ts";
import { malformed } from "./frame.ts";
import {
  AGENTS_PORT,
  MAX_QUEUED_BYTES,
  PROTOCOL,
  type RefusalReason,
  receive,
  STATE_FRAMES,
  STRANGER_FRAMES,
  send,
  shown,
} from "./messages.ts";
import { isProof, NONCE_BYTES, type Nonces, PROOF_BYTES, proof } from "./proof.ts";
import { RemoteAgent } from "./remote-agent.ts";

const log = logOf("load");

export interface PoolOptions {
  /** Agents that share each run. */
  readonly wanted: number;
  /** What agents prove to have, and the controller to them. */
  readonly key: string;
  /** PEM. The key pins it. */
  readonly certificate: Certificate;
  /** Agents of another one are refused. */
  readonly version: string;
  /** @default {"0.0.0.0"} */
  readonly host?: string;
  /** 0 = any. @default {9292} */
  readonly port?: number;
  /** How long all are waited for. ms @default {300000} */
  readonly timeoutMs?: number;
  /** An agent of which nothing was heard for so long is lost. ms @default {10000} */
  readonly silentMs?: number;
  /** Time for a stranger to join. ms @default {10000} */
  readonly joinMs?: number;
  /** Connections beside those of the agents: who joins or is refused. @default {256} */
  readonly maxStrangers?: number;
  /** Called when one joined or left before a run. */
  readonly onChange?: (names: readonly string[]) => void;
}

/** What a connection is: a stranger's, whose nonce this is, or that of an agent. `bytesRead` is what had come when it was last looked at. */
type Visitor = { readonly nonce: Uint8Array; agent: RemoteAgent | undefined; bytesRead: number };

interface Refusal {
  readonly reason: RefusalReason;
  readonly message: string;
}

/** The port where agents dial in, and those that have. */
export class AgentPool implements Agents, AsyncDisposable {
  /** How many were turned away, by reason. */
  readonly refused: Record<RefusalReason | "malformed" | "late", number> = {
    key: 0,
    throttled: 0,
    version: 0,
    full: 0,
    malformed: 0,
    late: 0,
  };
  readonly #options: Required<PoolOptions>;
  readonly #fingerprint: string;
  readonly #throttle = new Throttle();
  readonly #agents: RemoteAgent[] = [];
  readonly #logRefused = occasionallyEach((reason: string, times, address: string) =>
    log.warn("agent rejected", { reason, times, address }),
  );
  #server: Server | undefined;
  #isEnding = false;
  #changed: () => void = () => {};
  #runs = 0;

  private constructor(options: PoolOptions) {
    const defaults = { host: "0.0.0.0", port: AGENTS_PORT, timeoutMs: 300_000, silentMs: 10_000, joinMs: 10_000 };
    this.#options = { ...defaults, maxStrangers: 256, onChange: () => {}, ...options };
    this.#fingerprint = new X509Certificate(options.certificate.cert).fingerprint256;
  }

  /** Opens the port. @throws {TenkError} `port-in-use` and the like */
  static async open(options: PoolOptions): Promise<AgentPool> {
    const pool = new AgentPool(options);
    const { host, port, certificate, wanted, maxStrangers } = pool.#options;
    pool.#server = await listen<Visitor>(
      {
        host,
        port,
        name: "agents",
        tls: { cert: certificate.cert, key: certificate.key, minVersion: "TLSv1.3" },
        limits: { maxConnections: wanted + maxStrangers },
        writeQueueMaxBytes: MAX_QUEUED_BYTES,
      },
      pool.#handler(),
    );
    return pool;
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  /** Those that are here, sorted. */
  get names(): string[] {
    return this.#agents.map(({ name }) => name);
  }

  /**
   * Waits until all are here.
   *
   * @throws {TenkError} `connect-timeout`, which says who came; `connect-aborted` when `signal` aborts
   */
  async arrived(signal?: AbortSignal): Promise<void> {
    const { wanted, timeoutMs } = this.#options;
    const endMs = performance.now() + timeoutMs;
    while (this.#agents.length < wanted) {
      const leftMs = endMs - performance.now();
      if (signal?.aborted) throw new TenkError("connect-aborted", "Stopped while waiting for agents");
      if (leftMs <= 0) throw this.#lacking();
      await this.#change(leftMs, signal);
    }
  }

  async prepare(plan: LoadPlan): Promise<LoadWorkers> {
    const { wanted } = this.#options;
    if (this.#agents.length < wanted) throw this.#lacking();
    this.#runs += 1;
    return prepareAgentWorkers(plan, [...this.#agents], this.#runs);
  }

  /** Tells all that their work is done, and closes the port. */
  async close(): Promise<void> {
    this.#isEnding = true;
    for (const agent of [...this.#agents]) {
      agent.send({ kind: "bye" });
      agent.end("the run is over");
    }
    await this.#server?.stop({ graceMs: 2000 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #lacking(): TenkError {
    const { wanted } = this.#options;
    const wrong = this.refused.key + this.refused.version;
    const who = this.names.length === 0 ? "none came" : `${this.names.join(", ")} came`;
    return new TenkError("connect-timeout", `Only ${this.#agents.length} of ${wanted} agents are here: ${who}`, {
      hint: wrong > 0 ? `${wrong} were refused for their key or version` : "--agents-timeout waits longer",
    });
  }

  #change(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
      this.#changed = done;
      function done() {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      }
    });
  }

  #handler(): Handler<Visitor> {
    const { joinMs } = this.#options;
    return {
      framing: STRANGER_FRAMES,
      readsWhileFull: true,
      open: (connection) => {
        connection.data = { nonce: new Uint8Array(randomBytes(NONCE_BYTES)), agent: undefined, bytesRead: 0 };
        connection.deadline(joinMs);
        send(connection, { kind: "challenge", nonce: connection.data.nonce });
      },
      frame: (connection, frame) => this.#took(connection, frame),
      expired: (connection) => this.#expired(connection),
      close: ({ data }, reason) => data.agent && this.#left(data.agent, textOf(reason)),
      // The last word to each agent has been said.
      shutdown: (connection) => connection.end(),
    };
  }

  #expired(connection: Connection<Visitor>): void {
    const { silentMs } = this.#options;
    const { agent, bytesRead } = connection.data;
    if (agent === undefined) {
      this.#countRefused("late", connection);
      connection.close();
      return;
    }
    connection.data.bytesRead = connection.bytesRead;
    // While a plan travels, what is behind it waits; and a state is many packets.
    if (connection.queuedBytes > 0 || connection.bytesRead > bytesRead) connection.deadline(silentMs);
    else this.#left(agent, `it was silent for ${silentMs / 1000} s`);
  }

  #took(connection: Connection<Visitor>, frame: Uint8Array): void {
    const { agent } = connection.data;
    if (agent?.lost !== undefined) return;
    try {
      if (agent === undefined) this.#join(connection, frame);
      else {
        connection.data.bytesRead = connection.bytesRead;
        connection.deadline(this.#options.silentMs);
        agent.took(frame);
      }
    } catch (error) {
      this.#countRefused("malformed", connection);
      if (agent !== undefined) this.#left(agent, messageOf(error));
      connection.close();
    }
  }

  #join(connection: Connection<Visitor>, frame: Uint8Array): void {
    const message = receive(frame);
    if (message.kind !== "join") throw malformed("it does not join");
    const ofAgent = bytes(message.nonce, NONCE_BYTES, "nonce");
    if (ofAgent.length !== NONCE_BYTES) throw malformed("a short nonce");
    const nonces = { ofController: connection.data.nonce, ofAgent };
    const refusal = this.#refusalOf(message, attemptsKey(connection.remoteAddress), nonces);
    if (refusal !== undefined) {
      this.#countRefused(refusal.reason, connection);
      send(connection, { kind: "refused", ...refusal });
      connection.closeWhenSent();
      return;
    }
    const name = this.#uniqueName(shown(message.name, 200, "name").trim() || connection.remoteAddress);
    const agent = new RemoteAgent(connection, name, count(message.cores, "cores", 100_000));
    connection.data.agent = agent;
    connection.setFraming(STATE_FRAMES);
    connection.deadline(this.#options.silentMs);
    const welcome = proof(this.#options.key, "controller", this.#fingerprint, nonces);
    send(connection, { kind: "welcome", proof: welcome, silentMs: this.#options.silentMs, name });
    this.#agents.push(agent);
    // In the order of their names, so that a share does not depend on who was first.
    this.#agents.sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
    this.#tell();
  }

  /** The key comes first: a stranger learns nothing else. */
  #refusalOf(message: Fields, address: string, nonces: Nonces): Refusal | undefined {
    const { key, version, wanted } = this.#options;
    const given = bytes(message.proof, PROOF_BYTES, "proof");
    if (this.#throttle.begin(address, performance.now(), true) > 0)
      return { reason: "throttled", message: "too many wrong keys from this address: wait a while" };
    if (!isProof(given, proof(key, "agent", this.#fingerprint, nonces)))
      return { reason: "key", message: "the key is wrong" };
    this.#throttle.forgive(address, true);
    const theirs = `${shown(message.version, 100, "version")}, protocol ${count(message.protocol, "protocol")}`;
    const ours = `${version}, protocol ${PROTOCOL}`;
    if (theirs !== ours) return { reason: "version", message: `the agent is tenk ${theirs}; the controller ${ours}` };
    if (this.#isEnding || this.#agents.length >= wanted)
      return { reason: "full", message: `${wanted} agents are here, no more are wanted` };
    return undefined;
  }

  #uniqueName(name: string): string {
    if (!this.names.includes(name)) return name;
    let number = 2;
    while (this.names.includes(`${name} #${number}`)) number += 1;
    return `${name} #${number}`;
  }

  #countRefused(reason: keyof AgentPool["refused"], { remoteAddress }: Connection<Visitor>): void {
    this.refused[reason] += 1;
    this.#logRefused(reason, remoteAddress);
  }

  #left(agent: RemoteAgent, why: string): void {
    agent.end(why);
    const at = this.#agents.indexOf(agent);
    if (at < 0) return;
    this.#agents.splice(at, 1);
    if (this.#isEnding) return;
    log.warn("agent lost", { agent: agent.name, why: agent.lost ?? why });
    this.#tell();
  }

  #tell(): void {
    this.#options.onChange(this.names);
    this.#changed();
  }
}

function textOf(reason: CloseReason): string {
  return reason === "peer" ? "its connection was closed" : `its connection ended (${reason})`;
}
