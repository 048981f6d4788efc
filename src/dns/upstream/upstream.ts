import { TenkError } from "../../base/mod.ts";
import { Message, Rcode } from "../../wire/dns/mod.ts";
import { isNamed, parseUpstream, type UpstreamAddress, upstreamText } from "./address.ts";
import { Cookies } from "./cookies.ts";
import { newCounts, type UpstreamCounts, type UpstreamFailure } from "./counts.ts";
import { HttpsChannel } from "./https-channel.ts";
import { type Lookup, StreamChannel } from "./stream-channel.ts";
import { exchangeByUdp, type UdpOutcome } from "./udp-exchange.ts";
import { NO_COOKIE, type QueryForm, type Question, type UpstreamQuery, writeQuery } from "./upstream-query.ts";

export interface UpstreamOptions {
  /** `9.9.9.9`, `tcp://[2620:fe::fe]:53`, `tls://dns.quad9.net`, `tls://9.9.9.9:853#dns.quad9.net`, `https://dns.quad9.net/dns-query`. */
  readonly address: string;
  /** How long to wait for an answer by UDP, and again by TCP, TLS or HTTPS, including the connect. @default {2000} */
  readonly timeoutMs?: number;
  /** Queries in flight; further ones fail immediately. @default {1000} */
  readonly maxInFlight?: number;
  /** Mismatching datagrams after which a query is repeated over TCP. @default {5} */
  readonly maxIgnored?: number;
  /** TCP and TLS connections without traffic are closed after this time, those of HTTPS after ten times as long. @default {5000} */
  readonly idleMs?: number;
  /** For TLS and HTTPS: certificate authorities to trust instead of the system's, a file or PEM text. */
  readonly ca?: string;
  /** Finds the addresses of a host that is a name; without it, such a host is refused. Not the system's resolver, which may be this one. */
  readonly lookup?: Lookup;
  /** An upstream that refuses EDNS is asked without it for so long. @default {900_000} */
  readonly plainMs?: number;
  /** Our DNS cookie is renewed after this time. @default {86_400_000} */
  readonly cookieMs?: number;
}

/** A complete answer to the question that was asked. Valid only during the callback. */
export interface UpstreamAnswer {
  readonly message: Message;
  readonly bytes: Uint8Array;
}

export type UpstreamDone = (answer: UpstreamAnswer | undefined, failure: UpstreamFailure | undefined) => void;

const DEFAULTS = {
  ...{ timeoutMs: 2000, maxInFlight: 1000, maxIgnored: 5, idleMs: 5000 },
  ...{ plainMs: 900_000, cookieMs: 86_400_000 },
};
/** Servers keep connections of HTTP/2 open for minutes. */
const HTTPS_IDLE_FACTOR = 10;

/** A question on its way, perhaps by the second or third query. */
interface Attempt {
  readonly question: Question;
  readonly done: UpstreamDone;
  /** The upstream refused the query with EDNS. */
  isPlain: boolean;
  /** The upstream gave us a new cookie instead of an answer. */
  hasNewCookie: boolean;
}

/**
 * One upstream server.
 *
 * ```text
 *   ask ─► UDP, a socket for each query ─► answer
 *     │        └─ truncated, garbled, guessed at ─► TCP, one connection for all ─► answer
 *     └──► TLS or HTTPS, one connection for all ─► answer
 * ```
 *
 * A server that refuses EDNS (RFC 6891 §7) is asked again without it, once.
 */
export class Upstream {
  readonly address: UpstreamAddress;
  /** The address as text. */
  readonly name: string;
  readonly counts: UpstreamCounts = newCounts();
  readonly #options: UpstreamOptions & typeof DEFAULTS;
  readonly #message = new Message();
  readonly #channel: StreamChannel | HttpsChannel;
  readonly #cookies: Cookies;
  /** Functions that end each query by UDP. */
  readonly #byUdp = new Set<() => void>();
  #plainUntilMs = 0;
  #isStopped = false;

  /** @throws {TenkError} `invalid-option`, `file-unreadable` */
  constructor(options: UpstreamOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.address = parseUpstream(options.address);
    this.name = upstreamText(this.address);
    const { timeoutMs, idleMs, maxInFlight, ca, lookup, cookieMs } = this.#options;
    const { address } = this;
    if (lookup === undefined && isNamed(address))
      throw new TenkError("invalid-option", `Cannot use the upstream ${this.name}: nothing resolves its name`);
    const shared = { address, timeoutMs, maxInFlight, ca, lookup, message: this.#message };
    this.#channel =
      address.protocol === "https"
        ? new HttpsChannel({ ...shared, idleMs: idleMs * HTTPS_IDLE_FACTOR })
        : new StreamChannel({ ...shared, idleMs });
    this.#cookies = new Cookies(cookieMs);
  }

  get inFlight(): number {
    return this.#byUdp.size + this.#channel.inFlight;
  }

  /** The upstream has refused EDNS a while ago: no cookie, no DO, answers of 512 bytes by UDP. */
  get isPlain(): boolean {
    return Date.now() < this.#plainUntilMs;
  }

  /** Sends a question and calls `done` once: after it has returned, unless too many queries are in flight or the upstream is stopped. */
  ask(question: Question, done: UpstreamDone): void {
    this.counts.queries += 1;
    if (this.#isStopped) this.#fail("stopped", done);
    else if (this.inFlight >= this.#options.maxInFlight) this.#fail("busy", done);
    else this.#send({ question, done, isPlain: false, hasNewCookie: false });
  }

  /** Ends all queries in flight. */
  stop(): void {
    this.#isStopped = true;
    for (const end of [...this.#byUdp]) end();
    this.#channel.stop();
  }

  #send(attempt: Attempt): void {
    const { protocol } = this.address;
    const query = writeQuery(attempt.question, this.#form(attempt));
    if (protocol === "udp") this.#askByUdp(query, attempt);
    else this.#askByStream(query, attempt);
  }

  #form({ isPlain }: Attempt): QueryForm {
    const { protocol } = this.address;
    const hasEdns = !isPlain && !this.isPlain;
    const cookie = hasEdns && protocol === "udp" ? this.#cookies.current(Date.now()) : NO_COOKIE;
    return { hasEdns, cookie, isPadded: protocol === "tls" || protocol === "https" };
  }

  #askByUdp(query: UpstreamQuery, attempt: Attempt): void {
    const { timeoutMs, maxIgnored } = this.#options;
    const { address, counts } = this;
    const message = this.#message;
    const cookies = this.#cookies;
    const end = exchangeByUdp({
      ...{ address, query, timeoutMs, maxIgnored, counts, message, cookies },
      done: (outcome, bytes) => {
        this.#byUdp.delete(end);
        this.#endedByUdp(outcome, bytes, query, attempt);
      },
    });
    this.#byUdp.add(end);
  }

  #endedByUdp(outcome: UdpOutcome, bytes: Uint8Array, query: UpstreamQuery, attempt: Attempt): void {
    if (outcome === "answer" && this.#message.rcode === Rcode.badCookie && attempt.hasNewCookie)
      this.#askByTcp(query, attempt);
    else if (outcome === "answer") this.#answer(bytes, query, attempt);
    else if (outcome === "ask-by-tcp") this.#askByTcp(query, attempt);
    else this.#fail(outcome, attempt.done);
  }

  #askByTcp(query: UpstreamQuery, attempt: Attempt): void {
    this.counts.byTcp += 1;
    this.#askByStream(query, attempt);
  }

  #askByStream(query: UpstreamQuery, attempt: Attempt): void {
    this.#channel.ask(query, (failure, bytes) => {
      if (failure !== undefined) this.#fail(failure, attempt.done);
      else {
        // Nobody forges an answer by TCP: the server itself has given up cookies.
        const isWithoutCookie =
          query.cookie.length > 0 && this.#cookies.judge(query.cookie, this.#message, bytes) !== "right";
        if (isWithoutCookie) this.#cookies.forgetServer();
        this.#answer(bytes, query, attempt);
      }
    });
  }

  #answer(bytes: Uint8Array, query: UpstreamQuery, attempt: Attempt): void {
    const message = this.#message;
    if (query.hasEdns && refusesEdns(message.rcode)) {
      this.counts.withoutEdns += 1;
      attempt.isPlain = true;
      this.#send(attempt);
    } else if (message.rcode === Rcode.badCookie && !attempt.hasNewCookie) {
      attempt.hasNewCookie = true;
      this.#send(attempt);
    } else {
      // Not the question was refused, but EDNS.
      if (attempt.isPlain && !refusesEdns(message.rcode)) this.#plainUntilMs = Date.now() + this.#options.plainMs;
      this.counts.answers += 1;
      attempt.done({ message, bytes }, undefined);
    }
  }

  #fail(failure: UpstreamFailure, done: UpstreamDone): void {
    this.counts.failures[failure] += 1;
    done(undefined, failure);
  }
}

/** What servers that do not know EDNS, or not our version of it, say to it (RFC 6891 §6.1.3, §7). */
function refusesEdns(rcode: number): boolean {
  return rcode === Rcode.formErr || rcode === Rcode.notImp || rcode === Rcode.badVers;
}
