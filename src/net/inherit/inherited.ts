import { TenkError } from "../../base/mod.ts";
import { closeDescriptor } from "../ffi.ts";
import { addressText } from "../listen-error.ts";
import { adopt } from "./descriptors.ts";
import {
  type ListeningSocket,
  listeningSocket,
  matches,
  type SocketKind,
  type WantedAddress,
} from "./listening-socket.ts";

/** Sockets that this process was started with, and that no listener has now. */
let waiting: ListeningSocket[] = [];
/**
 * Sockets that systemd keeps open as well, by their descriptors. They are never closed here: nothing but a start of the process
 * would bring them again, and nobody else can listen at their addresses meanwhile.
 */
const ofSystemd = new Map<number, ListeningSocket>();

/** An inherited socket that no listener uses. */
export interface Unclaimed {
  /** For people. */
  readonly address: string;
  /** systemd has it too: clients that connect to it wait, and a later listener of its address can have it. */
  readonly isKept: boolean;
}

/**
 * Takes the sockets that this process was started with, by systemd or by the process that it replaces. Listeners of their
 * addresses find them instead of opening others. Called before anything listens.
 *
 * @throws {TenkError} `invalid-option` where a descriptor is no socket that listens
 */
export function takeInherited(descriptors: readonly number[], from: "systemd" | "tenk"): void {
  for (const descriptor of descriptors) {
    const socket = listeningSocket(descriptor);
    if (socket === undefined) {
      throw new TenkError(
        "invalid-option",
        `Cannot use inherited descriptor ${descriptor}: it is no socket that listens`,
        {
          hint: "ListenStream= and ListenDatagram= of the .socket unit, with Accept=no",
        },
      );
    }
    adopt(descriptor);
    waiting.push(socket);
    if (from === "systemd") ofSystemd.set(descriptor, socket);
  }
}

/** Returns the descriptors of all inherited sockets of an address, which are the caller's until it releases them; none where there is none. */
export function claim(kind: SocketKind, wanted: WantedAddress): number[] {
  const claimed = waiting.filter((socket) => matches(socket, kind, wanted));
  waiting = waiting.filter((socket) => !claimed.includes(socket));
  return claimed.map(({ descriptor }) => descriptor);
}

/** Gives back what was claimed. It is closed, unless systemd keeps it open anyway. */
export function release(descriptors: Iterable<number>): void {
  for (const descriptor of descriptors) {
    const socket = ofSystemd.get(descriptor);
    if (socket === undefined) closeDescriptor(descriptor);
    else waiting.push(socket);
  }
}

/** Returns whether an inherited socket waits for a listener of this address. */
export function isInherited(kind: SocketKind, wanted: WantedAddress): boolean {
  return waiting.some((socket) => matches(socket, kind, wanted));
}

/** Returns, for people, the address of an inherited socket that keeps a listener from this port; undefined where there is none. */
export function inheritedAtPort(port: number, transport: "tcp" | "tcp or udp"): string | undefined {
  const socket = waiting.find((each) => transport.includes(each.kind) && each.port === port);
  return socket === undefined ? undefined : addressOf(socket);
}

/** Returns whether the file of a Unix socket is systemd's to remove. */
export function isFileOfSystemd(path: string): boolean {
  return path !== "" && [...ofSystemd.values()].some((socket) => socket.path === path);
}

/** @internal The sockets that systemd has too. */
export function descriptorsKeptBySystemd(): number[] {
  return [...ofSystemd.keys()];
}

/** Closes what no listener has taken, except what systemd keeps open anyway. */
export function closeUnclaimed(): Unclaimed[] {
  const unclaimed = waiting;
  waiting = unclaimed.filter(({ descriptor }) => ofSystemd.has(descriptor));
  return unclaimed.map((socket) => {
    const isKept = ofSystemd.has(socket.descriptor);
    if (!isKept) closeDescriptor(socket.descriptor);
    return { address: addressOf(socket), isKept };
  });
}

/**
 * Divides inherited sockets among event loops. With fewer sockets than event loops some share one; with more, an event loop
 * has several, since what waits in one that nobody reads would be lost.
 */
export function shareOf(sockets: readonly number[], index: number, loops: number): number[] {
  if (sockets.length === 0) return [];
  if (sockets.length < loops) return [sockets[index % sockets.length]!];
  return sockets.filter((_, at) => at % loops === index);
}

function addressOf({ kind, host, port, path }: ListeningSocket): string {
  return kind === "unix" ? addressText({ path }) : `${addressText({ host, port })}/${kind}`;
}
