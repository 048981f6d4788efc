import { isIP } from "node:net";
import { AF_INET6, IPPROTO_IPV6, readOption, SOL_SOCKET, SystemError, socketName } from "../ffi.ts";
import { readAddress } from "../socket-address.ts";

// Linux numbers (include/uapi/asm-generic/socket.h, include/uapi/linux/in6.h).
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const IPV6_V6ONLY = 26;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;

export type SocketKind = "tcp" | "udp" | "unix";

/** Where a listener is to listen. */
export interface WantedAddress {
  /** @default {all of this machine's} */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
}

/** A socket that clients reach: one that accepts connections, or one for datagrams that is bound to a port. */
export interface ListeningSocket {
  readonly descriptor: number;
  readonly kind: SocketKind;
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** "" for others. */
  readonly path: string;
  /** Of IPv6, and takes IPv4 as well. */
  readonly isDual: boolean;
}

/** Returns what a descriptor listens on; undefined where it is no socket, or none that clients reach. */
export function listeningSocket(descriptor: number): ListeningSocket | undefined {
  try {
    const type = readOption(descriptor, SOL_SOCKET, SO_TYPE);
    const accepts = readOption(descriptor, SOL_SOCKET, SO_ACCEPTCONN) !== 0;
    if (type === SOCK_STREAM ? !accepts : type !== SOCK_DGRAM) return undefined;
    const address = readAddress(socketName(descriptor));
    if (address === undefined) return undefined;
    if ("path" in address) {
      const none = { host: "", port: 0, isDual: false };
      return type === SOCK_STREAM ? { descriptor, kind: "unix", path: address.path, ...none } : undefined;
    }
    const { family, host, port } = address;
    if (port === 0) return undefined;
    const isDual = family === AF_INET6 && readOption(descriptor, IPPROTO_IPV6, IPV6_V6ONLY) === 0;
    return { descriptor, kind: type === SOCK_STREAM ? "tcp" : "udp", host, port, path: "", isDual };
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

/**
 * Returns whether a socket is what a listener would open. A name, such as localhost, matches by its port alone, and all of
 * IPv4 a socket that takes IPv6 as well, which is what systemd opens.
 */
export function matches(socket: ListeningSocket, kind: SocketKind, wanted: WantedAddress): boolean {
  if (socket.kind !== kind) return false;
  if (kind === "unix") return socket.path === wanted.path;
  if (socket.port !== wanted.port) return false;
  if (wanted.host === undefined || isAny(wanted.host)) return isAny(socket.host) && takes(socket, wanted.host);
  return isIP(wanted.host) === 0 ? !wanted.host.includes("%") : sameAddress(socket.host, wanted.host);
}

function isAny(host: string): boolean {
  return host === "0.0.0.0" || (isIP(host) === 6 && sameAddress(host, "::"));
}

function takes({ host, isDual }: ListeningSocket, wanted: string | undefined): boolean {
  return wanted === undefined || host === wanted || isDual;
}

function sameAddress(one: string, other: string): boolean {
  return one === other || (isIP(one) === 6 && isIP(other) === 6 && canonical(one) === canonical(other));
}

/** Without its zone, since the kernel's form has the interface's number. */
function canonical(host: string): string {
  return new URL(`http://[${host.replace(/%.*/, "")}]`).hostname;
}
