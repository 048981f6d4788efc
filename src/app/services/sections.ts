/** Sections of a service. Defaults are filled in by `defaults.ts`, since they depend on what kind of service it is. */

import { z } from "zod";
import { parseCount } from "../../base/mod.ts";
import { fittingSize } from "../../limits/mod.ts";
import {
  count,
  duration,
  inRange,
  isPasswordHash,
  oneOf,
  onOff,
  pem,
  quantity,
  section,
  sectionOrTrue,
  size,
  text,
} from "../../part/mod.ts";
import {
  AUTH_ABOUT,
  EDITS_ABOUT,
  FORWARD_ABOUT,
  HEADERS_ABOUT,
  HEALTH_ABOUT,
  HSTS_ABOUT,
  REDIRECT_ABOUT,
  RESPOND_ABOUT,
  ROOT_ABOUT,
  SERVICE_LIMITS_ABOUT,
  SERVICE_TIMEOUTS_ABOUT,
  STICKY_ABOUT,
  TARGET_ABOUT,
  TARGET_TLS_ABOUT,
} from "./about.ts";
import { fieldName, fieldValue, filePath, httpTarget, httpUrl, requestPath, urlPath } from "./fields.ts";

export const EXPECTED_TARGETS = "expected a list of URLs such as http://10.0.0.2:80";

export const targets = z
  .array(
    z
      .preprocess(
        (value) => (typeof value === "object" && value !== null ? value : { url: value }),
        section(
          {
            url: httpTarget,
            weight: quantity("a weight from 1 to 1000", (given) => inRange(parseCount(given), 1, 1000)).default(1),
            draining: onOff.default(false),
          },
          TARGET_ABOUT,
        ),
      )
      .meta({ short: { key: "url" } }),
    { error: EXPECTED_TARGETS },
  )
  .min(1, EXPECTED_TARGETS)
  .refine((list) => new Set(list.map(({ url }) => url)).size === list.length, "expected each target once");

const EXPECTED_STATUS = "expected a status such as 200, a class such as 2xx, or a list of them";
const status = z
  .union([z.string(), z.number()], { error: EXPECTED_STATUS })
  .transform(String)
  .pipe(z.string().regex(/^[1-5](\d\d|xx)$/, EXPECTED_STATUS));

export const statuses = z
  .preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(status).min(1, EXPECTED_STATUS))
  .meta({ short: { single: true } });

export const health = section(
  {
    path: requestPath.optional(),
    status: statuses.optional(),
    check: duration.optional(),
    checkTimeout: duration.optional(),
    failures: quantity("a number from 0 to 1000", (given) => inRange(parseCount(given), 0, 1000)).optional(),
    within: duration.optional(),
    backOff: duration.optional(),
    maxBackOff: duration.optional(),
  },
  HEALTH_ABOUT,
);

const EXPECTED_COOKIE = "expected a cookie's name such as tenk";

export const sticky = sectionOrTrue(
  section(
    {
      cookie: z
        .string({ error: EXPECTED_COOKIE })
        .regex(/^[A-Za-z0-9_-]{1,64}$/, EXPECTED_COOKIE)
        .default("tenk"),
      secret: text("a long random text").min(16, "expected at least 16 characters").meta({ secret: true }).optional(),
    },
    STICKY_ABOUT,
  ),
);

export const limits = section(
  {
    perTarget: count.optional(),
    waiting: count.optional(),
    wait: duration.optional(),
    requestsPerSecond: count.optional(),
    burst: count.optional(),
  },
  SERVICE_LIMITS_ABOUT,
);

export const timeouts = section(
  {
    connect: duration.optional(),
    response: duration.optional(),
    stall: duration.optional(),
  },
  SERVICE_TIMEOUTS_ABOUT,
);

const EXPECTED_FIELDS = "expected headers by name";

function edits(valueSchema: typeof fieldValue) {
  const fields = z
    .record(fieldName, valueSchema, {
      error: (issue) => (issue.code === "invalid_key" ? undefined : EXPECTED_FIELDS),
    })
    .refine((given) => {
      const names = Object.keys(given).map((each) => each.toLowerCase());
      return new Set(names).size === names.length;
    }, "expected each header once: their case makes no difference");
  return section(
    {
      remove: z.array(fieldName, { error: "expected a list of headers' names" }).optional(),
      set: fields.optional(),
      add: fields.optional(),
    },
    EDITS_ABOUT,
  );
}

export const headers = section(
  {
    // What a target is sent may be a credential, and is never printed.
    request: edits(fieldValue.meta({ secret: true })).optional(),
    response: edits(fieldValue).optional(),
  },
  HEADERS_ABOUT,
);

const EXPECTED_HASH = "expected the argon2id hash of a password, which tenk password makes";

const hash = z.string({ error: EXPECTED_HASH }).refine(isPasswordHash, { error: EXPECTED_HASH }).meta({ secret: true });

const EXPECTED_USER = "expected a user's name, without colon";

/** Fields that say who somebody is, none that says where a request goes. */
const copiedField = fieldName.refine(
  (name) => !/^(host|cookie|via|forwarded|proxy-.*|x-forwarded-(for|proto|host)|x-real-ip)$/i.test(name),
  "expected a header's name such as Remote-User, none that tenk itself sets",
);

export const auth = section(
  {
    users: z
      .record(z.string().regex(/^[^:\p{C}]{1,128}$/u, EXPECTED_USER), hash, { error: "expected hashes by user" })
      .refine((users) => Object.keys(users).length > 0, "expected at least one user")
      .meta({ guard: true })
      .optional(),
    realm: z
      .string({ error: "expected a text" })
      .regex(/^[ !#-[\]-~]{1,100}$/, 'expected a text of ASCII, without " and \\')
      .optional(),
    forward: z
      .preprocess(
        (value) => (typeof value === "string" ? { url: value } : value),
        section(
          {
            url: httpUrl,
            copyHeaders: z.array(copiedField, { error: "expected a list of headers' names" }).default([]),
            timeout: duration.default(10_000),
          },
          FORWARD_ABOUT,
        ),
      )
      .meta({ short: { key: "url" }, guard: true })
      .optional(),
  },
  AUTH_ABOUT,
).refine(({ users, forward }) => (users === undefined) !== (forward === undefined), "expected either users or forward");

export const targetTls = section(
  {
    verify: onOff.default(true),
    serverName: text("a name such as nas.home.arpa").optional(),
    ca: pem.optional(),
    cert: pem.optional(),
    key: pem.optional(),
  },
  TARGET_TLS_ABOUT,
).refine(({ cert, key }) => (cert === undefined) === (key === undefined), "expected cert and key together");

const EXPECTED_RESPOND = "expected a text, or { status, body, contentType }";

export const respond = z
  .preprocess(
    (value) => (typeof value === "object" && value !== null ? value : { body: value }),
    section(
      {
        status: quantity("a status from 200 to 599", (given) => inRange(Number(given), 200, 599)).default(200),
        body: z.string({ error: EXPECTED_RESPOND }).max(65_536, "expected at most 64 KiB").default(""),
        contentType: fieldValue.default("text/plain; charset=utf-8"),
      },
      RESPOND_ABOUT,
    ),
  )
  .meta({ short: { key: "body" } });

const EXPECTED_REDIRECT = "expected a URL or path such as https://git.home.arpa{http.request.uri}";

export const redirect = z
  .preprocess(
    (value) => (typeof value === "object" && value !== null ? value : { to: value }),
    section(
      {
        to: z
          .string({ error: EXPECTED_REDIRECT })
          .max(2048, EXPECTED_REDIRECT)
          .regex(/^(https?:\/\/|\/|\{http\.)[!-~]+$|^\/$/, EXPECTED_REDIRECT),
        status: z.literal([301, 302, 303, 307, 308], { error: "expected one of 301, 302, 303, 307, 308" }).default(308),
      },
      REDIRECT_ABOUT,
    ),
  )
  .meta({ short: { key: "to" } });

const EXPECTED_INDEX = "expected a list of files' names such as index.html";
const fileName = z.string({ error: EXPECTED_INDEX }).regex(/^[^/\\\p{C}]{1,255}$/u, EXPECTED_INDEX);

export const root = z
  .preprocess(
    (value) => (typeof value === "object" && value !== null ? value : { folder: value }),
    section(
      {
        folder: filePath,
        index: z.array(fileName, { error: EXPECTED_INDEX }).default(["index.html"]),
        fallback: urlPath.optional(),
        precompressed: onOff.default(true),
        cache: size.default(() => fittingSize(8 * 1024 * 1024)),
      },
      ROOT_ABOUT,
    ),
  )
  .meta({ short: { key: "folder" } });

export const hsts = sectionOrTrue(
  section(
    {
      maxAge: duration.default(365 * 24 * 3_600_000),
      subdomains: onOff.default(false),
      preload: onOff.default(false),
    },
    HSTS_ABOUT,
  ),
);

export const plainHttp = oneOf("redirect", "serve");
