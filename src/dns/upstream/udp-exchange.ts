import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Message } from "../../wire/dns/mod.ts";
import type { UpstreamAddress } from "./address.ts";
import type { Cookies } from "./cookies.ts";
import type { UpstreamCounts } from "./counts.ts";
import { isBareRefusal, readReply } from "./read-reply.ts";
import type { UpstreamQuery } from "./upstream-query.ts";

/** How a UDP exchange ends: with an answer in `message`, with a reason to use TCP, or without an answer. */
export type UdpOutcome = "answer" | "ask-by-tcp" | "timeout" | "unreachable" | "stopped";

export interface UdpExchangeOptions {
  readonly address: UpstreamAddress;
  readonly query: UpstreamQuery;
  readonly timeoutMs: number;
  /** Mismatching datagrams after which the query is repeated over TCP: they look like a forger who guesses, which TCP prevents. */
  readonly maxIgnored: number;
  readonly counts: UpstreamCounts;
  readonly cookies: Cookies;
  /** Filled with the answer. */
  readonly message: Message;
  /** Called once. `bytes` are borrowed. */
  readonly done: (outcome: UdpOutcome, bytes: Uint8Array) => void;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Sends one query from a socket of its own, whose port the kernel picks at random, and waits for its answer: a forger has to
 * guess port, ID and the case of each letter at once (RFC 5452 §9).
 *
 * @returns a function that ends it early
 */
export function exchangeByUdp(options: UdpExchangeOptions): () => void {
  const { address, query, timeoutMs, maxIgnored, counts, cookies, message } = options;
  const socket = createSocket(isIPv6(address.host.replace(/%.*/, "")) ? "udp6" : "udp4");
  let ignored = 0;
  let isOver = false;
  const timer = setTimeout(() => end(ignored > 0 ? "ask-by-tcp" : "timeout"), timeoutMs);

  function end(outcome: UdpOutcome, bytes = NOTHING): void {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    socket.close();
    options.done(outcome, bytes);
  }

  function ignore(): void {
    counts.ignored += 1;
    ignored += 1;
    if (ignored >= maxIgnored) end("ask-by-tcp");
  }

  /** @returns how a datagram ends the exchange; undefined if it is ignored */
  function outcomeOf(bytes: Uint8Array, host: string, port: number): UdpOutcome | undefined {
    if (port !== address.port || host !== address.host) return undefined;
    const problem = readReply(message, query, bytes);
    if (problem === "form" || problem === "id") return undefined;
    // The ID is right but the question is not: the sender has seen the query, is close to guessing it, or does not preserve the case of letters.
    if (problem !== undefined) return "ask-by-tcp";
    if (!query.hasEdns) return isBareRefusal(bytes) ? "ask-by-tcp" : "answer";
    const verdict = cookies.judge(query.cookie, message, bytes);
    if (verdict === "forged") return undefined;
    return verdict === "missing" ? "ask-by-tcp" : "answer";
  }

  function received(bytes: Uint8Array, host: string, port: number): void {
    if (isOver) return;
    const outcome = outcomeOf(bytes, host, port);
    if (outcome === undefined) ignore();
    else end(outcome, bytes);
  }

  socket.on("message", (bytes, sender) => received(bytes, sender.address, sender.port));
  socket.on("error", () => end("unreachable"));
  socket.send(query.bytes, address.port, address.host, (error) => {
    if (error) end("unreachable");
  });
  return () => end("stopped");
}
