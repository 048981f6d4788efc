import { readdirSync, readlinkSync } from "node:fs";
import { TenkError } from "../../base/mod.ts";
import { closeDescriptor } from "../ffi.ts";
import { acceptedAddresses } from "./accepting.ts";
import { duplicate } from "./descriptors.ts";
import { descriptorsKeptBySystemd, takeInherited } from "./inherited.ts";
import { type ListeningSocket, listeningSocket, matches } from "./listening-socket.ts";

const DESCRIPTORS = "/proc/self/fd";

/** Abstract names of our own: each process makes others. */
const OWN_NAME = "\0tenk-";

/** The sockets of all listeners of this process, on descriptors of their own. */
export interface HandedOn extends Disposable {
  /** Those that systemd has too come first. */
  readonly sockets: readonly ListeningSocket[];
  /** The others. */
  readonly own: readonly ListeningSocket[];
  /** What the other process is to call `takeHandedOn` with. */
  readonly summary: string;
}

/**
 * Duplicates the descriptors of all listeners of this process, on all threads, so that a program can be started with
 * them. Until they are closed what waits in their queues is kept, whichever listener stops. Asks the kernel about each open
 * descriptor: 10 000 take 20 ms.
 *
 * @throws {SystemError} `EMFILE`
 */
export function handOn(): HandedOn {
  const seen = new Set<string>();
  const ofSystemd = new Set(descriptorsKeptBySystemd().map((each) => linkOf(each)));
  const addresses = acceptedAddresses();
  let kept = 0;
  const sockets: ListeningSocket[] = [];
  for (const name of readdirSync(DESCRIPTORS)) {
    const descriptor = Number(name);
    const socket = listeningSocket(descriptor);
    if (socket === undefined || socket.path.startsWith(OWN_NAME)) continue;
    // Several descriptors may be of one socket.
    const identity = linkOf(descriptor);
    if (identity === undefined || seen.has(identity)) continue;
    seen.add(identity);
    const duplicated = () => ({ ...socket, descriptor: duplicate(descriptor) });
    if (ofSystemd.has(identity)) sockets.splice(kept++, 0, duplicated());
    // A program of the user's that runs in this process may listen too, and would not expect to find its port in use.
    else if (addresses.some((address) => matches(socket, address.kind, address))) sockets.push(duplicated());
  }
  return {
    sockets,
    own: sockets.slice(kept),
    summary: `${sockets.length},${kept}`,
    [Symbol.dispose]() {
      for (const { descriptor } of sockets) closeDescriptor(descriptor);
    },
  };
}

/**
 * Takes the sockets that the process before handed on.
 *
 * @param summary the one of its `HandedOn`
 * @param first the first of the descriptors that this process was started with for them
 * @throws {TenkError} `invalid-option` where they are not what it says
 */
export function takeHandedOn(summary: string, first: number): void {
  const [, all, kept = "0"] = /^(\d{1,4})(?:,(\d{1,4}))?$/.exec(summary) ?? [];
  if (all === undefined) throw new TenkError("invalid-option", `Cannot take over sockets: "${summary}" is no summary`);
  const descriptors = Array.from({ length: Number(all) }, (_, at) => first + at);
  takeInherited(descriptors.slice(0, Number(kept)), "systemd");
  takeInherited(descriptors.slice(Number(kept)), "tenk");
}

/** `socket:[51234]`; undefined where a thread has closed it meanwhile. */
function linkOf(descriptor: number): string | undefined {
  try {
    return readlinkSync(`${DESCRIPTORS}/${descriptor}`);
  } catch {
    return undefined;
  }
}
