import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  acceptOptions,
  bufferOptions,
  commonTlsOptions,
  isAutomatic,
  limitOptions,
  pemOption,
  serverTlsOptions,
} from "../../listener/mod.ts";
import type { ClientTlsOptions, ListenOptions, ServerTlsOptions } from "../../net/mod.ts";
import type { CertificateDeclaration } from "../../part/mod.ts";
import { HANDLERS } from "../handlers.ts";
import { dumpedUrl } from "../module/mod.ts";
import type { RelayOptions } from "../relay/mod.ts";
import { isBuiltIn, type ListenerConfig, type RelayConfig } from "./config.ts";

/** Returns the absolute path of a listener's handler; undefined when the handler is built in. */
export function handlerFile(config: ListenerConfig, folder: string): string | undefined {
  return isBuiltIn(config.handler) ? undefined : resolve(folder, config.handler);
}

/**
 * Returns the module that event loops load for a listener: its handler, wrapped by the dump where one is configured.
 *
 * @param url another version of the handler's file
 */
export function handlerUrl(config: ListenerConfig, folder: string, colour: boolean, url?: URL): URL {
  const file = handlerFile(config, folder);
  const plain = url ?? (file === undefined ? builtInUrl(config.handler) : pathToFileURL(file));
  if (config.dump === "off") return plain;
  const filter = config.dumpFilter === undefined ? {} : { filter: config.dumpFilter };
  return dumpedUrl(plain, { format: config.dump, colour, ...filter });
}

function builtInUrl(name: string): URL {
  return HANDLERS[name as keyof typeof HANDLERS].url;
}

/** Translates a listener's settings into the options of `net`. */
export function listenOptions(name: string, config: ListenerConfig, folder: string): ListenOptions {
  const handlerOptions = config.relay === undefined ? config.options : relayOptions(name, config.relay, folder);
  return {
    ...config.listen,
    name,
    workers: config.workers,
    ...acceptOptions(config),
    halfOpen: config.halfOpen,
    ...bufferOptions(config),
    limits: limitOptions(config.limits),
    subscribers: {
      maxQueuedBytes: config.subscribers.maxQueued,
      whenFull: config.subscribers.whenFull,
      maxTopics: config.subscribers.maxTopics,
      maxRelayedBytes: config.subscribers.maxRelayed,
    },
    ...(config.tls && !isAutomatic(config.tls) && { tls: serverTlsOptions(config.tls, folder) }),
    ...(handlerOptions !== undefined && { handlerOptions }),
  };
}

/** Returns a listener's TLS with certificates of the store. */
export function automaticTls(
  { tls }: ListenerConfig,
  folder: string,
  certificates: CertificateDeclaration["tls"],
): ServerTlsOptions {
  return { ...certificates, ...commonTlsOptions(tls!, folder) };
}

function relayOptions(name: string, relay: RelayConfig, folder: string): RelayOptions {
  return {
    name,
    targets: relay.targets,
    balance: relay.balance,
    connectTimeoutMs: relay.connectTimeout,
    attempts: relay.attempts,
    health: {
      failures: relay.health.failures,
      withinMs: relay.health.within,
      backOffMs: relay.health.backOff,
      maxBackOffMs: relay.health.maxBackOff,
      checkMs: relay.health.check,
      checkTimeoutMs: relay.health.checkTimeout,
    },
    proxyHeader: relay.proxyHeader,
    ...(relay.tls && { tls: clientTls(relay.tls, folder) }),
    maxPairs: relay.maxPairs,
    stallMs: relay.stall,
    finishMs: relay.finish,
  };
}

function clientTls(tls: NonNullable<RelayConfig["tls"]>, folder: string): ClientTlsOptions {
  return {
    ...(tls.serverName !== undefined && { serverName: tls.serverName }),
    verify: tls.verify,
    ...(tls.ca !== undefined && { ca: pemOption(tls.ca, folder) }),
    ...(tls.cert !== undefined && { cert: pemOption(tls.cert, folder) }),
    ...(tls.key !== undefined && { key: pemOption(tls.key, folder) }),
    ...(tls.alpn && { alpn: tls.alpn }),
    minVersion: tls.minVersion,
  };
}
