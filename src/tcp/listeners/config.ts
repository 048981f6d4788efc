import { z } from "zod";
import { parseCount } from "../../base/mod.ts";
import { LIMIT_DEFAULTS, LISTEN_DEFAULTS, SOCKET_DEFAULTS, SUBSCRIBER_DEFAULTS } from "../../net/mod.ts";
import { address, addresses, count, duration, inRange, oneOf, onOff, quantity, section, size } from "../../part/mod.ts";
import { relay, serverTls } from "./sections.ts";

/** Handlers that are part of tenk; any other is a file. */
export const BUILT_IN = ["sink", "echo", "relay"] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

export function isBuiltIn(handler: string): handler is BuiltIn {
  return (BUILT_IN as readonly string[]).includes(handler);
}

const EXPECTED_WORKERS = "expected auto or a number from 1 to 256";
const EXPECTED_HANDLER = "expected sink, echo, relay or a file such as ./chat.ts";

/** After parsing, sizes are bytes and times are milliseconds; 0 means no limit, or the system's default. */
const listener = section({
  listen: address("0.0.0.0"),
  handler: z
    .string({ error: EXPECTED_HANDLER })
    .refine((handler) => isBuiltIn(handler) || /[/.]/.test(handler), EXPECTED_HANDLER)
    .default("sink"),
  options: z.unknown().optional(),
  relay: relay.optional(),
  workers: z
    .union([z.literal("auto"), z.int(EXPECTED_WORKERS).min(1, EXPECTED_WORKERS).max(256, EXPECTED_WORKERS)], {
      error: EXPECTED_WORKERS,
    })
    .default(LISTEN_DEFAULTS.workers),
  tls: serverTls.optional(),
  proxyProtocol: section({ trusted: addresses, timeout: duration.default(LISTEN_DEFAULTS.proxyTimeoutMs) }).optional(),
  backlog: quantity("a number from 1 to 65535", (text) => inRange(parseCount(text), 1, 65_535)).default(
    LISTEN_DEFAULTS.backlog,
  ),
  noDelay: onOff.default(SOCKET_DEFAULTS.noDelay),
  fastOpen: quantity("a number from 0 to 65535", (text) => inRange(parseCount(text), 0, 65_535)).default(
    LISTEN_DEFAULTS.fastOpen,
  ),
  keepAlive: duration.default(SOCKET_DEFAULTS.keepAliveMs),
  keepAliveInterval: duration.default(SOCKET_DEFAULTS.keepAliveIntervalMs),
  keepAliveProbes: quantity("a number from 0 to 127", (text) => inRange(parseCount(text), 0, 127)).default(
    SOCKET_DEFAULTS.keepAliveProbes,
  ),
  userTimeout: duration.default(SOCKET_DEFAULTS.userTimeoutMs),
  typeOfService: quantity("a number from 0 to 255", (text) => inRange(parseCount(text), 0, 255)).default(
    SOCKET_DEFAULTS.typeOfService,
  ),
  // Its default depends on the handler: a relay needs it.
  halfOpen: onOff.nullable().default(null),
  receiveBuffer: size.default(SOCKET_DEFAULTS.receiveBufferBytes),
  sendBuffer: size.default(SOCKET_DEFAULTS.sendBufferBytes),
  writeQueue: section({
    high: size.default(SOCKET_DEFAULTS.writeQueueHighBytes),
    low: size.default(SOCKET_DEFAULTS.writeQueueLowBytes),
    max: size.default(SOCKET_DEFAULTS.writeQueueMaxBytes),
  })
    .refine((queue) => queue.low <= queue.high && queue.high <= queue.max, "expected low <= high <= max")
    .prefault({}),
  subscribers: section({
    maxQueued: size.default(SUBSCRIBER_DEFAULTS.maxQueuedBytes),
    whenFull: oneOf("drop-oldest", "drop-newest", "close").default(SUBSCRIBER_DEFAULTS.whenFull),
    maxTopics: count.default(SUBSCRIBER_DEFAULTS.maxTopics),
    maxRelayed: size.default(SUBSCRIBER_DEFAULTS.maxRelayedBytes),
  }).prefault({}),
  limits: section({
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
  }).prefault({}),
  dump: oneOf("off", "text", "hex").default("off"),
  dumpFilter: addresses.optional(),
})
  .superRefine((listener, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (listener.handler === "relay" && !listener.relay) wrong("relay", "expected a section, as handler is relay");
    if (listener.handler !== "relay" && listener.relay)
      wrong("relay", `only for handler: relay (it is ${listener.handler})`);
    if (listener.handler === "relay" && listener.halfOpen === false)
      wrong("halfOpen", "expected true, as a relay keeps half-close");
    if (isBuiltIn(listener.handler) && listener.options !== undefined)
      wrong("options", `only for a handler's file (it is ${listener.handler})`);
    if (listener.dump === "off" && listener.dumpFilter) wrong("dumpFilter", "only beside dump: text or dump: hex");
    if ("path" in listener.listen && listener.workers !== 1)
      wrong("workers", "expected 1, as the kernel shares no Unix socket");
  })
  .transform((listener) => ({ ...listener, halfOpen: listener.halfOpen ?? listener.handler === "relay" }));

const listenerName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, { error: "expected a name of a-z, 0-9 and -, at most 40, a letter first" });

/** The `tcp:` section: listeners by name. */
export const TCP_SCHEMA = z
  .record(listenerName, listener, { error: "expected listeners by name" })
  .refine((listeners) => Object.keys(listeners).length > 0, "expected at least one listener")
  .prefault({ packets: { listen: 9091, handler: "sink" } });

export type TcpConfig = z.output<typeof TCP_SCHEMA>;

/** The section, and the folder that its relative paths are relative to. */
export interface TcpSettings {
  readonly config: TcpConfig;
  readonly folder: string;
}

/** One `tcp:` entry. `idle`, `stall` and the like are milliseconds, `writeQueue` and the buffers bytes. */
export type ListenerConfig = TcpConfig[string];

/** A `relay:` section. */
export type RelayConfig = NonNullable<ListenerConfig["relay"]>;
