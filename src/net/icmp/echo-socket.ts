import { constants } from "node:os";
import { echoRequest, type IpVersion, ipv4Content, readEchoReply } from "../../wire/mod.ts";
import {
  AF_INET6,
  arrivalMs,
  clockMs,
  closeDescriptor,
  connectDatagrams,
  errno,
  IPPROTO_IP,
  IPPROTO_IPV6,
  receiveBytes,
  SystemError,
  sendBytes,
  setBytes,
  setNumber,
  socketOf,
} from "../ffi.ts";
import { internetAddress } from "../socket-address.ts";

// Linux numbers (include/uapi/linux/in.h, in6.h, icmp.h, icmpv6.h).
const SOCK_RAW = 3;
const SOCK_DGRAM = 2;
const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const IP_RECVERR = 11;
const IPV6_RECVERR = 25;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const ICMP6_FILTER = 1;
const ICMP6_ECHO_REPLY = 129;
/** Messages of one read: a machine that floods us delays nothing else. */
const MAX_READS = 64;

const { EAGAIN, EACCES, EPERM } = constants.errno;

/** What came back for one request. */
export interface EchoReply {
  readonly sequence: number;
  readonly latencyMs: number;
}

/** Sends ICMP echo requests to one address. Nothing waits here: its user asks from time to time, and the kernel has kept the times. */
export interface EchoSocket {
  /** @throws {SystemError} `EHOSTUNREACH`, `ENETUNREACH`, `EPERM` where a firewall forbids it */
  send(sequence: number): void;
  /** Returns the first reply that has come; undefined if there is none yet. @throws {SystemError} what a router answered */
  receive(): EchoReply | undefined;
  close(): void;
}

/**
 * Opens a socket for echo requests to an address: the kernel's own for everybody where `net.ipv4.ping_group_range` includes our group, else a
 * raw one, which root may open.
 *
 * @returns undefined where the kernel permits neither
 * @throws {SystemError} `ENETUNREACH`, `EAFNOSUPPORT`, `EMFILE`, …
 */
export function openEchoSocket(address: string, random: (bytes: Uint8Array) => unknown): EchoSocket | undefined {
  const to = internetAddress(address, 0);
  const version = to.family === AF_INET6 ? 6 : 4;
  const opened = open(to.family, version);
  if (opened === undefined) return undefined;
  const { descriptor, isRaw } = opened;
  try {
    if (isRaw) takeRepliesAlone(descriptor, version);
    if (version === 6) setNumber(descriptor, IPPROTO_IPV6, IPV6_RECVERR, 1, "setsockopt IPV6_RECVERR");
    else setNumber(descriptor, IPPROTO_IP, IP_RECVERR, 1, "setsockopt IP_RECVERR");
    connectDatagrams(descriptor, to);
    // The first question makes the kernel keep the time at which each message came.
    arrivalMs(descriptor);
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
  return new Echoes(descriptor, { version, isRaw, random });
}

function open(family: number, version: IpVersion): { descriptor: number; isRaw: boolean } | undefined {
  const protocol = version === 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
  for (const type of [SOCK_DGRAM, SOCK_RAW]) {
    const descriptor = socketOf(family, type, protocol);
    if (descriptor >= 0) return { descriptor, isRaw: type === SOCK_RAW };
    if (errno() !== EACCES && errno() !== EPERM) throw new SystemError("socket");
  }
  return undefined;
}

/** A raw socket receives all ICMP of the machine; set bits are types that it does not. */
function takeRepliesAlone(descriptor: number, version: IpVersion): void {
  if (version === 4) {
    setNumber(descriptor, SOL_RAW, ICMP_FILTER, ~1, "setsockopt ICMP_FILTER");
    return;
  }
  const blocked = new Uint8Array(32).fill(0xff);
  blocked[ICMP6_ECHO_REPLY >> 3]! &= ~(1 << (ICMP6_ECHO_REPLY & 7));
  setBytes(descriptor, IPPROTO_ICMPV6, ICMP6_FILTER, blocked, "setsockopt ICMP6_FILTER");
}

interface EchoesOptions {
  readonly version: IpVersion;
  readonly isRaw: boolean;
  readonly random: (bytes: Uint8Array) => unknown;
}

/** Enough that nobody who does not see our requests can answer them. */
const TOKEN_BYTES = 16;

class Echoes implements EchoSocket {
  readonly #descriptor: number;
  readonly #version: IpVersion;
  readonly #isRaw: boolean;
  readonly #token = new Uint8Array(TOKEN_BYTES);
  /** By sequence number. */
  readonly #sentMs = new Map<number, number>();
  readonly #buffer = new Uint8Array(256);

  constructor(descriptor: number, { version, isRaw, random }: EchoesOptions) {
    this.#descriptor = descriptor;
    this.#version = version;
    this.#isRaw = isRaw;
    random(this.#token);
  }

  send(sequence: number): void {
    const identifier = this.#token[0]! * 256 + this.#token[1]!;
    const bytes = echoRequest({ version: this.#version, identifier, sequence, data: this.#token });
    this.#sentMs.set(sequence, clockMs());
    sendBytes(this.#descriptor, bytes);
  }

  receive(): EchoReply | undefined {
    for (let reads = 0; reads < MAX_READS; reads++) {
      const length = receiveBytes(this.#descriptor, this.#buffer);
      if (length < 0) {
        if (errno() === EAGAIN) return undefined;
        throw new SystemError("recv");
      }
      const packet = this.#buffer.subarray(0, length);
      const message = this.#isRaw && this.#version === 4 ? ipv4Content(packet) : packet;
      const reply = message && readEchoReply(message, this.#version);
      const sentMs = reply && this.#sentMs.get(reply.sequence);
      if (reply === undefined || sentMs === undefined || !this.#isOurs(reply.data)) continue;
      // A clock that was set in between must not make it negative.
      return { sequence: reply.sequence, latencyMs: Math.max(0, (arrivalMs(this.#descriptor) ?? clockMs()) - sentMs) };
    }
    return undefined;
  }

  close(): void {
    closeDescriptor(this.#descriptor);
  }

  #isOurs(data: Uint8Array): boolean {
    return data.length === TOKEN_BYTES && data.every((byte, index) => byte === this.#token[index]);
  }
}
