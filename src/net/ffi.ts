/** Calls of libc with their errors: sockets, datagrams, waiting, clocks. */
import { constants } from "node:os";
import { libc, ptr, read } from "./libc.ts";
import type { SocketAddress } from "./socket-address.ts";

// Linux numbers, the same on x86-64 and arm64 (include/uapi/asm-generic/socket.h, include/uapi/linux/in.h).
export const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
const SO_KEEPALIVE = 9;
const SO_LINGER = 13;
const IP_TOS = 1;
export const IPPROTO_IPV6 = 41;
const IPV6_TCLASS = 67;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const TCP_USER_TIMEOUT = 18;
const TCP_FASTOPEN = 23;
const SO_BUF_LOCK = 72;
const SOCK_SNDBUF_LOCK = 1;
export const IPPROTO_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;
export const IPPROTO_TCP = 6;
const TIOCOUTQ = 0x5411;
const SIOCGSTAMP = 0x8906;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const SOCK_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | SOCK_NONBLOCK_CLOEXEC;
const F_DUPFD_CLOEXEC = 1030;
const RLIMIT_NOFILE = 7;
const PR_SET_TIMERSLACK = 29;
const SHUT_RDWR = 2;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | SOCK_NONBLOCK_CLOEXEC;
const EFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;

/** struct sockaddr_un. */
const LONGEST_NAME_BYTES = 110;

/** The largest i32: of a larger size the kernel reads only the lower bits. */
const LARGEST_NUMBER = 2 ** 31 - 1;

const errnoNames = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** A failed call, with the system's name of the error. Programs compare `code`. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;
  constructor(call: string) {
    const code = errnoName();
    super(`${call}: ${code}`);
    this.code = code;
  }
}

/** Of the call before. */
export function errno(): number {
  return read.i32(libc.__errno_location()!, 0);
}

/** Its name, such as `ECONNREFUSED`. */
export function errnoName(): string {
  const number = errno();
  return errnoNames.get(number) ?? `errno ${number}`;
}

export function check(result: number, call: string): number {
  if (result < 0) throw new SystemError(call);
  return result;
}

/** Sets how many connections wait for accept; the kernel takes the smaller of this and net.core.somaxconn. */
export function setBacklog(descriptor: number, backlog: number): void {
  check(libc.listen(descriptor, backlog), "listen");
}

export function setNumber(descriptor: number, level: number, option: number, value: number, call: string): void {
  const bytes = new Int32Array([Math.min(value, LARGEST_NUMBER)]);
  check(libc.setsockopt(descriptor, level, option, ptr(bytes), 4), call);
}

export function setBytes(descriptor: number, level: number, option: number, bytes: Uint8Array, call: string): void {
  check(libc.setsockopt(descriptor, level, option, ptr(bytes), bytes.length), call);
}

/** Socket options that are set by system calls, in the units of `SocketOptions`; 0 = the system's choice. */
export interface SocketTuning {
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  readonly keepAliveMs: number;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveProbes: number;
  readonly userTimeoutMs: number;
  readonly typeOfService: number;
}

/** Sets options on a listener, from which accepted sockets inherit them, so that an accept costs no call; or before a connect. */
export function tuneSocket(descriptor: number, tuning: SocketTuning, isTcp: boolean): void {
  const set = (level: number, option: number, value: number, name: string) => {
    if (value > 0) setNumber(descriptor, level, option, value, `setsockopt ${name}`);
  };
  set(SOL_SOCKET, SO_RCVBUF, tuning.receiveBufferBytes, "SO_RCVBUF");
  set(SOL_SOCKET, SO_SNDBUF, tuning.sendBufferBytes, "SO_SNDBUF");
  if (!isTcp) return;
  if (tuning.keepAliveMs > 0) {
    set(SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE");
    set(IPPROTO_TCP, TCP_KEEPIDLE, Math.max(1, Math.round(tuning.keepAliveMs / 1000)), "TCP_KEEPIDLE");
  }
  set(IPPROTO_TCP, TCP_KEEPINTVL, Math.ceil(tuning.keepAliveIntervalMs / 1000), "TCP_KEEPINTVL");
  set(IPPROTO_TCP, TCP_KEEPCNT, tuning.keepAliveProbes, "TCP_KEEPCNT");
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, tuning.userTimeoutMs, "TCP_USER_TIMEOUT");
  set(IPPROTO_IP, IP_TOS, tuning.typeOfService, "IP_TOS");
  // The kernel refuses it on a socket of IPv4 alone, where it has no use.
  if (tuning.typeOfService > 0) {
    const bytes = new Int32Array([tuning.typeOfService]);
    libc.setsockopt(descriptor, IPPROTO_IPV6, IPV6_TCLASS, ptr(bytes), 4);
  }
}

/** @param queued connections with data in their SYN that may wait for accept */
export function setFastOpen(descriptor: number, queued: number): void {
  setNumber(descriptor, IPPROTO_TCP, TCP_FASTOPEN, queued, "setsockopt TCP_FASTOPEN");
}

/** Returns a numeric socket option as the kernel has it; for tests. */
export function readOption(descriptor: number, level: number, option: number): number {
  const value = new Int32Array(1);
  const length = new Uint32Array([4]);
  check(libc.getsockopt(descriptor, level, option, ptr(value), ptr(length)), "getsockopt");
  return value[0]!;
}

const optionLength = new Uint32Array(1);
const queuedInKernel = new Int32Array(1);

/** The kernel's initial receive buffer by default (net.ipv4.tcp_rmem), which grows. */
const USUAL_RECEIVE_BYTES = 64 * 1024;

/**
 * Bounds what the kernel keeps for a connection that is read slowly, while it is open; 0 gives the choice back to the kernel
 * (Linux 5.14; an older one stays at what it started with). A closed descriptor is no error.
 */
export function boundReceiveBuffer(descriptor: number, bytes: number, sendBufferIsSet: boolean): void {
  const size = new Int32Array([bytes > 0 ? bytes : USUAL_RECEIVE_BYTES]);
  libc.setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, ptr(size), 4);
  if (bytes > 0) return;
  const locks = new Int32Array([sendBufferIsSet ? SOCK_SNDBUF_LOCK : 0]);
  libc.setsockopt(descriptor, SOL_SOCKET, SO_BUF_LOCK, ptr(locks), 4);
}

/** Reads a socket option into `value`. @returns how many bytes the kernel wrote; -1 where it refuses */
export function readOptionInto(descriptor: number, level: number, option: number, value: DataView): number {
  optionLength[0] = value.byteLength;
  return libc.getsockopt(descriptor, level, option, ptr(value), ptr(optionLength)) < 0 ? -1 : optionLength[0]!;
}

/** Bytes in the kernel that the peer's kernel has not acknowledged; our FIN counts as one. */
export function unackedBytes(descriptor: number): number {
  queuedInKernel[0] = 0;
  libc.ioctl(descriptor, TIOCOUTQ, ptr(queuedInKernel));
  return queuedInKernel[0]!;
}

const linger = new Int32Array(2);

/**
 * Makes the kernel reset the connection when its descriptor is closed, whoever closes it: also where a worker or the whole
 * process dies (SO_LINGER with no time, RFC 9293 §3.9.1 ABORT).
 */
export function resetOnClose(descriptor: number, isOn: boolean): void {
  linger[0] = isOn ? 1 : 0;
  libc.setsockopt(descriptor, SOL_SOCKET, SO_LINGER, ptr(linger), 8);
}

/** The process's limit of open descriptors (RLIMIT_NOFILE, soft). */
export function descriptorLimit(): number {
  const limit = new BigUint64Array(2);
  check(libc.getrlimit(RLIMIT_NOFILE, ptr(limit)), "getrlimit");
  return Number(limit[0]!);
}

/** Returns the lowest free descriptor number, or -1 when there is none. Costs two system calls and reads no file. */
export function lowestFreeDescriptor(): number {
  const descriptor = libc.fcntl(0, F_DUPFD_CLOEXEC, 0);
  if (descriptor >= 0) libc.close(descriptor);
  return descriptor;
}

/** The runtime has it on every socket; its types do not. */
export function descriptorOf(socket: object): number {
  return (socket as { fd: number }).fd;
}

/** The most that `decodeProxyHeader` accepts. One buffer for all sockets, since it is read at once. */
export const MOST_PEEKED_BYTES = 4096 + 16;
const peeked = new Uint8Array(MOST_PEEKED_BYTES);

const taken = new Uint8Array(64 * 1024);
const NOTHING = new Uint8Array(0);

/** Returns what the kernel holds for a socket, up to 4 KiB, left where it is; a view, valid until the next call. */
export function peekBytes(descriptor: number): Uint8Array | "finished" | "reset" {
  const count = Number(libc.recv(descriptor, ptr(peeked), peeked.length, MSG_PEEK | MSG_DONTWAIT));
  if (count > 0) return peeked.subarray(0, count);
  if (count === 0) return "finished";
  return errno() === constants.errno.EAGAIN ? peeked.subarray(0, 0) : "reset";
}

/** Takes the first `count` bytes (peeked before) from what the kernel holds for a socket. */
export function discardBytes(descriptor: number, count: number): void {
  check(Number(libc.recv(descriptor, ptr(peeked), count, MSG_DONTWAIT)), "recv");
}

/** Returns up to `most` bytes of what the kernel holds for a socket, taken from there; empty where there are none now. */
export function takeBytes(descriptor: number, most: number): Uint8Array | "finished" | "reset" {
  const count = Number(libc.recv(descriptor, ptr(taken), Math.min(most, taken.length), MSG_DONTWAIT));
  if (count > 0) return taken.slice(0, count);
  if (count === 0) return "finished";
  return errno() === constants.errno.EAGAIN ? NOTHING : "reset";
}

/** @throws {SystemError} */
export function sendBytes(descriptor: number, bytes: Uint8Array): void {
  check(Number(libc.write(descriptor, ptr(bytes), bytes.length)), "write");
}

/** Sends a FIN behind what the kernel has for the peer; nothing is read any more. A closed descriptor is no error. */
export function finishDescriptor(descriptor: number): void {
  libc.shutdown(descriptor, SHUT_RDWR);
}

export function closeDescriptor(descriptor: number): void {
  libc.close(descriptor);
}

/** Returns the number of an interface; 0 if there is none of this name. */
export function interfaceNumber(name: string): number {
  return libc.if_nametoindex(ptr(new TextEncoder().encode(`${name}\0`)));
}

/** The settings of a connect beside its target. */
export interface DialOptions {
  socket: SocketTuning;
  from: SocketAddress | undefined;
}

/**
 * Begins a connect and returns its descriptor at once; the event loop says later how it ended.
 *
 * @throws {SystemError} `EMFILE`, `EADDRNOTAVAIL`, `ENETUNREACH`, … the descriptor is then closed
 */
export function dial(to: SocketAddress, options: DialOptions): number {
  const descriptor = check(libc.socket(to.family, SOCK_STREAM_NONBLOCK_CLOEXEC, 0), "socket");
  try {
    tuneSocket(descriptor, options.socket, to.family !== AF_UNIX);
    if (options.from) {
      // The port is chosen at connect, when the target is known: each target then has the whole port range.
      setNumber(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, "setsockopt IP_BIND_ADDRESS_NO_PORT");
      check(libc.bind(descriptor, ptr(options.from.bytes), options.from.bytes.length), "bind");
    }
    // Nearly every connect ends here, so no error with a stack is made.
    if (libc.connect(descriptor, ptr(to.bytes), to.bytes.length) < 0 && errno() !== constants.errno.EINPROGRESS) {
      throw new SystemError("connect");
    }
    return descriptor;
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}

/** Where typed memory is. It must have been made by `new ArrayBuffer`: a small view's own memory may be moved when `.buffer` is first read. */
export function pointerTo(memory: Uint8Array | Uint32Array): number {
  return ptr(memory);
}

/** @throws {SystemError} `EMFILE`, `EAFNOSUPPORT` */
export function datagramSocket(family: number): number {
  return check(libc.socket(family, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0), "socket");
}

/** @throws {SystemError} `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` */
export function bindSocket(descriptor: number, { bytes }: SocketAddress): void {
  check(libc.bind(descriptor, ptr(bytes), bytes.length), "bind");
}

/** Sets where a datagram socket sends to, and whose datagrams it takes. @throws {SystemError} `ENETUNREACH`, `EADDRNOTAVAIL` */
export function connectDatagrams(descriptor: number, { bytes }: SocketAddress): void {
  check(libc.connect(descriptor, ptr(bytes), bytes.length), "connect");
}

/** Returns the port that a socket is bound to. */
export function portOf(descriptor: number): number {
  return new DataView(socketName(descriptor).buffer).getUint16(2);
}

/** Returns the address that a socket is bound to, in the kernel's form. @throws {SystemError} `EBADF`, `ENOTSOCK` */
export function socketName(descriptor: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(LONGEST_NAME_BYTES));
  const length = new Uint32Array(new ArrayBuffer(4)).fill(LONGEST_NAME_BYTES);
  check(libc.getsockname(descriptor, ptr(bytes), ptr(length)), "getsockname");
  return bytes.slice(0, length[0]);
}

/** Reads up to `most` datagrams into an array of struct mmsghdr. @returns how many; -1 with `errno` */
export function receiveDatagrams(descriptor: number, headers: number, most: number): number {
  return libc.recvmmsg(descriptor, headers as never, most, MSG_DONTWAIT, null);
}

/** Sends the first `count` of an array of struct mmsghdr. @returns how many; -1 with `errno` of the first */
export function sendDatagrams(descriptor: number, headers: number, count: number): number {
  return libc.sendmmsg(descriptor, headers as never, count, MSG_DONTWAIT);
}

/** Blocks this thread until one of an array of struct pollfd is ready. @param timeoutMs -1 = none @returns how many are */
export function poll(entries: Int32Array, count: number, timeoutMs: number): number {
  return libc.poll(ptr(entries), count, timeoutMs);
}

/** struct timespec as words of four bytes: seconds, nanoseconds. */
const pollTime = new Uint32Array(new ArrayBuffer(16));

/** The same with a timeout that may be less than a millisecond. */
export function pollFor(entries: Int32Array, count: number, timeoutMs: number): number {
  const seconds = Math.floor(timeoutMs / 1000);
  pollTime[0] = seconds;
  pollTime[2] = Math.floor((timeoutMs - seconds * 1000) * 1e6);
  return libc.ppoll(ptr(entries), count, ptr(pollTime), null);
}

/** Returns a descriptor that is readable once it was rung: how a thread that blocks in `poll` is called. */
export function doorbell(): number {
  return check(libc.eventfd(0, EFD_NONBLOCK_CLOEXEC), "eventfd");
}

const ring = new BigUint64Array(new ArrayBuffer(8)).fill(1n);
const rung = new BigUint64Array(new ArrayBuffer(8));

export function ringDoorbell(descriptor: number): void {
  libc.write(descriptor, ptr(ring), 8);
}

/** Makes it quiet again. */
export function answerDoorbell(descriptor: number): void {
  libc.read(descriptor, ptr(rung), 8);
}

/** Opens a socket that does not block. @returns its descriptor; -1 with `errno` */
export function socketOf(family: number, type: number, protocol: number): number {
  return libc.socket(family, type | SOCK_NONBLOCK_CLOEXEC, protocol);
}

/** Reads one message. @returns its length; -1 with `errno` */
export function receiveBytes(descriptor: number, into: Uint8Array): number {
  return Number(libc.recv(descriptor, ptr(into), into.length, MSG_DONTWAIT));
}

const time = new BigInt64Array(new ArrayBuffer(16));

/** Returns when the message that was read last came, in milliseconds since 1970; undefined before the first, and makes the kernel keep it. */
export function arrivalMs(descriptor: number): number | undefined {
  return libc.ioctl(descriptor, SIOCGSTAMP, ptr(time)) < 0
    ? undefined
    : Number(time[0]) * 1000 + Number(time[1]) / 1000;
}

/** Returns microseconds of CLOCK_MONOTONIC, which all processes share; the runtime's clocks begin with the process. */
export function monotonicUs(): number {
  check(libc.clock_gettime(CLOCK_MONOTONIC, ptr(time)), "clock_gettime");
  return Number(time[0]) * 1e6 + Math.floor(Number(time[1]) / 1000);
}

/** Returns milliseconds since 1970 in steps of nanoseconds. */
export function clockMs(): number {
  check(libc.clock_gettime(CLOCK_REALTIME, ptr(time)), "clock_gettime");
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6;
}

let isExact = false;

/** Blocks the thread. The kernel may wake a thread 50 µs late unless it is told that this one needs it exact. */
export function sleepUs(us: number): void {
  if (!isExact) {
    libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    isExact = true;
  }
  libc.usleep(us);
}
