/**
 * Fields of a listener in the configuration. After parsing, sizes are bytes and times are milliseconds; 0 means no limit, or the
 * system's default.
 */
import { z } from "zod";
import { parseCount, parseDuration } from "../base/mod.ts";
import { LIMIT_DEFAULTS, LISTEN_DEFAULTS, SERVER_TLS_DEFAULTS, SOCKET_DEFAULTS } from "../net/mod.ts";
import {
  addresses,
  count,
  duration,
  inRange,
  list,
  oneOf,
  onOff,
  pem,
  quantity,
  section,
  size,
  text,
} from "../part/mod.ts";

import { CERTIFICATE_ABOUT, LIMITS_ABOUT, PROXY_PROTOCOL_ABOUT, SERVER_TLS_ABOUT, WRITE_QUEUE_ABOUT } from "./about.ts";

const EXPECTED_WORKERS = "expected auto or a number from 1 to 256";

const range = (least: number, most: number) =>
  quantity(`a number from ${least} to ${most}`, (text) => inRange(parseCount(text), least, most));

const microseconds = (text: string) => Math.round(inRange(parseDuration(text), 0, 1) * 1000);

export const workers = z.union(
  [z.literal("auto"), z.int(EXPECTED_WORKERS).min(1, EXPECTED_WORKERS).max(256, EXPECTED_WORKERS)],
  { error: EXPECTED_WORKERS },
);

export const tlsVersion = oneOf("TLSv1.2", "TLSv1.3").default(SERVER_TLS_DEFAULTS.minVersion);

/** `cert: auto` is one of the store. */
export const certificateFields = {
  cert: pem,
  key: pem.optional(),
  passphrase: text("the passphrase of the key").meta({ secret: true }).optional(),
  passphraseFile: text("a file's path").optional(),
};

/** A list of names stands for certificates of the store. */
const certificatesByName = z
  .preprocess(
    (given) => (isListOfTexts(given) ? Object.fromEntries(given.map((name) => [name, { cert: "auto" }])) : given),
    z
      .record(text("a name such as git.home.arpa"), section(certificateFields, CERTIFICATE_ABOUT), {
        error: "expected certificates by name, or a list of names",
      })
      .optional(),
  )
  .meta({ short: { names: true } });

function isListOfTexts(given: unknown): given is string[] {
  return Array.isArray(given) && given.every((each) => typeof each === "string");
}

/** How handshakes go, whatever the certificates. */
export const handshakeFields = {
  minVersion: tlsVersion,
  ciphers: text("ciphers such as ECDHE-ECDSA-AES128-GCM-SHA256").optional(),
  groups: list("groups such as X25519MLKEM768").optional(),
  handshake: duration.default(SERVER_TLS_DEFAULTS.handshakeMs),
  maxHandshakes: count.default(SERVER_TLS_DEFAULTS.maxHandshakes),
};

const serverTlsSection = section(
  {
    ...certificateFields,
    names: certificatesByName,
    alpn: list("protocols such as h2").optional(),
    alpnMismatch: oneOf("alert", "continue").default("alert"),
    clientCertificates: oneOf("none", "ask", "require")
      .default(SERVER_TLS_DEFAULTS.clientCertificates)
      .meta({ guard: true }),
    clientCa: pem.optional(),
    clientRevocations: pem.optional(),
    ...handshakeFields,
  },
  SERVER_TLS_ABOUT,
).superRefine((tls, context) => {
  const wrong = (path: readonly string[], field: string, message: string) =>
    context.addIssue({ code: "custom", path: [...path, field], message });
  for (const [path, { cert, key }] of certificatesOf(tls)) {
    const isAutomatic = cert === "auto";
    if (isAutomatic !== (tls.cert === "auto")) wrong(path, "cert", `expected auto for all certificates or for none`);
    else if (isAutomatic && key !== undefined) wrong(path, "key", "only beside a certificate of your own");
    else if (!isAutomatic && key === undefined) wrong(path, "key", "expected a file's path or PEM text");
  }
  if (tls.clientCertificates !== "none" && tls.clientCa === undefined)
    wrong(
      [],
      "clientCa",
      `expected who signs clients' certificates, as clientCertificates is ${tls.clientCertificates}`,
    );
});

/** All certificates of a section, each with its place in it. */
function certificatesOf(tls: { cert: string; key?: string | undefined; names?: ServerTlsConfig["names"] }) {
  const named = Object.entries(tls.names ?? {}).map(([name, each]) => [["names", name], each] as const);
  return [[[], tls] as const, ...named];
}

/** A `tls:` section. `auto` is `{ cert: auto }`: certificates of the store. */
export const serverTls = z
  .preprocess((given) => (given === "auto" ? { cert: "auto" } : given), serverTlsSection)
  .meta({ short: { words: ["auto"] }, guard: true });

export type ServerTlsConfig = z.output<typeof serverTls>;

/** How connections are accepted. */
export const acceptFields = {
  proxyProtocol: section(
    { trusted: addresses, timeout: duration.default(LISTEN_DEFAULTS.proxyTimeoutMs) },
    PROXY_PROTOCOL_ABOUT,
  )
    .meta({ guard: true })
    .optional(),
  backlog: range(1, 65_535).default(LISTEN_DEFAULTS.backlog),
  noDelay: onOff.default(SOCKET_DEFAULTS.noDelay),
  fastOpen: range(0, 65_535).default(LISTEN_DEFAULTS.fastOpen),
  /** Microseconds. */
  gather: quantity("a duration up to 1ms, such as 100us", microseconds)
    .meta({ unit: "us" })
    .default(LISTEN_DEFAULTS.gatherUs),
  keepAlive: duration.default(SOCKET_DEFAULTS.keepAliveMs),
  keepAliveInterval: duration.default(SOCKET_DEFAULTS.keepAliveIntervalMs),
  keepAliveProbes: range(0, 127).default(SOCKET_DEFAULTS.keepAliveProbes),
  userTimeout: duration.default(SOCKET_DEFAULTS.userTimeoutMs),
  typeOfService: range(0, 255).default(SOCKET_DEFAULTS.typeOfService),
};

/** What the kernel and the write queue keep of a connection. */
export const bufferFields = {
  receiveBuffer: size.default(SOCKET_DEFAULTS.receiveBufferBytes),
  sendBuffer: size.default(SOCKET_DEFAULTS.sendBufferBytes),
  writeQueue: section(
    {
      high: size.default(SOCKET_DEFAULTS.writeQueueHighBytes),
      low: size.default(SOCKET_DEFAULTS.writeQueueLowBytes),
      max: size.default(SOCKET_DEFAULTS.writeQueueMaxBytes),
    },
    WRITE_QUEUE_ABOUT,
  )
    .refine((queue) => queue.low <= queue.high && queue.high <= queue.max, "expected low <= high <= max")
    .prefault({}),
};

/** A `limits:` section. */
export const limits = section(
  {
    connections: count.default(LIMIT_DEFAULTS.maxConnections),
    perAddress: count.default(LIMIT_DEFAULTS.maxPerAddress),
    acceptsPerSecond: count.default(LIMIT_DEFAULTS.acceptsPerSecond),
    idle: duration.default(LIMIT_DEFAULTS.idleMs),
    firstByte: duration.default(LIMIT_DEFAULTS.firstByteMs),
    lifetime: duration.default(LIMIT_DEFAULTS.lifetimeMs),
    stall: duration.default(LIMIT_DEFAULTS.stallMs),
    readPerSecond: size.default(LIMIT_DEFAULTS.readBytesPerSecond),
    writePerSecond: size.default(LIMIT_DEFAULTS.writeBytesPerSecond),
    totalReadPerSecond: size.default(LIMIT_DEFAULTS.totalReadBytesPerSecond),
    totalWritePerSecond: size.default(LIMIT_DEFAULTS.totalWriteBytesPerSecond),
  },
  LIMITS_ABOUT,
);

export type LimitsConfig = z.output<typeof limits>;
