import { networkInterfaces } from "node:os";
import { pathToFileURL } from "node:url";
import { TenkError } from "../../base/mod.ts";
import { checkedName } from "../../certificates/mod.ts";
import {
  type Circumstances,
  certifiableNames,
  type DesiredListener as Desired,
  isAutomatic,
  type RunningListener as Running,
  type ServerTlsConfig,
  logFields as sharedLogFields,
} from "../../listener/mod.ts";
import { freshVersion, moduleFiles, ServerTls } from "../../net/mod.ts";
import type { Address } from "../../part/mod.ts";
import { relaySettings } from "../relay/mod.ts";
import type { ListenerConfig, RelayConfig, TcpSettings } from "./config.ts";
import { automaticTls, handlerFile, handlerUrl, listenOptions } from "./options.ts";
import { ownTarget } from "./own-target.ts";

/** A listener as the configuration describes it. */
export interface DesiredListener extends Desired {
  /** The module of its handler. */
  readonly handler: URL;
  /** That relative paths of `config` are relative to. */
  readonly folder: string;
  readonly config: ListenerConfig;
  /** The handler's file; undefined when the handler is built in. */
  readonly file: string | undefined;
  /** That file, and those that it imports. */
  readonly files: readonly string[];
  /** A digest of `files`. */
  readonly digest: string;
}

/** A listener that runs. */
export type RunningListener = Running<DesiredListener>;

/**
 * Reads a listener of the configuration, and checks what can be checked before it starts: its handler's text, certificates and
 * targets.
 *
 * @throws {TenkError} `config`, naming the listener
 */
export function desiredListener(
  name: string,
  config: ListenerConfig,
  { folder, domain }: Pick<TcpSettings, "folder" | "domain">,
  colour: boolean,
): DesiredListener {
  const options = listenOptions(name, config, folder);
  const file = handlerFile(config, folder);
  try {
    if (options.tls) new ServerTls(options.tls);
    const names = config.tls && isAutomatic(config.tls) ? namesOf(config.tls, domain) : undefined;
    if (config.relay) {
      relaySettings(options.handlerOptions);
      throwIfOwnTarget(config.listen, config.relay);
    }
    const { files, digest } = file === undefined ? { files: [], digest: "" } : moduleFiles(file);
    return {
      name,
      listen: config.listen,
      setting: `tcp.${name}.listen`,
      ...(names && { certificates: { owner: name, names } }),
      folder,
      config,
      options,
      handler: handlerUrl(config, folder, colour),
      file,
      files,
      digest,
    };
  } catch (error) {
    if (!(error instanceof TenkError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new TenkError(error.code, `${error.message}${file === undefined ? ` (listener "${name}")` : ""}`, hint);
  }
}

/**
 * Returns the names that a listener has certificates for. `localhost` is always one: so people on the box itself connect.
 *
 * @throws {TenkError} `config` for a name that no certificate can have
 */
function namesOf({ names }: ServerTlsConfig, domain: string | undefined): string[] {
  return names === undefined ? certifiableNames(domain) : ["localhost", ...Object.keys(names).map(checkedName)];
}

/** Returns a listener with the certificates of the store that it serves. */
export function withCertificates(desired: DesiredListener, { certificates }: Circumstances): DesiredListener {
  const { config, folder, options } = desired;
  if (certificates === undefined) return desired;
  return { ...desired, options: { ...options, tls: automaticTls(config, folder, certificates) } };
}

/** @throws {TenkError} `config` */
function throwIfOwnTarget(listen: Address, { targets }: RelayConfig): void {
  const ofMachine = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address));
  const own = ownTarget(
    listen,
    targets.map(({ address }) => address),
    ofMachine,
  );
  if (own === undefined) return;
  throw new TenkError("config", `Cannot relay to ${own}: that is where it listens itself`, {
    hint: "each connection would open another until no descriptor is left: name the address of another program",
  });
}

/**
 * Checks handlers' files, certificates and targets, without starting anything.
 *
 * @throws {TenkError} the first that is wrong
 */
export function checkListeners(settings: TcpSettings): void {
  for (const [name, each] of Object.entries(settings.config)) desiredListener(name, each, settings, false);
}

/** Returns the listener with the current version of its handler's file. */
export function refreshed(desired: DesiredListener, folder: string, colour: boolean): DesiredListener {
  const { file, config } = desired;
  if (file === undefined) return desired;
  const { files, digest } = moduleFiles(file);
  const handler = handlerUrl(config, folder, colour, freshVersion(pathToFileURL(file)));
  return { ...desired, handler, files, digest };
}

/**
 * Returns a stopped listener ready to start again as it was. Its handler was told to stop and may have released what it needs,
 * so that it is loaded again from its files; when these have changed, the runtime still has the old version in its cache.
 */
export function rebuilt<Each extends DesiredListener>(before: Each, folder: string, colour: boolean): Each {
  try {
    const { handler, digest } = refreshed(before, folder, colour);
    return digest === before.digest ? { ...before, handler } : before;
  } catch {
    return before;
  }
}

/** Fields for log lines about a running listener. */
export function logFields(running: RunningListener): Record<string, string | number> {
  const { name, address, ...others } = sharedLogFields(running);
  return { name: name!, address: address!, handler: running.config.handler, ...others };
}
