import { lstatSync, unlinkSync } from "node:fs";
import { systemCodeOf } from "../../base/mod.ts";
import { closeDescriptor, dial, type SocketTuning } from "../ffi.ts";
import { unixAddress } from "../socket-address.ts";

/**
 * Opens a Unix listener and first removes the file that a killed process left there, so that a restart after a crash works by
 * itself. Only a socket that refuses connects is removed, since nobody listens on it.
 */
export function pastStaleFile<Listener>(path: string, tuning: SocketTuning, open: () => Listener): Listener {
  try {
    return open();
  } catch (error) {
    if (systemCodeOf(error) !== "EADDRINUSE" || !isStale(path, tuning)) throw error;
    unlinkSync(path);
    return open();
  }
}

function isStale(path: string, tuning: SocketTuning): boolean {
  try {
    if (path.startsWith("\0") || !lstatSync(path).isSocket()) return false;
    closeDescriptor(dial(unixAddress(path), { socket: tuning, from: undefined }));
    return false;
  } catch (error) {
    return systemCodeOf(error) === "ECONNREFUSED";
  }
}
