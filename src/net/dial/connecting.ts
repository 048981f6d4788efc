import type { TunnelDialogue } from "../../wire/mod.ts";
import { type DialOptions, descriptorOf, peekBytes } from "../ffi.ts";
import { pathProblem } from "../path-problem.ts";
import type { RawSocket } from "../socket-events.ts";
import { type ClientTls, Handshake, type HandshakeEnds, handshakeProblem } from "../tls/mod.ts";
import type { Connection } from "../types.ts";
import type { AddressHistory, Candidate } from "./address-history.ts";
import { Attempt, type AttemptEnds, type AttemptKind } from "./attempt.ts";
import { type ConnectPhase, causeOf, causeWithMessage, codeOf, connectError, timeoutCause } from "./connect-error.ts";
import type { DialContext } from "./context.ts";
import { HeldBytes, proxyCause, TunnelTalk } from "./tunnel.ts";

/** What all connects of a dialer have in common. */
export interface DialPlan<Data> {
  readonly context: DialContext<Data>;
  /** The target, for people. */
  readonly at: string;
  readonly timeoutMs: number;
  readonly attemptDelayMs: number;
  /** Of a Unix socket. */
  readonly path: string | undefined;
  /** The target is a name, so that its addresses are worth reporting. */
  readonly isNamed: boolean;
  readonly history: AddressHistory;
  readonly tls: ClientTls | undefined;
  /** The functions of encrypted sockets. */
  readonly tlsEvents: object;
  readonly reached: ((data: Data | undefined) => void) | undefined;
  /** Begins the dialogue with the proxy, where there is one. Its text never contains the password. */
  readonly proxy: { readonly text: string; dialogue(): TunnelDialogue } | undefined;
}

/** Longer than any deadline of ours: those report why, the handshake's own timeout does not. */
const NO_DEADLINE_MS = 2 ** 31 - 1;

/** This machine has none left, so that another address would fail for the same reason. */
const OURS: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE"]);
/**
 * Errors of an address that was never really tried: another address's error says more. The last two mean that the address is of
 * another family than `localAddress`.
 */
const UNTRIED: ReadonlySet<unknown> = new Set([
  "ENETUNREACH",
  "EHOSTUNREACH",
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
  "EINVAL",
]);

/** The system's errors for a path that has no listener's socket, or nothing at all. */
const OF_A_PATH: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOENT", "ENOTDIR", "EACCES", "ELOOP"]);
/** The outcome of an address that had not answered when a later one did. */
const OVERTAKEN = "overtaken";
/** The most addresses that an error names. */
const SHOWN = 4;

/**
 * One connect in progress.
 *
 * ```text
 *   addresses ─► attempt ─┬ 250 ms ─► attempt ─┬ … the first that is reached wins, the others are dropped (RFC 8305 §5)
 *                         └ failed: at once ───┘
 *             ─► proxy's dialogue ─► TLS handshake ─► connection, its handler's open
 * ```
 *
 * One deadline and one signal cover all of it; each way out frees what is open.
 */
export class Connecting<Data> implements AttemptEnds {
  readonly result: Promise<Connection<Data>>;
  readonly #plan: DialPlan<Data>;
  readonly #data: Data | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: ReturnType<typeof setTimeout>;
  #aborted: (() => void) | undefined;
  #resolve!: (connection: Connection<Data>) => void;
  #reject!: (error: unknown) => void;
  #isOver = false;
  #candidates: readonly Candidate[] = [];
  #dialOptions: DialOptions | undefined;
  #tried = 0;
  readonly #racing: Attempt[] = [];
  #stagger: ReturnType<typeof setTimeout> | undefined;
  #cause: Error | undefined;
  /** Set once an address was reached. */
  #socket: RawSocket | undefined;
  #address = "";
  #handshake: Handshake | undefined;

  constructor(plan: DialPlan<Data>, data: Data | undefined, signal: AbortSignal | undefined) {
    this.#plan = plan;
    this.#data = data;
    this.#signal = signal;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(() => this.fail(timeoutCause(this.#phase)), plan.timeoutMs);
    if (signal === undefined) return;
    this.#aborted = () => this.fail(causeOf("ECANCELED", "cancelled"));
    if (signal.aborted) this.#aborted();
    else signal.addEventListener("abort", this.#aborted);
  }

  /** Call once. */
  race(candidates: readonly Candidate[], options: DialOptions): void {
    if (this.#isOver) return;
    this.#candidates = candidates;
    this.#dialOptions = options;
    this.#next();
  }

  reached(attempt: Attempt, socket: RawSocket): void {
    this.#socket = socket;
    this.#address = this.#kind.isLocal ? "" : (socket.remoteAddress ?? attempt.to.text);
    this.#plan.history.reached(attempt.to.text);
    this.#endRace(attempt, OVERTAKEN);
    this.#plan.reached?.(this.#data);
    const { noDelay } = this.#plan.context.socket;
    if (!noDelay) socket.setNoDelay(false);
    if (this.#plan.proxy !== undefined) this.#tunnel(socket, this.#plan.proxy.dialogue());
    else if (this.#plan.tls !== undefined) this.#secure(socket, this.#plan.tls);
    else this.#connected(socket);
  }

  lost(attempt: Attempt, cause: Error): void {
    this.#racing.splice(this.#racing.indexOf(attempt), 1);
    this.#note(attempt, cause);
    clearTimeout(this.#stagger);
    this.#next();
  }

  fail(cause: Error): void {
    if (!this.#settle()) return;
    this.#endRace(undefined, codeOf(cause));
    const socket = this.#socket;
    if (this.#handshake !== undefined) this.#handshake.terminate();
    else if (socket !== undefined) {
      socket.data = undefined;
      socket.terminate();
    }
    this.#reject(connectError(this.#whereTo(), this.#asTold(cause)));
  }

  get #phase(): ConnectPhase {
    if (this.#handshake !== undefined) return "tls";
    if (this.#socket !== undefined) return "proxy";
    return this.#candidates.length > 0 ? "connect" : "name";
  }

  #asTold(cause: Error): Error {
    const { path } = this.#plan;
    const code = codeOf(cause);
    if (path === undefined || !OF_A_PATH.has(code)) return cause;
    const problem = pathProblem(path) ?? (code === "EACCES" ? "this user may not write to it" : undefined);
    return problem === undefined ? cause : causeWithMessage(code, problem);
  }

  get #kind(): AttemptKind {
    const { path, tls, proxy, context } = this.#plan;
    const isPaced = tls === undefined && proxy === undefined && context.bandwidth.readingExactly;
    return { isLocal: path !== undefined, isPaced };
  }

  // ---- race --------------------------------------------------------------------------------------------------------

  /** Starts the next address's attempt; those that fail at once are passed over. */
  #next(): void {
    while (!this.#isOver && this.#tried < this.#candidates.length) {
      const attempt = new Attempt(this.#candidates[this.#tried++]!, this, this.#kind);
      try {
        attempt.start(this.#dialOptions!);
      } catch (error) {
        this.#note(attempt, error as Error);
        continue;
      }
      this.#racing.push(attempt);
      if (this.#tried < this.#candidates.length)
        this.#stagger = setTimeout(() => this.#next(), this.#plan.attemptDelayMs);
      return;
    }
    if (this.#racing.length === 0) this.fail(this.#cause ?? causeOf("ENOTFOUND", "no address"));
  }

  /** Returns which of several addresses' causes to report. */
  #note({ to }: Attempt, cause: Error): void {
    const code = codeOf(cause);
    this.#plan.history.failed(to.text, code);
    if (OURS.has(code)) this.fail(cause);
    if (this.#cause === undefined || UNTRIED.has(codeOf(this.#cause))) this.#cause = cause;
  }

  /** @param outcome of attempts that are still in progress */
  #endRace(winner: Attempt | undefined, outcome: string): void {
    clearTimeout(this.#stagger);
    for (const attempt of this.#racing) {
      if (attempt === winner) continue;
      attempt.drop();
      // The winner may have been the first to begin: attempts that began after it are not slow.
      if (winner === undefined || this.#racing.indexOf(attempt) < this.#racing.indexOf(winner))
        this.#plan.history.failed(attempt.to.text, outcome);
    }
    this.#racing.length = 0;
  }

  // ---- what comes on top -------------------------------------------------------------------------------------------

  #tunnel(socket: RawSocket, dialogue: TunnelDialogue): void {
    new TunnelTalk(socket, dialogue, {
      open: (_, rest) => {
        const { tls } = this.#plan;
        if (rest.length === 0 && peekBytes(descriptorOf(socket)) === "reset")
          this.fail(proxyCause("closed", undefined));
        else if (tls === undefined) this.#connected(socket, rest);
        // A TLS server never speaks first, and bytes that were read cannot be given back to the runtime.
        else if (rest.length > 0) this.fail(proxyCause("unexpected-bytes", undefined));
        else this.#secure(socket, tls);
      },
      refused: (cause) => this.fail(cause),
    });
  }

  #secure(socket: RawSocket, tls: ClientTls): void {
    const events = this.#plan.tlsEvents;
    const ends: HandshakeEnds = {
      done: (secure) => this.#connected(secure),
      failed: (reason, cause) => {
        const told = causeOf(reason === "tls-failed" ? "ETLS" : "ETLSCLOSED", cause.message);
        this.fail(Object.assign(told, handshakeProblem(cause)));
      },
    };
    const request = { tls: tls.request, socket: events };
    this.#handshake = new Handshake(socket, request, NO_DEADLINE_MS, tls.verify, ends, tls.sessions);
  }

  #connected(socket: RawSocket, rest?: Uint8Array): void {
    if (!this.#settle()) {
      socket.terminate();
      return;
    }
    const connection = this.#plan.context.join(socket, this.#address, this.#plan.tls !== undefined, this.#data);
    if (rest !== undefined && rest.length > 0) new HeldBytes(socket, connection, rest);
    connection.opened();
    this.#resolve(connection);
  }

  /** @returns true the first time */
  #settle(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (this.#aborted !== undefined) this.#signal?.removeEventListener("abort", this.#aborted);
    return true;
  }

  #whereTo(): string {
    const { at, proxy } = this.#plan;
    if (proxy === undefined) return at + this.#tries();
    return this.#socket === undefined
      ? `${proxy.text}${this.#tries()}, the proxy to ${at}`
      : `${at} through ${proxy.text}`;
  }

  /** The addresses of a name that were tried. */
  #tries(): string {
    const tried = this.#candidates.slice(0, this.#tried).map(({ text }) => text);
    if (tried.length === 0 || !this.#plan.isNamed) return "";
    if (this.#socket !== undefined) return ` (${this.#address})`;
    const more = tried.length > SHOWN ? [`${tried.length - SHOWN} more`] : [];
    return ` (${[...tried.slice(0, SHOWN), ...more].join(", ")})`;
  }
}
