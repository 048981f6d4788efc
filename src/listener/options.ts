/** Translates sections of a listener into the options of `net`. */
import { resolve } from "node:path";
import type { z } from "zod";
import type { Limits, ListenOptions, ServerTlsOptions } from "../net/mod.ts";
import { readSecret } from "../part/mod.ts";
import type {
  acceptFields,
  bufferFields,
  certificateFields,
  handshakeFields,
  LimitsConfig,
  ServerTlsConfig,
} from "./fields.ts";

type Config<Fields extends z.ZodRawShape> = z.output<z.ZodObject<Fields>>;

export function acceptOptions(config: Config<typeof acceptFields>): ListenOptions {
  const { proxyProtocol } = config;
  return {
    backlog: config.backlog,
    noDelay: config.noDelay,
    fastOpen: config.fastOpen,
    gatherUs: config.gather,
    keepAliveMs: config.keepAlive,
    keepAliveIntervalMs: config.keepAliveInterval,
    keepAliveProbes: config.keepAliveProbes,
    userTimeoutMs: config.userTimeout,
    typeOfService: config.typeOfService,
    ...(proxyProtocol && { proxyProtocol: { trusted: proxyProtocol.trusted, timeoutMs: proxyProtocol.timeout } }),
  };
}

export function bufferOptions({ receiveBuffer, sendBuffer, writeQueue }: Config<typeof bufferFields>): ListenOptions {
  return {
    receiveBufferBytes: receiveBuffer,
    sendBufferBytes: sendBuffer,
    writeQueueHighBytes: writeQueue.high,
    writeQueueLowBytes: writeQueue.low,
    writeQueueMaxBytes: writeQueue.max,
  };
}

export function limitOptions(limits: LimitsConfig): Limits {
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
export function pemOption(given: string, folder: string): string {
  return given.includes("-----BEGIN ") ? given : resolve(folder, given);
}

/** Returns whether a listener takes its certificates from the store. */
export function isAutomatic({ cert }: ServerTlsConfig): boolean {
  return cert === "auto";
}

/** Returns the options of a section that has its own certificates. */
export function serverTlsOptions(tls: ServerTlsConfig, folder: string): ServerTlsOptions {
  const certificate = ({ cert, key = "", ...given }: Config<typeof certificateFields>) => {
    const place = { setting: "tls.passphrase", folder };
    const passphrase = readSecret({ value: given.passphrase, file: given.passphraseFile }, place);
    return {
      cert: pemOption(cert, folder),
      key: pemOption(key, folder),
      ...(passphrase !== undefined && { passphrase }),
    };
  };
  const names = Object.entries(tls.names ?? {}).map(([name, each]) => [name, certificate(each)] as const);
  return {
    ...certificate(tls),
    ...(names.length > 0 && { names: Object.fromEntries(names) }),
    ...commonTlsOptions(tls, folder),
  };
}

/** Returns the options of a `tls:` section beside its certificates. */
export function commonTlsOptions(tls: ServerTlsConfig, folder: string): Omit<ServerTlsOptions, "cert" | "key"> {
  return {
    ...(tls.alpn && { alpn: tls.alpn }),
    alpnMismatch: tls.alpnMismatch,
    clientCertificates: tls.clientCertificates,
    ...(tls.clientCa !== undefined && { clientCa: pemOption(tls.clientCa, folder) }),
    ...(tls.clientRevocations !== undefined && { clientRevocations: pemOption(tls.clientRevocations, folder) }),
    ...handshakeOptions(tls),
  };
}

export function handshakeOptions(tls: Config<typeof handshakeFields>): Omit<ServerTlsOptions, "cert" | "key"> {
  return {
    minVersion: tls.minVersion,
    ...(tls.ciphers !== undefined && { ciphers: tls.ciphers }),
    ...(tls.groups && { groups: tls.groups }),
    handshakeMs: tls.handshake,
    maxHandshakes: tls.maxHandshakes,
  };
}
