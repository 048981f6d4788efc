import { isIPv6 } from "node:net";
import { systemCodeOf, type TenkError } from "../../base/mod.ts";
import {
  AF_INET,
  AF_INET6,
  bindSocket,
  closeDescriptor,
  datagramSocket,
  IPPROTO_IP,
  IPPROTO_IPV6,
  portOf,
  SO_RCVBUF,
  SOL_SOCKET,
  setNumber,
  socketName,
} from "../ffi.ts";
import { listenError } from "../listen-error.ts";
import { internetAddress } from "../socket-address.ts";

// Linux numbers (include/uapi/linux/in.h, in6.h; include/uapi/asm-generic/socket.h).
const SO_REUSEPORT = 15;
const SO_RCVBUFFORCE = 33;
const IP_PKTINFO = 8;
const IP_MTU_DISCOVER = 10;
const IPV6_V6ONLY = 26;
const IPV6_MTU_DISCOVER = 23;
const IPV6_RECVPKTINFO = 49;
/** Datagrams are cut in pieces where they must be, and no ICMP message of a stranger makes the pieces smaller. */
const PMTUDISC_OMIT = 5;

export interface OpenOptions {
  /** An address; without one all of this machine's, IPv4 and IPv6 on one socket. */
  readonly host?: string | undefined;
  readonly port: number;
  /** Others share the port; the kernel deals datagrams out by address. */
  readonly reusePort: boolean;
  readonly receiveBufferBytes: number;
}

/** A socket for datagrams that tells which of this machine's addresses each was sent to. */
export interface OpenSocket {
  readonly descriptor: number;
  readonly port: number;
}

/** @throws {TenkError} `port-in-use`, `permission-denied`, `address-unavailable`, `descriptors-exhausted` */
export function openSocket(options: OpenOptions): OpenSocket {
  const { host, port } = options;
  try {
    if (host !== undefined) return opened(isIPv6(host) || host.includes("%") ? AF_INET6 : AF_INET, host, options);
    try {
      return opened(AF_INET6, "::", options);
    } catch (error) {
      if (!isWithoutIpv6(error)) throw error;
      return opened(AF_INET, "0.0.0.0", options);
    }
  } catch (error) {
    throw udpError(error, host, port);
  }
}

function opened(family: number, host: string, { port, reusePort, receiveBufferBytes }: OpenOptions): OpenSocket {
  const descriptor = datagramSocket(family);
  try {
    if (reusePort) setNumber(descriptor, SOL_SOCKET, SO_REUSEPORT, 1, "setsockopt SO_REUSEPORT");
    prepare(descriptor, family, host === "::", receiveBufferBytes);
    bindSocket(descriptor, internetAddress(host, port));
    return { descriptor, port: portOf(descriptor) };
  } catch (error) {
    closeDescriptor(descriptor);
    throw error;
  }
}

/** Takes an inherited socket. */
export function adoptSocket(descriptor: number, receiveBufferBytes: number): OpenSocket {
  prepare(descriptor, new DataView(socketName(descriptor).buffer).getUint16(0, true), undefined, receiveBufferBytes);
  return { descriptor, port: portOf(descriptor) };
}

/** @param isDual whether it takes IPv4 as well; undefined where it is bound already */
function prepare(descriptor: number, family: number, isDual: boolean | undefined, receiveBufferBytes: number): void {
  const set = (level: number, option: number, value: number, name: string) =>
    setNumber(descriptor, level, option, value, `setsockopt ${name}`);
  set(SOL_SOCKET, SO_RCVBUF, receiveBufferBytes, "SO_RCVBUF");
  quietly(() => set(SOL_SOCKET, SO_RCVBUFFORCE, receiveBufferBytes, "SO_RCVBUFFORCE"));
  if (family === AF_INET6) {
    if (isDual !== undefined) set(IPPROTO_IPV6, IPV6_V6ONLY, isDual ? 0 : 1, "IPV6_V6ONLY");
    set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
    quietly(() => set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_OMIT, "IPV6_MTU_DISCOVER"));
  } else set(IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
  quietly(() => set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_OMIT, "IP_MTU_DISCOVER"));
}

/** What the kernel may not have, or not permit, and what works without. */
function quietly(set: () => void): void {
  try {
    set();
  } catch {}
}

/** The kernel has no IPv6, or has it switched off. */
function isWithoutIpv6(error: unknown): boolean {
  return ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(systemCodeOf(error) ?? "");
}

function udpError(error: unknown, host: string | undefined, port: number): TenkError {
  return listenError(error, { host: host ?? "::", port });
}
