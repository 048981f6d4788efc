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

/** Sockets that this process was started with, and that no listener has taken yet. */
let waiting: ListeningSocket[] = [];
/** Files of Unix sockets that systemd made and removes. */
const filesOfSystemd = new Set<string>();

/**
 * Takes the sockets that this process was started with, by systemd or by the process that it replaces. Listeners of their
 * addresses find them instead of opening others. Called once, before anything listens.
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
    if (from === "systemd" && socket.path !== "") filesOfSystemd.add(socket.path);
  }
}

/** Returns the descriptors of all inherited sockets of an address, which are the caller's from now on; none where there is none. */
export function claim(kind: SocketKind, wanted: WantedAddress): number[] {
  const claimed = waiting.filter((socket) => matches(socket, kind, wanted));
  waiting = waiting.filter((socket) => !claimed.includes(socket));
  return claimed.map(({ descriptor }) => descriptor);
}

export function isOfSystemd(path: string): boolean {
  return filesOfSystemd.has(path);
}

/** Closes what no listener has taken. @returns their addresses, for people */
export function closeUnclaimed(): string[] {
  const unclaimed = waiting;
  waiting = [];
  for (const { descriptor } of unclaimed) closeDescriptor(descriptor);
  return unclaimed.map(({ kind, host, port, path }) =>
    kind === "unix" ? addressText({ path }) : `${addressText({ host, port })}/${kind}`,
  );
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
