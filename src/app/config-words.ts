/** The words that a configuration is made of, each with what is said of a wrong one. */
import { z } from "zod";
import { parseBytes, parseCount, parseDuration, TenkError } from "../base/mod.ts";
import { addressRanges } from "../net/mod.ts";
import { type Address, parseAddress } from "./address.ts";

/** A quantity as people write it (`10k`, `30s`, `2MiB`) to a whole number of its base unit; what is wrong with it is said by `expected`. */
export function quantity(expected: string, parse: (text: string) => number) {
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

export function address(defaultHost: string) {
  return addressAs("a port, host:port or unix:/path", defaultHost, (each): each is Address => each !== undefined);
}

export function hostAndPort(defaultHost: string) {
  return addressAs(
    "a port or host:port",
    defaultHost,
    (each): each is Extract<Address, { port: number }> => "port" in each,
  );
}

export function oneOf<const Words extends readonly string[]>(...words: Words) {
  return z.enum(words, { error: `expected one of ${words.join(", ")}` });
}

export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "invalid_type" ? "expected a section" : undefined),
  });
}

export const count = quantity("a whole number such as 500 or 10k", parseCount);
export const duration = quantity("a duration such as 30s or 10ms", parseDuration);
export const size = quantity("a size such as 64KiB or 1MiB", parseBytes);
export const onOff = z.boolean({ error: "expected true or false" });

export const text = (expected: string) => z.string({ error: `expected ${expected}` }).min(1, `expected ${expected}`);
export const pem = text("a file's path or PEM text");
export const words = (expected: string) =>
  z
    .array(text(expected), { error: `expected a list of ${expected}` })
    .min(1, { error: `expected a list of ${expected}` });
export const addresses = words("addresses or ranges such as 10.0.0.0/8").refine(
  (texts) => isRead(() => addressRanges(texts)),
  "expected addresses or ranges such as 192.0.2.1, 10.0.0.0/8 or unix",
);

const EXPECTED_PATH = "expected a path such as /tenk/";

/** Begins and ends with `/` once it is read. */
export const basePath = z
  .string({ error: EXPECTED_PATH })
  .regex(/^\/([A-Za-z0-9._~-]+\/)*([A-Za-z0-9._~-]+)?$/, EXPECTED_PATH)
  .max(200, EXPECTED_PATH)
  .refine((path) => !/\/\.\.?(\/|$)/.test(path), EXPECTED_PATH)
  .transform((path) => (path.endsWith("/") ? path : `${path}/`));

export const EXPECTED_ANCESTORS = "expected a list of origins such as https://home.example:8123, or self";

/** An origin whose pages may show the dashboard in a frame, as `frame-ancestors` has it. */
export const frameAncestor = z
  .string({ error: EXPECTED_ANCESTORS })
  .regex(
    /^('?self'?|https?:\/\/(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:(\d{1,5}|\*))?\/?)$/,
    EXPECTED_ANCESTORS,
  )
  .transform((origin) => (/^'?self'?$/.test(origin) ? "'self'" : origin.toLowerCase().replace(/\/$/, "")));

const EXPECTED_LABEL = "expected a label's name such as site: letters, digits and _, no digit first, not __ first";

/** What every pushed series has beside its own labels, as Prometheus takes them. */
export const pushLabels = z
  .record(z.string().regex(/^(?!__)[A-Za-z_][A-Za-z0-9_]{0,99}$/, EXPECTED_LABEL), text("a label's value").max(500), {
    error: (issue) => (issue.code === "invalid_key" ? EXPECTED_LABEL : "expected labels by name"),
  })
  .refine((labels) => Object.keys(labels).length <= 30, "expected at most 30 labels");

/** `true` where a section says how, `false` as if it were not there. */
export function sectionOrTrue<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (value === true ? {} : value === false ? undefined : value), schema.optional());
}
function isRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

export function inRange(value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new TenkError("config", `${value} is not from ${least} to ${most}`);
}
