import { TenkError } from "../../base/mod.ts";
import { descriptorOf, IPPROTO_IP, IPPROTO_IPV6, interfaceNumber, SOL_SOCKET, setBytes, setNumber } from "../ffi.ts";
import { listenError } from "../listen-error.ts";
import { internetAddress } from "../socket-address.ts";

// Linux numbers (include/uapi/asm-generic/socket.h, include/uapi/linux/in.h, in6.h).
const SO_BINDTODEVICE = 25;
const IP_TTL = 2;
const IP_RECVERR = 11;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_TTL = 33;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;
const IP_MULTICAST_ALL = 49;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MULTICAST_IF = 17;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_MULTICAST_LOOP = 19;
const IPV6_JOIN_GROUP = 20;
const IPV6_RECVERR = 25;
const IPV6_MULTICAST_ALL = 29;

const HOPS = 255;
/** Flags of the runtime: SO_REUSEPORT and SO_REUSEADDR, so that other programs of this machine may have the port too; IPv6 only. */
const SHARED_PORT = 4 | 16;
const IPV6_ONLY = 8;

export interface MulticastOptions {
  /** `224.0.0.251`, or `ff02::fb`. */
  readonly group: string;
  readonly port: number;
  /** Name of the interface. */
  readonly interface: string;
  /** Called for each datagram that was sent to the group on this interface. Its bytes are borrowed. */
  readonly received: (bytes: Uint8Array, address: string, port: number) => void;
}

/** A member of a multicast group on one interface. */
export interface MulticastSocket {
  readonly descriptor: number;
  readonly port: number;
  /** Sends to the group, or to one address of this interface's network. @returns whether the kernel took it */
  send(bytes: Uint8Array, address?: string, port?: number): boolean;
  close(): void;
}

interface RuntimeSocket {
  readonly port: number;
  send(bytes: Uint8Array, port: number, address: string): boolean;
  close(): void;
}

/**
 * Joins a multicast group on one interface. The socket is bound to the group's address: it receives nothing that was sent to an
 * address of this machine, so others that share the port still get their unicast datagrams, and what it receives comes from this
 * link, because routers do not forward link-local groups.
 *
 * @throws {TenkError} `address-unavailable` without such an interface, `port-in-use` where a program does not share the port
 */
export async function openMulticast(options: MulticastOptions): Promise<MulticastSocket> {
  const { group, port, interface: name } = options;
  // The kernel would choose another one.
  if (interfaceNumber(name) === 0) throw new TenkError("address-unavailable", `There is no interface ${name}`);
  try {
    return await joined(options);
  } catch (error) {
    throw listenError(error, { host: group.includes(":") ? `${group}%${name}` : group, port });
  }
}

async function joined({
  group,
  port: wantedPort,
  interface: name,
  received,
}: MulticastOptions): Promise<MulticastSocket> {
  const isIpv6 = group.includes(":");
  const socket = (await Bun.udpSocket({
    hostname: isIpv6 ? `${group}%${name}` : group,
    port: wantedPort,
    flags: isIpv6 ? SHARED_PORT | IPV6_ONLY : SHARED_PORT,
    socket: {
      data: (_socket: unknown, bytes: Uint8Array, port: number, address: string) => received(bytes, address, port),
      // The kernel's complaint about an earlier datagram; each is tried once.
      error: () => {},
    },
  } as never)) as RuntimeSocket;
  try {
    (isIpv6 ? joinIpv6 : joinIpv4)(descriptorOf(socket), group, name);
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    descriptor: descriptorOf(socket),
    port: socket.port,
    send(bytes, address = group, port = socket.port) {
      try {
        return socket.send(bytes, port, address);
      } catch {
        return false;
      }
    },
    close: () => socket.close(),
  };
}

function joinIpv4(descriptor: number, group: string, name: string): void {
  const set = (option: number, value: number, call: string) =>
    setNumber(descriptor, IPPROTO_IP, option, value, `setsockopt ${call}`);
  bindToInterface(descriptor, name);
  // struct ip_mreqn: group, address of the interface, its number.
  const request = new Uint8Array(new ArrayBuffer(12));
  request.set(internetAddress(group, 0).bytes.subarray(4, 8));
  new DataView(request.buffer).setInt32(8, interfaceNumber(name), true);
  set(IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL");
  setBytes(descriptor, IPPROTO_IP, IP_ADD_MEMBERSHIP, request, "setsockopt IP_ADD_MEMBERSHIP");
  setBytes(descriptor, IPPROTO_IP, IP_MULTICAST_IF, request, "setsockopt IP_MULTICAST_IF");
  set(IP_MULTICAST_TTL, HOPS, "IP_MULTICAST_TTL");
  set(IP_TTL, HOPS, "IP_TTL");
  set(IP_MULTICAST_LOOP, 1, "IP_MULTICAST_LOOP");
  // A closed port of a client must not make the next send fail.
  set(IP_RECVERR, 0, "IP_RECVERR");
}

function joinIpv6(descriptor: number, group: string, name: string): void {
  const set = (option: number, value: number, call: string) =>
    setNumber(descriptor, IPPROTO_IPV6, option, value, `setsockopt ${call}`);
  bindToInterface(descriptor, name);
  // struct ipv6_mreq: group, number of the interface.
  const request = new Uint8Array(new ArrayBuffer(20));
  const number = interfaceNumber(name);
  request.set(internetAddress(group, 0).bytes.subarray(8, 24));
  new DataView(request.buffer).setInt32(16, number, true);
  try {
    set(IPV6_MULTICAST_ALL, 0, "IPV6_MULTICAST_ALL");
  } catch {
    // Linux 4.20; an older one is bound to the interface all the same.
  }
  setBytes(descriptor, IPPROTO_IPV6, IPV6_JOIN_GROUP, request, "setsockopt IPV6_JOIN_GROUP");
  set(IPV6_MULTICAST_IF, number, "IPV6_MULTICAST_IF");
  set(IPV6_MULTICAST_HOPS, HOPS, "IPV6_MULTICAST_HOPS");
  set(IPV6_UNICAST_HOPS, HOPS, "IPV6_UNICAST_HOPS");
  set(IPV6_MULTICAST_LOOP, 1, "IPV6_MULTICAST_LOOP");
  set(IPV6_RECVERR, 0, "IPV6_RECVERR");
}

/** Sends nothing by another interface. Without permission (Linux before 5.7) the membership alone keeps other interfaces out. */
function bindToInterface(descriptor: number, name: string): void {
  try {
    const bytes = new TextEncoder().encode(`${name}\0`);
    setBytes(descriptor, SOL_SOCKET, SO_BINDTODEVICE, bytes, "setsockopt SO_BINDTODEVICE");
  } catch {}
}
