import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ClientTlsOptions, Limits, ListenOptions, ServerTlsOptions } from "../../net/mod.ts";
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
  const { proxyProtocol } = config;
  const handlerOptions = config.relay === undefined ? config.options : relayOptions(name, config.relay, folder);
  return {
    ...config.listen,
    name,
    workers: config.workers,
    backlog: config.backlog,
    noDelay: config.noDelay,
    fastOpen: config.fastOpen,
    keepAliveMs: config.keepAlive,
    keepAliveIntervalMs: config.keepAliveInterval,
    keepAliveProbes: config.keepAliveProbes,
    userTimeoutMs: config.userTimeout,
    typeOfService: config.typeOfService,
    halfOpen: config.halfOpen,
    receiveBufferBytes: config.receiveBuffer,
    sendBufferBytes: config.sendBuffer,
    writeQueueHighBytes: config.writeQueue.high,
    writeQueueLowBytes: config.writeQueue.low,
    writeQueueMaxBytes: config.writeQueue.max,
    limits: limitsOf(config.limits),
    subscribers: {
      maxQueuedBytes: config.subscribers.maxQueued,
      whenFull: config.subscribers.whenFull,
      maxTopics: config.subscribers.maxTopics,
      maxRelayedBytes: config.subscribers.maxRelayed,
    },
    ...(config.tls && { tls: serverTls(config.tls, folder) }),
    ...(proxyProtocol && { proxyProtocol: { trusted: proxyProtocol.trusted, timeoutMs: proxyProtocol.timeout } }),
    ...(handlerOptions !== undefined && { handlerOptions }),
  };
}

function limitsOf(limits: ListenerConfig["limits"]): Limits {
  return {
    maxConnections: limits.connections,
    maxPerAddress: limits.perAddress,
    acceptsPerSecond: limits.acceptsPerSecond,
    idleMs: limits.idle,
    firstByteMs: limits.firstByte,
    lifetimeMs: limits.lifetime,
    stallMs: limits.stall,
    readBytesPerSecond: limits.readPerSecond,
    writeBytesPerSecond: limits.writePerSecond,
    totalReadBytesPerSecond: limits.totalReadPerSecond,
    totalWriteBytesPerSecond: limits.totalWritePerSecond,
  };
}

/** Returns PEM text unchanged, and a path relative to the configuration's folder. */
function pem(given: string, folder: string): string {
  return given.includes("-----BEGIN ") ? given : resolve(folder, given);
}

function serverTls(tls: NonNullable<ListenerConfig["tls"]>, folder: string): ServerTlsOptions {
  const certificate = ({ cert, key, passphrase }: { cert: string; key: string; passphrase?: string | undefined }) => ({
    cert: pem(cert, folder),
    key: pem(key, folder),
    ...(passphrase !== undefined && { passphrase }),
  });
  const names = Object.entries(tls.names ?? {}).map(([name, each]) => [name, certificate(each)] as const);
  return {
    ...certificate(tls),
    ...(names.length > 0 && { names: Object.fromEntries(names) }),
    ...(tls.alpn && { alpn: tls.alpn }),
    alpnMismatch: tls.alpnMismatch,
    clientCertificates: tls.clientCertificates,
    ...(tls.clientCa !== undefined && { clientCa: pem(tls.clientCa, folder) }),
    ...(tls.clientRevocations !== undefined && { clientRevocations: pem(tls.clientRevocations, folder) }),
    minVersion: tls.minVersion,
    ...(tls.ciphers !== undefined && { ciphers: tls.ciphers }),
    ...(tls.groups && { groups: tls.groups }),
    handshakeMs: tls.handshake,
    maxHandshakes: tls.maxHandshakes,
  };
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
    ...(tls.ca !== undefined && { ca: pem(tls.ca, folder) }),
    ...(tls.cert !== undefined && { cert: pem(tls.cert, folder) }),
    ...(tls.key !== undefined && { key: pem(tls.key, folder) }),
    ...(tls.alpn && { alpn: tls.alpn }),
    minVersion: tls.minVersion,
  };
}
