import { z } from "zod";
import { parseCount } from "../../base/mod.ts";
import { address, addresses, count, duration, inRange, oneOf, onOff, quantity, section, size } from "../../part/mod.ts";
import { relay, serverTls } from "./sections.ts";

/** What tenk serves by itself; any other handler is a file. */
export const BUILT_IN = ["sink", "echo", "relay"] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

export function isBuiltIn(handler: string): handler is BuiltIn {
  return (BUILT_IN as readonly string[]).includes(handler);
}

const EXPECTED_WORKERS = "expected auto or a number from 1 to 256";
const EXPECTED_HANDLER = "expected sink, echo, relay or a file such as ./chat.ts";

/** Every size and time below is kept in its base unit: bytes and milliseconds. 0 = no bound, or the system's choice. */
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
    .default(1),
  tls: serverTls.optional(),
  proxyProtocol: section({ trusted: addresses, timeout: duration.default(10_000) }).optional(),
  backlog: quantity("a number from 1 to 65535", (text) => inRange(parseCount(text), 1, 65_535)).default(4096),
  noDelay: onOff.default(true),
  fastOpen: quantity("a number from 0 to 65535", (text) => inRange(parseCount(text), 0, 65_535)).default(0),
  keepAlive: duration.default(0),
  keepAliveInterval: duration.default(0),
  keepAliveProbes: quantity("a number from 0 to 127", (text) => inRange(parseCount(text), 0, 127)).default(0),
  userTimeout: duration.default(0),
  typeOfService: quantity("a number from 0 to 255", (text) => inRange(parseCount(text), 0, 255)).default(0),
  // Known once the handler is: a relay needs it.
  halfOpen: onOff.nullable().default(null),
  receiveBuffer: size.default(0),
  sendBuffer: size.default(0),
  outbox: section({
    high: size.default(65_536),
    low: size.default(16_384),
    max: size.default(1_048_576),
  })
    .refine((outbox) => outbox.low <= outbox.high && outbox.high <= outbox.max, "expected low <= high <= max")
    .prefault({}),
  subscribers: section({
    maxQueued: size.default(262_144),
    whenFull: oneOf("drop-oldest", "drop-newest", "close").default("drop-oldest"),
    maxTopics: count.default(100),
    maxRelayed: size.default(16_777_216),
  }).prefault({}),
  limits: section({
    connections: count.default(0),
    perAddress: count.default(0),
    acceptsPerSecond: count.default(0),
    idle: duration.default(0),
    firstByte: duration.default(0),
    lifetime: duration.default(0),
    stall: duration.default(60_000),
    readPerSecond: size.default(0),
    writePerSecond: size.default(0),
    totalReadPerSecond: size.default(0),
    totalWritePerSecond: size.default(0),
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

/** The section, and what relative paths in it are relative to. */
export interface TcpSettings {
  readonly config: TcpConfig;
  readonly folder: string;
}

/** One `tcp:` entry. `idle`, `stall` and the like are milliseconds, `outbox` and the buffers bytes. */
export type ListenerConfig = TcpConfig[string];

/** A `relay:` section. */
export type RelayConfig = NonNullable<ListenerConfig["relay"]>;
