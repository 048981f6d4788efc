import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { messageOf, systemCodeOf } from "../../base/mod.ts";
import { type EchoSocket, openEchoSocket } from "../../net/mod.ts";
import type { Outcome } from "../health/mod.ts";
import { inTime } from "./words.ts";

export interface PingCheck {
  /** A name or an address. */
  readonly host: string;
  readonly timeoutMs: number;
  /** An answer that takes longer is slow. */
  readonly slowMs: number;
  /** Another request follows after this time without a reply, so that one lost packet is no failure. @default {1000} */
  readonly againMs?: number;
  readonly signal?: AbortSignal;
  /** @default {as the system resolves it} */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** @default {as the kernel permits} */
  readonly open?: (address: string) => EchoSocket | undefined;
}

/** Why a ping is not permitted, and which line permits it. */
export const PING_NOT_PERMITTED =
  'this kernel does not let tenk send pings: run `sysctl -w net.ipv4.ping_group_range="0 2147483647"`, and put net.ipv4.ping_group_range=0 2147483647 into /etc/sysctl.d/ping.conf';

/** A reply is looked for after this time, and after half as long again each time; its own time comes from the kernel. */
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 50;

/** Names of failures that the network itself reports. */
const FAILURES: Readonly<Record<string, string>> = {
  EHOSTUNREACH: "a router says that it cannot be reached: is it on?",
  ENETUNREACH: "no route leads there: is this machine's network up?",
  EADDRNOTAVAIL: "this machine has no address to ask it from",
  EAFNOSUPPORT: "this machine has no IPv6",
  EPERM: "a firewall of this machine does not let the ping out",
  EACCES: "it is a broadcast address",
  EINVAL: "an address of a link needs its interface: fe80::1%eth0",
  EMFILE: "this process has no free descriptor to ask with",
};

/** Sends ICMP echo requests until one is answered. No process is started. */
export async function checkPing(check: PingCheck): Promise<Outcome> {
  const { host, timeoutMs, slowMs, signal } = check;
  const untilMs = performance.now() + timeoutMs;
  const addresses = (await inTime((check.resolve ?? addressesOf)(host), timeoutMs)) ?? [];
  let reason = `the name ${host} has no address: is it spelled so in DNS?`;
  for (const [index, address] of addresses.entries()) {
    const nowMs = performance.now();
    // What has IPv6 and IPv4, of which one does not work, is reached in the other half of the time.
    const found = await ping(address, nowMs + (untilMs - nowMs) / (addresses.length - index), check);
    if (signal?.aborted) break;
    if (found === "not-permitted") return { result: "unknown", facts: {}, reason: PING_NOT_PERMITTED };
    if (typeof found === "number") return outcomeOf(found, slowMs);
    reason = found.reason;
  }
  return { result: "down", facts: {}, reason };
}

function outcomeOf(latencyMs: number, slowMs: number): Outcome {
  const facts = { latencyMs };
  if (latencyMs <= slowMs) return { result: "up", facts };
  return { result: "degraded", facts, reason: `slow: ${Math.round(latencyMs)} ms` };
}

/** The first address of each family, in the system's order. */
async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host.replace(/%.*/, "")) !== 0) return [host];
  const all = await lookup(host, { all: true });
  const isFirst = (family: number, index: number) => all.findIndex((each) => each.family === family) === index;
  return all.filter(({ family }, index) => isFirst(family, index)).map(({ address }) => address);
}

/** @returns milliseconds until the reply */
async function ping(
  address: string,
  untilMs: number,
  { againMs = 1000, signal, open = openOf }: PingCheck,
): Promise<number | "not-permitted" | { readonly reason: string }> {
  let socket: EchoSocket | undefined;
  let sent = 0;
  const startedMs = performance.now();
  try {
    socket = open(address);
    if (socket === undefined) return "not-permitted";
    // At least one is sent, however late a busy machine comes to it.
    do {
      sent += 1;
      socket.send(sent);
      const latencyMs = await answerOf(socket, Math.min(untilMs, performance.now() + againMs), signal);
      if (latencyMs !== undefined) return latencyMs;
    } while (performance.now() < untilMs && !signal?.aborted);
  } catch (error) {
    const code = systemCodeOf(error);
    return { reason: FAILURES[code ?? ""] ?? `it cannot be asked: ${code ?? messageOf(error)}` };
  } finally {
    socket?.close();
  }
  const seconds = Math.round((untilMs - startedMs) / 100) / 10;
  return { reason: `no answer to ${sent} pings within ${seconds} s: is it on, and does it answer pings?` };
}

async function answerOf(
  socket: EchoSocket,
  untilMs: number,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LONGEST_LOOK_MS, lookMs * 1.5)) {
    const reply = socket.receive();
    if (reply !== undefined) return reply.latencyMs;
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0 || signal?.aborted) return undefined;
    await wait(Math.min(lookMs, leftMs), undefined, { ref: false });
  }
}

function openOf(address: string): EchoSocket | undefined {
  return openEchoSocket(address, (bytes) => crypto.getRandomValues(bytes));
}
