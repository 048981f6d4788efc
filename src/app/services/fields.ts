/** Fields of a service's section. */
import { z } from "zod";
import { parseHttpAddress, withoutH2c } from "../../http/mod.ts";
import { isOpaqueTarget, text } from "../../part/mod.ts";
import { DASHBOARD } from "./kind.ts";

const EXPECTED_HOST = "expected a name such as git.home.arpa";
const EXPECTED_NAME =
  "expected a name of a-z, 0-9 and -, at most 63, a letter first; a name with dots belongs into hosts";
const EXPECTED_TARGET = "expected a URL such as http://127.0.0.1:3000 or redis://127.0.0.1:6379, or dashboard";
export const EXPECTED_HTTP_TARGET =
  "expected a URL without a path (to probe one, set probe.path) such as http://127.0.0.1:3000, https://nas.home.arpa, h2c://127.0.0.1:50051 or unix:/run/app.sock";
const EXPECTED_PATH = "expected a path such as /api, which stands for all that is below it";
const EXPECTED_FIELD = "expected a header's name such as X-Frame-Options";
const EXPECTED_VALUE = "expected a header's value: one line of ASCII, at most 4096 characters";

/** RFC 1035 §2.3.4 */
const MAX_NAME_LENGTH = 253;
const LABELS = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*";

function name(expected: string, pattern: RegExp) {
  return z
    .string({ error: expected })
    .max(MAX_NAME_LENGTH, expected)
    .regex(pattern, expected)
    .transform((given) => given.toLowerCase());
}

export const hostName = name(EXPECTED_HOST, new RegExp(`^${LABELS}$`));
/** The host of a service. A wildcard is one whole label, as certificates have it (RFC 6125 §6.4.3). */
export const serviceHost = name(`${EXPECTED_HOST}, *.apps.home.arpa or *`, new RegExp(`^(\\*|(\\*\\.)?${LABELS})$`));

/** A DNS label (RFC 1123 §2.1): the service's name becomes one. */
export const serviceName = z.string().regex(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: EXPECTED_NAME });

export const anyTarget = z.string({ error: EXPECTED_TARGET }).refine(
  (given) =>
    given === DASHBOARD ||
    isOpaqueTarget(given) ||
    // No character that would hide a password from `withoutPassword`.
    (/^[!#-~]+$/.test(given) &&
      (/^unix:[/@]/.test(given) || (URL.canParse(given) && /^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(given)))),
  // What follows from its scheme is not checked where it has none.
  { error: EXPECTED_TARGET, abort: true },
);

export function isHttpTarget(given: string): boolean {
  try {
    parseHttpAddress(withoutH2c(given));
    return true;
  } catch {
    return false;
  }
}

export const httpTarget = z.string({ error: EXPECTED_HTTP_TARGET }).refine(isHttpTarget, EXPECTED_HTTP_TARGET);

/** Compared with requests byte by byte, so it is kept as it was written, but for a slash at its end. */
export const urlPath = z
  .string({ error: EXPECTED_PATH })
  .max(1024, EXPECTED_PATH)
  .regex(/^\/[!$-)+->@-~]*$/, EXPECTED_PATH)
  .refine((path) => !/\/\/|\/\.\.?(\/|$)/.test(path), `${EXPECTED_PATH}, without //, . and ..`)
  .transform((path) => (path === "/" ? path : path.replace(/\/$/, "")));

/** Of a request that tenk makes: with a query, where one is needed. */
export const requestPath = z
  .string({ error: "expected a path such as /health" })
  .max(1024, "expected a path such as /health")
  .regex(/^\/[!$-~]*$/, "expected a path such as /health")
  // Some readers take these for the name of another host.
  .refine((path) => !/^\/[/\\]/.test(path), "expected a path such as /health, which names no host");

/** Fields of framing and of the connection are the protocol's own (RFC 9110 §7.6.1). */
const OWN_FIELDS =
  /^(connection|proxy-connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|date)$/i;

export const fieldName = z
  .string({ error: EXPECTED_FIELD })
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/, EXPECTED_FIELD)
  .refine((given) => !OWN_FIELDS.test(given), `${EXPECTED_FIELD}, none that the protocol itself needs`);

/** One line: a value with CR or LF would be two headers. */
export const fieldValue = z
  .union([z.string(), z.number(), z.boolean()], { error: EXPECTED_VALUE })
  .transform(String)
  .pipe(z.string().regex(/^([!-~]([ \t!-~]{0,4094}[!-~])?)?$/, EXPECTED_VALUE));

export const EXPECTED_URL = "expected a URL such as http://127.0.0.1:9091/api/verify";

export const httpUrl = z
  .string({ error: EXPECTED_URL })
  .refine((given) => /^https?:\/\/[^/]/i.test(given) && URL.canParse(given) && /^[!-~]*$/.test(given), EXPECTED_URL);

export const filePath = text("a file's path");
