import { z } from "zod";
import { parseCount } from "../base/mod.ts";
import { formatAddress } from "./address.ts";
import { relay, serverTls } from "./config-sections.ts";
import {
  address,
  addresses,
  basePath,
  count,
  duration,
  EXPECTED_ANCESTORS,
  frameAncestor,
  hostAndPort,
  inRange,
  oneOf,
  onOff,
  pushLabels,
  quantity,
  section,
  size,
  text,
} from "./config-words.ts";

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

const hostName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, {
  error: "expected a name such as box.home.arpa",
});

export const CONFIG_SCHEMA = section({
  tcp: z
    .record(listenerName, listener, { error: "expected listeners by name" })
    .refine((listeners) => Object.keys(listeners).length > 0, "expected at least one listener")
    .superRefine((listeners, context) => {
      const taken = new Map<string, string>();
      for (const [name, { listen }] of Object.entries(listeners)) {
        if ("port" in listen && listen.port === 0) continue;
        const address = formatAddress(listen);
        const other = taken.get(address);
        const message = `expected an address of its own, ${address} is that of tcp.${other}`;
        if (other !== undefined) context.addIssue({ code: "custom", path: [name, "listen"], message });
        taken.set(address, name);
      }
    })
    .prefault({ packets: { listen: 9091, handler: "sink" } }),
  dashboard: section({
    listen: hostAndPort("127.0.0.1").prefault("127.0.0.1:9190"),
    password: text("an argon2id hash, which tenk password makes, or the path of a file with one").optional(),
    scrapers: addresses.optional(),
    proxies: addresses.optional(),
    names: z.array(hostName, { error: "expected a list of names" }).optional(),
    basePath: basePath.optional(),
    frameAncestors: z.array(frameAncestor, { error: EXPECTED_ANCESTORS }).min(1, EXPECTED_ANCESTORS).optional(),
  }).prefault({}),
  push: section({ labels: pushLabels.prefault({}) }).prefault({}),
  data: section({
    folder: text("a folder's path").optional(),
    history: onOff.default(true),
  }).prefault({}),
  log: section({ level: oneOf("debug", "info", "warn", "error").default("info") }).prefault({}),
});

/** What the file (or its absence) comes to, every default filled in. The words are those of the file. */
export type Config = z.output<typeof CONFIG_SCHEMA>;

/** A `relay:` section. */
export type RelayConfig = NonNullable<ListenerConfig["relay"]>;

/** One `tcp:` entry. `idle`, `stall` and the like are milliseconds, `outbox` and the buffers bytes. */
export type ListenerConfig = Config["tcp"][string];
