/** `services.NAME.probe`: how one service is probed. */
import { z } from "zod";
import { parseBytes, parseCount } from "../../base/mod.ts";
import { inRange, oneOf, onOff, quantity, section, sectionOrTrue, text } from "../../part/mod.ts";
import { PROBE_TIMES } from "../../probe/mod.ts";
import { SERVICE_PROBE_ABOUT } from "./about.ts";
import { fieldName, fieldValue, filePath, requestPath } from "./fields.ts";
import { statuses, targetTls } from "./sections.ts";
import { WATCHED_KEYS } from "./watched-keys.ts";

const EXPECTED_HEADERS = "expected headers by name";
const EXPECTED_JSON = "expected values by path, such as { .status: pass, '.checks[0].ok': true }";
const EXPECTED_VARIABLE = "expected the name of an environment variable";
const EXPECTED_TEXT = "expected a text of at most 1024 characters";
const EXPECTED_QUERY = "expected one statement that only reads: SELECT …";
const EXPECTED_VALUE = "expected a value such as 1, or a comparison such as '< 10'";
const EXPECTED_USER = "expected a user's name, without control characters";

const text1k = z.string({ error: EXPECTED_TEXT }).min(1, EXPECTED_TEXT).max(1024, EXPECTED_TEXT);
const scalar = (error: string) => z.union([z.string().max(1024), z.number(), z.boolean()], { error });

const fieldsOf = <Value extends z.ZodType>(value: Value) =>
  z.record(fieldName, value, { error: (issue) => (issue.code === "invalid_key" ? undefined : EXPECTED_HEADERS) });

/** `.status`, `.checks[0].state`: names and places, nothing more. */
const jsonPath = z.string().regex(/^(\.[A-Za-z_$][\w$-]{0,99}|\[\d{1,5}\]){1,20}$/, EXPECTED_JSON);

const variable = z.string({ error: EXPECTED_VARIABLE }).regex(/^[A-Za-z_]\w{0,127}$/, EXPECTED_VARIABLE);

/** Also a password that is read later is held to this: CR and LF would begin another header or command. */
const userName = z.string({ error: EXPECTED_USER }).regex(/^\P{Cc}{1,256}$/u, EXPECTED_USER);

/** A service's section; more kinds of probes add keys here, with the rules of `probe-rules.ts`. */
const probeSection = section(
  {
    ...PROBE_TIMES,
    path: requestPath.optional(),
    method: oneOf("GET", "HEAD").optional(),
    status: statuses.optional(),
    header: fieldsOf(z.union([z.literal(true), text1k], { error: EXPECTED_TEXT })).optional(),
    body: text1k.optional(),
    notBody: text1k.optional(),
    json: z
      .record(jsonPath, z.union([scalar(EXPECTED_JSON), z.null()], { error: EXPECTED_JSON }), {
        error: (issue) => (issue.code === "invalid_key" ? undefined : EXPECTED_JSON),
      })
      .optional(),
    // May be a credential, and is never printed.
    headers: fieldsOf(fieldValue.meta({ secret: true })).optional(),
    maxBody: quantity("a size from 1KiB to 16MiB", (given) => inRange(parseBytes(given), 1024, 2 ** 24))
      .meta({ unit: "bytes" })
      .optional(),
    redirects: oneOf("none", "same-host").optional(),
    maxRedirects: quantity("a number from 1 to 10", (given) => inRange(parseCount(given), 1, 10)).optional(),
    user: userName.optional(),
    passwordFile: filePath.optional(),
    passwordEnv: variable.optional(),
    tokenFile: filePath.optional(),
    tokenEnv: variable.optional(),
    tls: sectionOrTrue(targetTls),
    database: text("a database's name")
      .regex(/^\P{Cc}{1,128}$/u, "expected a database's name")
      .optional(),
    query: z
      .string({ error: EXPECTED_QUERY })
      .max(4096, EXPECTED_QUERY)
      .regex(/^\s*(select|with|show|values|table)\b[^;]*;?\s*$/i, EXPECTED_QUERY)
      .optional(),
    expect: scalar(EXPECTED_VALUE).optional(),
    recognize: onOff.optional(),
    ...WATCHED_KEYS,
  },
  SERVICE_PROBE_ABOUT,
);

/** `true`, `false`, or a section; one without keys is `true`. */
export const serviceProbe = z
  .preprocess(
    (value) => (value === true ? {} : value === false ? null : (value ?? {})),
    probeSection.nullable().transform((given) => given !== null && (Object.keys(given).length > 0 ? given : true)),
  )
  .meta({ short: { words: [true, false] } })
  .optional();

export type WrittenProbe = z.output<typeof probeSection>;
