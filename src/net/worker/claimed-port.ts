import { listenError } from "../listen-error.ts";
import type { ListenOptions } from "../types.ts";

/**
 * Opens the port once without sharing and closes it again: with SO_REUSEPORT alone, a second program of the same user
 * would silently get half of our connections instead of "in use".
 *
 * @returns the port, where the options leave the choice
 * @throws {TenkError} as `listen`
 */
export function claimedPort(options: ListenOptions): number {
  const { host = "0.0.0.0", port = 0 } = options;
  try {
    const claim = Bun.listen({ hostname: host, port, socket: { data() {} } });
    claim.stop(true);
    return claim.port;
  } catch (error) {
    throw listenError(error, options);
  }
}
