/** Fields of configuration schemas, each with the error for a wrong value. */
import { z } from "zod";
import { parseBytes, parseCount, parseDuration, TenkError } from "../base/mod.ts";
import { addressRanges } from "../net/mod.ts";
import { type Address, parseAddress } from "./address.ts";

/** What a schema says of a setting beside its type, in `.meta()`. */
export interface SettingMeta {
  /** Unit of a number, by which it is written: `30s`, `2MiB`. */
  readonly unit?: "count" | "us" | "ms" | "s" | "bytes" | "percent" | "celsius";
  /** It is never printed. */
  readonly secret?: boolean;
  /** Other forms in which a section or a list may be written. */
  readonly short?: ShortForm;
  /** It keeps somebody out: written without a value it is refused, never taken for one that is missing. */
  readonly guard?: boolean;
  /** Of the settings of a section. */
  readonly about?: Readonly<Record<string, Description | undefined>>;
}

export interface ShortForm {
  /** The setting that a plain value stands for: `git: http://…` is `git: { target: http://… }`. */
  readonly key?: string;
  /** Words that stand for a section, or for none. */
  readonly words?: readonly (string | boolean)[];
  /** One item stands for a list of it. */
  readonly single?: boolean;
  /** A list of names stands for sections of defaults. */
  readonly names?: boolean;
}

/**
 * What a setting does, and why its default is what it is, as `tenk schema` and docs/defaults.md tell it; before it what happens by
 * default where that is no value: `["the host's name", "Name of this box in titles"]`.
 */
export type Description = string | readonly [byDefault: string, text: string];

/** Words that switch a section on and off. */
export const SWITCH: ShortForm = { words: [true, false, "off"] };

/** Parses a quantity (`10k`, `30s`, `2MiB`) into a whole number of its base unit; the error names what was `expected`. */
export function quantity(expected: string, parse: (text: string) => number) {
  return z
    .union([z.string(), z.number()], { error: `expected ${expected}` })
    .transform((value, context) => {
      try {
        const read = parse(String(value));
        if (Number.isSafeInteger(read)) return read;
      } catch {
        // Reported below, with what this field expects.
      }
      context.addIssue({ code: "custom", message: `expected ${expected}` });
      return z.NEVER;
    })
    .meta({ unit: "count" } satisfies SettingMeta);
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
      // Reported below, with what this field expects.
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

/** @param about describes its settings, for `tenk schema` and docs/defaults.md */
export function section<Shape extends z.ZodRawShape>(
  shape: Shape,
  about: { readonly [Key in keyof Shape]?: Description } = {},
) {
  return z
    .strictObject(shape, { error: (issue) => (issue.code === "invalid_type" ? "expected a section" : undefined) })
    .meta({ about });
}

export const count = quantity("a whole number such as 500 or 10k", parseCount);
/** Milliseconds. */
export const duration = quantity("a duration such as 30s or 10ms", parseDuration).meta({ unit: "ms" });
/** Bytes. */
export const size = quantity("a size such as 64KiB or 1MiB", parseBytes).meta({ unit: "bytes" });
export const onOff = z.boolean({ error: "expected true or false" });

export const text = (expected: string) => z.string({ error: `expected ${expected}` }).min(1, `expected ${expected}`);

/** Returns whether a text is the hash that `tenk password` makes. */
export function isPasswordHash(given: string): boolean {
  return /^\$argon2id\$v=19\$m=\d{1,8},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$/.test(given);
}

export const pem = text("a file's path or PEM text");
export const list = (expected: string) =>
  z
    .array(text(expected), { error: `expected a list of ${expected}` })
    .min(1, { error: `expected a list of ${expected}` });
export const addresses = list("addresses or ranges such as 10.0.0.0/8").refine(
  (texts) => canParse(() => addressRanges(texts)),
  "expected addresses or ranges such as 192.0.2.1, 10.0.0.0/8 or unix",
);

/** Accepts a section, `true` for one of defaults, and `false` for none. */
export function sectionOrTrue<Schema extends z.ZodType>(schema: Schema) {
  return z
    .preprocess((value) => (value === true ? {} : value === false ? undefined : value), schema.optional())
    .meta({ short: { words: [true, false] } });
}

function canParse(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

export function inRange(value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new TenkError("config", `${value} is not from ${least} to ${most}`);
}
