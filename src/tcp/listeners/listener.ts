import { networkInterfaces } from "node:os";
import { pathToFileURL } from "node:url";
import { type Log, TenkError } from "../../base/mod.ts";
import {
  freshVersion,
  type Handler,
  type ListenOptions,
  listen,
  moduleFiles,
  type Server,
  ServerTls,
} from "../../net/mod.ts";
import { type Address, formatAddress, portHolder } from "../../part/mod.ts";
import { relaySettings } from "../relay/mod.ts";
import type { ListenerConfig, RelayConfig, TcpSettings } from "./config.ts";
import { handlerFile, handlerUrl, listenOptions } from "./options.ts";
import { ownTarget } from "./own-target.ts";

/** A listener as it is asked for. */
export interface Wanted {
  readonly name: string;
  readonly config: ListenerConfig;
  readonly options: ListenOptions;
  /** What its handler is loaded from. */
  readonly url: URL;
  /** Its handler's file, where that is not tenk's own, and the files that this is made of. */
  readonly file: string | undefined;
  readonly files: readonly string[];
  /** Changes when one of them does. */
  readonly digest: string;
}

/** A listener that runs. */
export interface RunningListener extends Wanted {
  readonly server: Server;
}

export interface StartOptions {
  readonly log: Log;
  /** Take a free port, and say so, where a listener's own is in use. @default {false} */
  readonly orFree?: boolean;
  /** Say who holds a port that is in use. @default {true} */
  readonly findHolder?: boolean;
  /** What was made of its handler's file already; for one event loop. @default {made now} */
  readonly handler?: Handler;
}

/**
 * A listener of the configuration with all that can be known to be wrong before it is started: its handler's text, its
 * certificates, its targets.
 *
 * @throws {TenkError} `config`, naming the listener
 */
export function wantedListener(name: string, config: ListenerConfig, folder: string, colour: boolean): Wanted {
  const options = listenOptions(name, config, folder);
  const file = handlerFile(config, folder);
  try {
    if (options.tls) new ServerTls(options.tls);
    if (config.relay) {
      relaySettings(options.handlerOptions);
      mustLeadAway(config.listen, config.relay);
    }
    const { files, digest } = file === undefined ? { files: [], digest: "" } : moduleFiles(file);
    return { name, config, options, url: handlerUrl(config, folder, colour), file, files, digest };
  } catch (error) {
    if (!(error instanceof TenkError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new TenkError(error.code, `${error.message}${file === undefined ? ` (listener "${name}")` : ""}`, hint);
  }
}

/** @throws {TenkError} `config` */
function mustLeadAway(listen: Address, { targets }: RelayConfig): void {
  const ofMachine = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address));
  const own = ownTarget(
    listen,
    targets.map(({ address }) => address),
    ofMachine,
  );
  if (own === undefined) return;
  throw new TenkError("config", `Cannot relay to ${own}: that is where it listens itself`, {
    hint: "one client would go round until no descriptor is left: name the address of another program",
  });
}

/**
 * Looks for what only starting would show: handlers' files, certificates, targets.
 *
 * @throws {TenkError} the first that is wrong
 */
export function checkListeners({ config, folder }: TcpSettings): void {
  for (const [name, each] of Object.entries(config)) wantedListener(name, each, folder, false);
}

/** The same listener with its handler's file as it is now. */
export function refreshed(wanted: Wanted, folder: string, colour: boolean): Wanted {
  const { file, config } = wanted;
  if (file === undefined) return wanted;
  const { files, digest } = moduleFiles(file);
  const url = handlerUrl(config, folder, colour, freshVersion(pathToFileURL(file)));
  return { ...wanted, url, files, digest };
}

/**
 * What a listener that was stopped is to start with to be as it was: the handler it had was told, and may have let go of what it
 * needs, so that another is made of the same files. Where those have changed, the runtime still knows them as they were.
 */
export function madeAnew<Each extends Wanted>(before: Each, folder: string, colour: boolean): Each {
  try {
    const { url, digest } = refreshed(before, folder, colour);
    return digest === before.digest ? { ...before, url } : before;
  } catch {
    return before;
  }
}

/** @throws {TenkError} `port-in-use` naming the holder where it can be known, or what `listen` throws */
export async function startListener(
  wanted: Wanted,
  { log, orFree = false, findHolder = true, handler }: StartOptions,
): Promise<RunningListener> {
  const { name, config, options, url } = wanted;
  try {
    return { ...wanted, server: await listen(options, handler ?? url) };
  } catch (error) {
    if (!(error instanceof TenkError) || error.code !== "port-in-use" || !findHolder) throw error;
    const refusal = await portInUse(name, config, error);
    if (!orFree || !("port" in config.listen)) throw refusal;
    const server = await listen({ ...options, port: 0 }, handler ?? url);
    log.warn("port taken instead", { name, wanted: config.listen.port, port: server.port, why: refusal.message });
    return { ...wanted, server };
  }
}

/** What the log says of a listener that has started; that it is open to everybody who reaches this machine goes with it. */
export function saidOf({ name, server, config }: RunningListener): Record<string, string | number> {
  const said = { name, address: server.address, handler: config.handler, workers: server.workers };
  const isEverywhere = "host" in config.listen && /^(0\.0\.0\.0|::|0:0:0:0:0:0:0:0)$/.test(config.listen.host);
  return isEverywhere ? { ...said, reach: "all interfaces" } : said;
}

async function portInUse(name: string, { listen: address }: ListenerConfig, cause: TenkError): Promise<TenkError> {
  const place = "port" in address ? "port" : "path";
  const holder = "port" in address ? await portHolder(address.port) : undefined;
  const by = holder ? ` by ${holder.program} (pid ${holder.pid})` : "";
  return new TenkError("port-in-use", `Cannot listen on ${formatAddress(address)} for "${name}": it is in use${by}`, {
    cause,
    hint: holder ? `stop it or choose another ${place}` : `choose another ${place}`,
  });
}
