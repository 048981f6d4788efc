import { z } from "zod";
import { parseBytes, parseCount, parseDuration, TenkError } from "../base/mod.ts";
import { type Address, parseAddress } from "./address.ts";

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

/** Every size and time below is kept in its base unit: bytes and milliseconds. 0 = no bound, or the system's choice. */
const listener = section({
  listen: address("0.0.0.0"),
  handler: oneOf("sink", "echo").default("sink"),
  workers: z
    .union([z.literal("auto"), z.int().min(1).max(256)], { error: "expected auto or a number from 1 to 256" })
    .default(1),
  backlog: quantity("a number from 1 to 65535", (text) => inRange(parseCount(text), 1, 65_535)).default(4096),
  noDelay: onOff.default(true),
  keepAlive: duration.default(0),
  halfOpen: onOff.default(false),
  receiveBuffer: size.default(0),
  sendBuffer: size.default(0),
  outbox: section({
    high: size.default(65_536),
    low: size.default(16_384),
    max: size.default(1_048_576),
  })
    .refine((outbox) => outbox.low <= outbox.high && outbox.high <= outbox.max, "expected low <= high <= max")
    .prefault({}),
  limits: section({
    connections: count.default(0),
    perAddress: count.default(0),
    acceptsPerSecond: count.default(0),
    idle: duration.default(0),
    firstByte: duration.default(0),
    lifetime: duration.default(0),
    stall: duration.default(60_000),
  }).prefault({}),
});

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

/** One `tcp:` entry. `idle`, `stall` and the like are milliseconds, `outbox` and the buffers bytes. */
export type ListenerConfig = Config["tcp"][string];

function inRange(value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new TenkError("config", `${value} is not from ${least} to ${most}`);
}
