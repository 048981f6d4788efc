import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import {
  fileProblemOf,
  type Log,
  parseBytes,
  parseCount,
  parseDuration,
  TenkError,
  withoutUndefined,
} from "../base/mod.ts";
import { inRange, pem, quantity, readSecret, section, text } from "../part/mod.ts";
import { PUBLISH_ABOUT, PUBLISH_TLS_ABOUT } from "./about.ts";
import { NODE_DEFAULTS, type NodeSettings } from "./settings.ts";

const EXPECTED_URL =
  "expected a NATS server such as nats://10.0.0.2:4222 or tls://nats.home.arpa, without user and password";
const url = z
  .string({ error: EXPECTED_URL })
  .regex(/^(nats|tls):\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?\/?$/, EXPECTED_URL);

const secret = (what: string) => text(what).meta({ secret: true }).optional();
const file = text("a file's path").optional();
const variable = text("the name of an environment variable").optional();
const size = (expected: string, least: number, most: number) =>
  quantity(`a size from ${expected}`, (given) => inRange(parseBytes(given), least, most)).meta({ unit: "bytes" });
const duration = (expected: string, least: number, most: number) =>
  quantity(`a duration from ${expected}`, (given) => inRange(parseDuration(given), least, most)).meta({ unit: "ms" });

const publish = section(
  {
    nats: z
      .preprocess(
        (given) => (typeof given === "string" ? [given] : given),
        z.array(url, { error: EXPECTED_URL }).min(1, EXPECTED_URL).max(32, "expected at most 32 servers"),
      )
      .meta({ short: { single: true } }),
    name: text("a name").max(253, "expected at most 253 characters").optional(),
    prefix: z
      .string({ error: "expected a word of letters, digits, - and _" })
      .regex(/^[A-Za-z0-9_-]{1,64}$/, "expected a word of up to 64 letters, digits, - and _")
      .default(NODE_DEFAULTS.prefix),
    user: text("a user's name").optional(),
    password: secret("a password"),
    passwordFile: file,
    passwordEnv: variable,
    token: secret("a token"),
    tokenFile: file,
    tokenEnv: variable,
    credentials: file,
    tls: section({ ca: pem.optional(), cert: pem.optional(), key: pem.optional() }, PUBLISH_TLS_ABOUT)
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), "expected cert and key together")
      .meta({ guard: true })
      .optional(),
    maxQueued: size("64KiB to 1GiB", 2 ** 16, 2 ** 30).default(NODE_DEFAULTS.maxQueuedBytes),
    maxMessage: size("1KiB to 64MiB", 2 ** 10, 2 ** 26).default(NODE_DEFAULTS.maxMessageBytes),
    maxBackoff: duration("100ms to 10m", 100, 600_000).default(NODE_DEFAULTS.maxBackoffMs),
    announce: duration("100ms to 1m", 100, 60_000).default(NODE_DEFAULTS.announceMs),
    maxNodes: quantity("a number from 1 to 10000", (given) => inRange(parseCount(given), 1, 10_000)).default(
      NODE_DEFAULTS.maxNodes,
    ),
  },
  PUBLISH_ABOUT,
).superRefine((given, context) => {
  const ways = [given.user, given.token ?? given.tokenFile ?? given.tokenEnv, given.credentials];
  if (ways.filter((each) => each !== undefined).length > 1)
    context.addIssue({ code: "custom", message: "expected one of user, token and credentials" });
});

/** The `publish:` section; undefined without one. */
export const PUBLISH_SCHEMA = z
  .preprocess(
    (given) =>
      typeof given === "string" && given !== "off"
        ? { nats: given }
        : given === false || given === "off"
          ? undefined
          : given,
    publish.optional(),
  )
  .meta({ short: { key: "nats", words: [false, "off"] } })
  .optional();

export type PublishConfig = NonNullable<z.output<typeof PUBLISH_SCHEMA>>;

/** @throws {TenkError} `config`: a secret or a certificate that cannot be read */
export function nodeSettings(config: PublishConfig, folder: string, log?: Log): NodeSettings {
  const { nats, name = hostname(), prefix, user, tls } = config;
  const secretOf = (key: "password" | "token") =>
    readSecret(
      { value: config[key], file: config[`${key}File`], variable: config[`${key}Env`] },
      { setting: `publish.${key}`, folder, log },
    );
  const pemOf = (key: "ca" | "cert" | "key") => textOf(tls?.[key], `publish.tls.${key}`, folder);
  return {
    ...{ servers: nats, name, prefix, user, password: secretOf("password"), token: secretOf("token") },
    credentials: textOf(config.credentials, "publish.credentials", folder),
    tls: tls && withoutUndefined({ ca: pemOf("ca"), cert: pemOf("cert"), key: pemOf("key") }),
    maxQueuedBytes: config.maxQueued,
    maxMessageBytes: config.maxMessage,
    maxBackoffMs: config.maxBackoff,
    announceMs: config.announce,
    maxNodes: config.maxNodes,
  };
}

/** Returns PEM text, or the content of a file. */
function textOf(given: string | undefined, setting: string, folder: string): string | undefined {
  if (given === undefined || given.includes("-----BEGIN ")) return given;
  const path = resolve(folder, given);
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TenkError("config", `Cannot use ${setting}: ${path} cannot be read: ${fileProblemOf(error)}`);
  }
}
