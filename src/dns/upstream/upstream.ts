import { Message } from "../../wire/dns/mod.ts";
import { parseUpstream, type UpstreamAddress, upstreamText } from "./address.ts";
import { newCounts, type UpstreamCounts, type UpstreamFailure } from "./counts.ts";
import { StreamChannel } from "./stream-channel.ts";
import { exchangeByUdp, type UdpOutcome } from "./udp-exchange.ts";
import { type Question, type UpstreamQuery, writeQuery } from "./upstream-query.ts";

export interface UpstreamOptions {
  /** `9.9.9.9`, `tcp://[2620:fe::fe]:53`, `tls://9.9.9.9:853#dns.quad9.net`. */
  readonly address: string;
  /** How long to wait for an answer by UDP, and again by TCP or TLS, including the connect. @default {2000} */
  readonly timeoutMs?: number;
  /** Queries in flight; further ones fail immediately. @default {1000} */
  readonly maxInFlight?: number;
  /** Mismatching datagrams after which a query is repeated over TCP. @default {5} */
  readonly maxIgnored?: number;
  /** TCP connections without traffic are closed after this time. @default {5000} */
  readonly idleMs?: number;
  /** For TLS: certificate authorities to trust instead of the system's, a file or PEM text. */
  readonly ca?: string;
}

/** A complete answer to the question that was asked. Valid only during the callback. */
export interface UpstreamAnswer {
  readonly message: Message;
  readonly bytes: Uint8Array;
}

export type UpstreamDone = (answer: UpstreamAnswer | undefined, failure: UpstreamFailure | undefined) => void;

const DEFAULTS = { timeoutMs: 2000, maxInFlight: 1000, maxIgnored: 5, idleMs: 5000 };

/**
 * One upstream server.
 *
 * ```text
 *   ask ─► UDP, a socket for each query ─► answer
 *              └─ truncated, garbled, guessed at ─► TCP, one connection for all ─► answer
 * ```
 */
export class Upstream {
  readonly address: UpstreamAddress;
  /** The address as text. */
  readonly name: string;
  readonly counts: UpstreamCounts = newCounts();
  readonly #options: UpstreamOptions & typeof DEFAULTS;
  readonly #message = new Message();
  readonly #stream: StreamChannel;
  /** Functions that end each query by UDP. */
  readonly #byUdp = new Set<() => void>();
  #isStopped = false;

  /** @throws {TenkError} `invalid-option` */
  constructor(options: UpstreamOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.address = parseUpstream(options.address);
    this.name = upstreamText(this.address);
    const { timeoutMs, idleMs, maxInFlight, ca } = this.#options;
    this.#stream = new StreamChannel({
      address: this.address,
      timeoutMs,
      idleMs,
      maxInFlight,
      ca,
      message: this.#message,
    });
  }

  get inFlight(): number {
    return this.#byUdp.size + this.#stream.inFlight;
  }

  /** Sends a question and calls `done` once: after it has returned, unless too many queries are in flight or the upstream is stopped. */
  ask(question: Question, done: UpstreamDone): void {
    this.counts.queries += 1;
    if (this.#isStopped) this.#fail("stopped", done);
    else if (this.inFlight >= this.#options.maxInFlight) this.#fail("busy", done);
    else if (this.address.protocol === "udp") this.#askByUdp(writeQuery(question), done);
    else this.#askByStream(writeQuery(question), done);
  }

  /** Ends all queries in flight. */
  stop(): void {
    this.#isStopped = true;
    for (const end of [...this.#byUdp]) end();
    this.#stream.stop();
  }

  #askByUdp(query: UpstreamQuery, done: UpstreamDone): void {
    const { timeoutMs, maxIgnored } = this.#options;
    const { address, counts } = this;
    const message = this.#message;
    const end = exchangeByUdp({
      ...{ address, query, timeoutMs, maxIgnored, counts, message },
      done: (outcome, bytes) => {
        this.#byUdp.delete(end);
        this.#endedByUdp(outcome, bytes, query, done);
      },
    });
    this.#byUdp.add(end);
  }

  #endedByUdp(outcome: UdpOutcome, bytes: Uint8Array, query: UpstreamQuery, done: UpstreamDone): void {
    if (outcome === "answer") this.#answer(bytes, done);
    else if (outcome !== "ask-by-tcp") this.#fail(outcome, done);
    else {
      this.counts.byTcp += 1;
      this.#askByStream(query, done);
    }
  }

  #askByStream(query: UpstreamQuery, done: UpstreamDone): void {
    this.#stream.ask(query, (failure, bytes) => {
      if (failure === undefined) this.#answer(bytes, done);
      else this.#fail(failure, done);
    });
  }

  #answer(bytes: Uint8Array, done: UpstreamDone): void {
    this.counts.answers += 1;
    done({ message: this.#message, bytes }, undefined);
  }

  #fail(failure: UpstreamFailure, done: UpstreamDone): void {
    this.counts.failures[failure] += 1;
    done(undefined, failure);
  }
}
