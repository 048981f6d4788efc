import { isIP } from "node:net";
import { allowedLookup, DENIED_RANGES } from "../../http/mod.ts";
import { type Connection, type ConnectOptions, connect, type Handler } from "../../net/mod.ts";

/** Returns whether a target is an address: `192.0.2.1`, `http://[::1]:80`. A name may become another address at any time. */
export function isAddress(target: string): boolean {
  const host = /^(?:[a-z0-9+.-]+:\/\/)?(?:\[([^\]]+)\]|([^/:]+))(?::\d+)?$/i.exec(target);
  return isIP(host?.[1] ?? host?.[2] ?? target) > 0;
}

/**
 * Connects to a target. A name is looked up once, and the connection goes to an address that was checked: a name that leads to a
 * link-local address, where clouds serve credentials, is refused. A target that is such an address means it.
 *
 * @throws {TenkError} as `connect`, and `permission-denied`
 */
export async function connectToTarget<Data>(
  options: ConnectOptions<Data> & { host: string },
  handler: Handler<Data>,
): Promise<Connection<Data>> {
  if (isIP(options.host) > 0) return connect(options, handler);
  let denied: Error | undefined;
  const lookup = allowedLookup(DENIED_RANGES, (error) => { denied = error; }, options.lookup); // biome-ignore format: one thought
  try {
    return await connect({ ...options, lookup }, handler);
  } catch (error) {
    throw denied ?? error;
  }
}
