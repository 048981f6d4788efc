import { z } from "zod";
import { parseBytes, parseCount, parseDuration, TenkError } from "../base/mod.ts";
import { addressRanges } from "../net/mod.ts";
import { BALANCES } from "../tcp/mod.ts";
import { type Address, formatAddress, parseAddress } from "./address.ts";

/** A quantity as people write it (`10k`, `30s`, `2MiB`) to a whole number of its base unit; what is wrong with it is said by `expected`. */
function quantity(expected: string, parse: (text: string) => number) {
  return z.union([z.string(), z.number()], { error: `expected ${expected}` }).transform((value, context) => {
    try {
      const read = parse(String(value));
      if (Number.isSafeInteger(read)) return read;
    } catch {
      // Said below, with what was expected here.
    }
    context.addIssue({ code: "custom", message: `expected ${expected}` });
    return z.NEVER;
  });
}

function addressAs<Kind extends Address>(
  expected: string,
  defaultHost: string,
  isKind: (address: Address) => address is Kind,
) {
  return z.union([z.string(), z.number()], { error: `expected ${expected}` }).transform((value, context): Kind => {
    try {
      const address = parseAddress(String(value), defaultHost);
      if (isKind(address)) return address;
    } catch {
      // Said below, with what was expected here.
    }
    context.addIssue({ code: "custom", message: `expected ${expected}` });
    return z.NEVER;
  });
}

function address(defaultHost: string) {
  return addressAs("a port, host:port or unix:/path", defaultHost, (each): each is Address => each !== undefined);
}

function hostAndPort(defaultHost: string) {
  return addressAs(
    "a port or host:port",
    defaultHost,
    (each): each is Extract<Address, { port: number }> => "port" in each,
  );
}

function oneOf<const Words extends readonly string[]>(...words: Words) {
  return z.enum(words, { error: `expected one of ${words.join(", ")}` });
}

function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "invalid_type" ? "expected a section" : undefined),
  });
}

const count = quantity("a whole number such as 500 or 10k", parseCount);
const duration = quantity("a duration such as 30s or 10ms", parseDuration);
const size = quantity("a size such as 64KiB or 1MiB", parseBytes);
const onOff = z.boolean({ error: "expected true or false" });

const text = (expected: string) => z.string({ error: `expected ${expected}` }).min(1, `expected ${expected}`);
const pem = text("a file's path or PEM text");
const words = (expected: string) =>
  z
    .array(text(expected), { error: `expected a list of ${expected}` })
    .min(1, { error: `expected a list of ${expected}` });
const addresses = words("addresses or ranges such as 10.0.0.0/8").refine(
  (texts) => isRead(() => addressRanges(texts)),
  "expected addresses or ranges such as 192.0.2.1, 10.0.0.0/8 or unix",
);
const tlsVersion = oneOf("TLSv1.2", "TLSv1.3").default("TLSv1.2");

/** `true` where a section says how, `false` as if it were not there. */
function sectionOrTrue<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === true ? {} : value === false ? undefined : value), schema.optional());
}

const certificate = { cert: pem, key: pem };

const serverTls = section({
  ...certificate,
  names: z
    .record(text("a name such as git.home.arpa"), section(certificate), { error: "expected certificates by name" })
    .optional(),
  alpn: words("protocols such as h2").optional(),
  clientCertificates: oneOf("none", "ask", "require").default("none"),
  clientCa: pem.optional(),
  minVersion: tlsVersion,
  handshake: duration.default(10_000),
  maxHandshakes: count.default(1000),
}).superRefine((tls, context) => {
  if (tls.clientCertificates === "none" || tls.clientCa !== undefined) return;
  const message = `expected who signs clients' certificates, as clientCertificates is ${tls.clientCertificates}`;
  context.addIssue({ code: "custom", path: ["clientCa"], message });
});

const clientTls = section({
  serverName: text("a name such as db.home.arpa").optional(),
  verify: onOff.default(true),
  ca: pem.optional(),
  cert: pem.optional(),
  key: pem.optional(),
  alpn: words("protocols such as h2").optional(),
  minVersion: tlsVersion,
});

const target = z.preprocess(
  (value) => (typeof value === "object" && value !== null ? value : { address: value }),
  section({
    address: address("127.0.0.1").transform(formatAddress),
    weight: quantity("a weight from 1 to 1000", (text) => inRange(parseCount(text), 1, 1000)).default(1),
    draining: onOff.default(false),
  }),
);

const relay = section({
  targets: z.array(target, { error: "expected a list of addresses" }).min(1, "expected a list of addresses"),
  balance: oneOf(...BALANCES).default("round-robin"),
  connectTimeout: duration.default(3000),
  attempts: quantity("a number from 1", (text) => inRange(parseCount(text), 1, 1000)).default(3),
  health: section({
    failures: count.default(3),
    backOff: duration.default(10_000),
    maxBackOff: duration.default(300_000),
    check: duration.default(0),
    checkTimeout: duration.default(2000),
  }).prefault({}),
  proxyHeader: oneOf("none", "v1", "v2").default("none"),
  tls: sectionOrTrue(clientTls),
  maxPairs: count.default(0),
  stall: duration.default(60_000),
  finish: duration.default(60_000),
});

/** What tenk serves by itself; any other handler is a file. */
export const BUILT_IN = ["sink", "echo", "relay"] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

export function isBuiltIn(handler: string): handler is BuiltIn {
  return (BUILT_IN as readonly string[]).includes(handler);
}

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
    .union([z.literal("auto"), z.int().min(1).max(256)], { error: "expected auto or a number from 1 to 256" })
    .default(1),
  tls: serverTls.optional(),
  proxyProtocol: section({ trusted: addresses, timeout: duration.default(10_000) }).optional(),
  backlog: quantity("a number from 1 to 65535", (text) => inRange(parseCount(text), 1, 65_535)).default(4096),
  noDelay: onOff.default(true),
  keepAlive: duration.default(0),
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

export const CONFIG_SCHEMA = section({
  tcp: z
    .record(listenerName, listener, { error: "expected listeners by name" })
    .refine((listeners) => Object.keys(listeners).length > 0, "expected at least one listener")
    .prefault({ packets: { listen: 9091, handler: "sink" } }),
  dashboard: section({ listen: hostAndPort("127.0.0.1").prefault("127.0.0.1:9190") }).prefault({}),
  log: section({ level: oneOf("debug", "info", "warn", "error").default("info") }).prefault({}),
});

/** What the file (or its absence) comes to, every default filled in. The words are those of the file. */
export type Config = z.output<typeof CONFIG_SCHEMA>;

/** A `relay:` section. */
export type RelayConfig = NonNullable<ListenerConfig["relay"]>;

/** One `tcp:` entry. `idle`, `stall` and the like are milliseconds, `outbox` and the buffers bytes. */
export type ListenerConfig = Config["tcp"][string];

function isRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

function inRange(value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new TenkError("config", `${value} is not from ${least} to ${most}`);
}
