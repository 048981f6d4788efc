import type { Log } from "../base/mod.ts";
import { TenkError } from "../base/mod.ts";
import { type Handler, type ListenOptions, listen, type Server } from "../net/mod.ts";
import { type Address, isWildcard, type Listening } from "../part/mod.ts";
import type { CertificateNeeds } from "./declared-certificates.ts";
import { inUse, listenAtFirst } from "./port-choice.ts";

/** A listener as a configuration describes it. */
export interface DesiredListener {
  readonly name: string;
  /** As it is configured. A listener whose address changes is another one. */
  readonly listen: Address;
  /** Ports to take where that of `listen` is in use, or not permitted; 0 = any free one. @default {none} */
  readonly fallbackPorts?: readonly number[];
  /** The setting of its address, as people write it: `proxy.https`. @default {"another port"} */
  readonly setting?: string;
  /** Certificates that it takes from the store. @default {none} */
  readonly certificates?: CertificateNeeds;
  readonly options: ListenOptions;
  /** Its handler, or the module of it. An object serves on this thread alone, and is not stopped with the listener. */
  readonly handler: Handler | URL;
}

/** A listener that runs. */
export type RunningListener<Desired extends DesiredListener = DesiredListener> = Desired & { readonly server: Server };

export interface StartOptions {
  readonly log: Log;
  /** Take a free port, and log it, when the listener's own cannot be had. @default {false} */
  readonly autoPort?: boolean;
  /** Only the port of its options: the one that it had before. @default {false} */
  readonly keepsPort?: boolean;
  /** Find out which process holds a port that is in use. @default {true} */
  readonly findHolder?: boolean;
  /** The handler of the module, loaded already; for a listener of one event loop. @default {loaded now} */
  readonly loaded?: Handler;
}

/**
 * Starts a listener, at another of its ports where the first cannot be had.
 *
 * @throws {TenkError} `port-in-use` naming the holder where it can be known, `permission-denied` with the fix, or what `listen` throws
 */
export async function startListener<Desired extends DesiredListener>(
  desired: Desired,
  { log, autoPort = false, keepsPort = false, findHolder = true, loaded }: StartOptions,
): Promise<RunningListener<Desired>> {
  const { name, listen: address, options, handler, fallbackPorts = [], setting } = desired;
  const open = (port?: number) => listen(port === undefined ? options : { ...options, port }, loaded ?? handler);
  if (!findHolder) return { ...desired, server: await open() };
  if ("path" in address) return { ...desired, server: await openPath(name, address, open) };
  const others = keepsPort ? [] : [...fallbackPorts, ...(autoPort ? [0] : [])];
  const ports = [options.port ?? address.port, ...others];
  return {
    ...desired,
    server: await listenAtFirst({ name, host: address.host, ports, ...(setting && { setting }), log }, open),
  };
}

async function openPath(name: string, address: Address, open: () => Promise<Server>): Promise<Server> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof TenkError) || error.code !== "port-in-use") throw error;
    throw inUse(name, address, undefined, error);
  }
}

/** Fields for log lines about a running listener; `reach` tells that other machines can reach it. */
export function logFields({ name, server, listen }: RunningListener): Record<string, string | number> {
  const fields = { name, address: server.address, workers: server.workers };
  const isEverywhere = "host" in listen && isWildcard(listen.host);
  return isEverywhere ? { ...fields, reach: "all interfaces" } : fields;
}

/** Where a listener listens, with the other fields of its log lines. */
export function listeningOf(
  { server }: RunningListener,
  { name, address: _, ...facts }: Record<string, string | number>,
): Listening {
  const address: Address = server.path === undefined ? { host: server.host, port: server.port } : { path: server.path };
  return { name: String(name), address, facts };
}
