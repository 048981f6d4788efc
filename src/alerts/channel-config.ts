/** Schema of `alerts.channels.NAME`: one section that says what it is, and settings that all have. */
import { z } from "zod";
import { duration, oneOf, onOff, pem, section, size, text } from "../part/mod.ts";
import { CHANNEL_ABOUT, CHANNEL_TLS_ABOUT, PASSWORD_ABOUT, SECRET_URL_ABOUT, TOKEN_ABOUT } from "./about.ts";
import { unknownPlaceholders } from "./channels/mod.ts";

const secret = text("a text").meta({ secret: true });
const file = text("a file's path");
const variable = text("the name of an environment variable");

/** A secret itself, in a file, or in an environment variable. */
const token = { token: secret.optional(), tokenFile: file.optional(), tokenEnv: variable.optional() };
const password = { password: secret.optional(), passwordFile: file.optional(), passwordEnv: variable.optional() };
const secretUrl = { url: secret.optional(), urlFile: file.optional(), urlEnv: variable.optional() };
const tls = { ca: pem.optional(), verify: onOff.default(true) };

const isHttp = (given: string) => /^https?:\/\/[^\s/]/.test(given) && URL.canParse(given);
const httpUrl = text("an address such as https://ntfy.example").refine(
  isHttp,
  "expected an address that begins with http:// or https://",
);
const server = (given: string) => httpUrl.default(given);

const mailbox = z
  .string({ error: "expected an e-mail address" })
  .regex(
    /^([^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/,
    "expected an e-mail address such as me@example.org",
  );
const mailServer = z
  .string({ error: "expected a server such as smtps://mail.example.org" })
  .regex(
    /^smtps?:\/\/(\[[0-9a-fA-F:.]+\]|[^\s/:@]+)(:\d{1,5})?\/?$/,
    "expected a server such as smtps://mail.example.org or smtp://mail.example.org:587",
  );

const TEMPLATE =
  '{ "title": "{{title}}", "text": "{{text}}", "severity": "{{severity}}", "time": "{{time}}", "url": "{{url}}" }';
const fieldName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "expected a header's name");
const fieldValue = z
  .string({ error: "expected a text" })
  .regex(/^[\x20-\x7e\t]*$/, "expected a text of printable characters");

const kinds = {
  ntfy: section(
    {
      server: server("https://ntfy.sh"),
      topic: z
        .string({ error: "expected a topic" })
        .regex(/^[-_A-Za-z0-9]{1,64}$/, "expected a topic: up to 64 letters, digits, - and _")
        .meta({ secret: true }),
      ...token,
      user: text("a user's name").optional(),
      ...password,
      ...tls,
    },
    {
      server: "The ntfy server",
      topic: "Whoever knows it can read: make it long",
      ...TOKEN_ABOUT,
      user: ["none", "A user's name"],
      ...PASSWORD_ABOUT,
      ...CHANNEL_TLS_ABOUT,
    },
  ).optional(),
  webhook: section(
    {
      ...secretUrl,
      method: oneOf("POST", "PUT", "PATCH").default("POST"),
      headers: z.record(fieldName, fieldValue.meta({ secret: true })).prefault({}),
      contentType: fieldValue.default("application/json"),
      body: text("a template")
        .max(16_384, "expected a template of at most 16 KiB")
        .refine(
          (given) => unknownPlaceholders(given).length === 0,
          "expected no placeholders but {{title}}, {{text}}, {{severity}}, {{time}}, {{url}} and {{id}}",
        )
        .default(TEMPLATE),
      maxText: size.default(4096),
      ...tls,
    },
    {
      ...SECRET_URL_ABOUT,
      method: "POST, PUT or PATCH",
      headers: "Fields to send; never printed",
      contentType: "How values in the body are escaped",
      body: "Template with {{title}}, {{text}}, {{severity}}, {{time}}, {{url}}, {{id}}",
      maxText: "Longest {{text}}; lines that do not fit are left out and counted",
      ...CHANNEL_TLS_ABOUT,
    },
  ).optional(),
  discord: section({ ...secretUrl, ...tls }, { ...SECRET_URL_ABOUT, ...CHANNEL_TLS_ABOUT }).optional(),
  slack: section({ ...secretUrl, ...tls }, { ...SECRET_URL_ABOUT, ...CHANNEL_TLS_ABOUT }).optional(),
  telegram: section(
    {
      server: server("https://api.telegram.org"),
      ...token,
      chat: z.union([z.string(), z.number()], { error: "expected a chat's number or @name" }).transform(String),
      ...tls,
    },
    { server: "The API's server", ...TOKEN_ABOUT, chat: "A chat's number, or @name", ...CHANNEL_TLS_ABOUT },
  ).optional(),
  gotify: section(
    { server: httpUrl, ...token, ...tls },
    { server: "The Gotify server", ...TOKEN_ABOUT, ...CHANNEL_TLS_ABOUT },
  ).optional(),
  apprise: section({ ...secretUrl, ...tls }, { ...SECRET_URL_ABOUT, ...CHANNEL_TLS_ABOUT }).optional(),
  email: section(
    {
      server: mailServer,
      user: text("a user's name").optional(),
      ...password,
      from: mailbox,
      to: z
        .preprocess(
          (given) => (typeof given === "string" ? [given] : given),
          z
            .array(mailbox, { error: "expected e-mail addresses" })
            .min(1, "expected e-mail addresses")
            .max(20, "expected at most 20 addresses"),
        )
        .meta({ short: { single: true } }),
      ...tls,
    },
    {
      server: "smtps://host or smtp://host:587",
      user: ["none", "A user's name"],
      ...PASSWORD_ABOUT,
      from: "The sender's address",
      to: "Addresses of those who get them",
      ...CHANNEL_TLS_ABOUT,
    },
  ).optional(),
};

const KINDS = Object.keys(kinds) as (keyof typeof kinds)[];

export const CHANNEL_SCHEMA = section(
  {
    ...kinds,
    severity: oneOf("warning", "critical").default("warning"),
    after: duration.default(0),
    repeat: duration.optional(),
    quiet: onOff.default(true),
  },
  CHANNEL_ABOUT,
).refine((given) => KINDS.filter((kind) => given[kind] !== undefined).length === 1, {
  error: `expected one of ${KINDS.join(", ")}`,
});

export type ChannelConfig = z.output<typeof CHANNEL_SCHEMA>;
