import { readdirSync, readlinkSync } from "node:fs";
import { closeDescriptor } from "../ffi.ts";
import { duplicate } from "./descriptors.ts";
import { type ListeningSocket, listeningSocket } from "./listening-socket.ts";

const DESCRIPTORS = "/proc/self/fd";

/** Descriptors of sockets for datagrams that a program may inherit; others of the process belong to clients. */
const datagramSockets = new Set<number>();

export function addDatagramSocket(descriptor: number): void {
  datagramSockets.add(descriptor);
}

export function forgetDatagramSocket(descriptor: number): void {
  datagramSockets.delete(descriptor);
}

/** The sockets of all listeners of this process, on descriptors of their own. */
export interface HandedOn extends Disposable {
  readonly sockets: readonly ListeningSocket[];
}

/**
 * Duplicates the descriptors of everything that listens in this process, on all threads, so that a program can be started with
 * them. Until they are closed what waits in their queues is kept, whichever listener stops. Asks the kernel about each open
 * descriptor: 10 000 take 20 ms.
 *
 * @throws {SystemError} `EMFILE`
 */
export function handOn(): HandedOn {
  const seen = new Set<string>();
  const sockets: ListeningSocket[] = [];
  for (const name of readdirSync(DESCRIPTORS)) {
    const descriptor = Number(name);
    const socket = listeningSocket(descriptor);
    if (socket === undefined || (socket.kind === "udp" && !datagramSockets.has(descriptor))) continue;
    // Several descriptors may be of one socket.
    const identity = linkOf(name);
    if (identity === undefined || seen.has(identity)) continue;
    seen.add(identity);
    sockets.push({ ...socket, descriptor: duplicate(descriptor) });
  }
  return {
    sockets,
    [Symbol.dispose]() {
      for (const { descriptor } of sockets) closeDescriptor(descriptor);
    },
  };
}

/** `socket:[51234]`; undefined where a thread has closed it meanwhile. */
function linkOf(name: string): string | undefined {
  try {
    return readlinkSync(`${DESCRIPTORS}/${name}`);
  } catch {
    return undefined;
  }
}
