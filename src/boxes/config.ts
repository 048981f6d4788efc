import { z } from "zod";
import { parseDuration } from "../base/mod.ts";
import { inRange, onOff, pem, quantity, section, text } from "../part/mod.ts";

const EXPECTED_URL = "expected the address of its dashboard, such as https://nas.home.arpa:9190";
const EXPECTED_NAME = "expected a name of letters, digits, - and _, such as nas";

const dashboardUrl = z.string({ error: EXPECTED_URL }).transform((given, context) => {
  const url = URL.parse(given);
  const isUsable =
    (url?.protocol === "http:" || url?.protocol === "https:") &&
    [url.username, url.password, url.search, url.hash].every((each) => each === "");
  if (isUsable) return url.pathname.endsWith("/") ? url.href : `${url.href}/`;
  context.addIssue({ code: "custom", message: EXPECTED_URL });
  return z.NEVER;
});

const interval = quantity("a duration from 1s to 1h", (given) => inRange(parseDuration(given), 1000, 3_600_000)).meta({
  unit: "ms",
});

const box = z
  .preprocess(
    (value) => (typeof value === "string" ? { url: value } : value),
    section(
      {
        url: dashboardUrl,
        token: text("a token").meta({ secret: true }).optional(),
        tokenFile: text("a file's path").optional(),
        tokenEnv: text("the name of an environment variable").optional(),
        interval: interval.prefault("10s"),
        verify: onOff.default(true),
        ca: pem.optional(),
        serverName: text("a name such as nas.home.arpa").optional(),
      },
      {
        url: "The address of its dashboard",
        ...{ token: ["none", "Its token itself; better in a file"], tokenFile: ["none", "A file with its token"] },
        tokenEnv: ["none", "An environment variable with its token"],
        interval: "How often it is asked",
        verify: "false accepts any certificate",
        ca: ["the system's", "Who signs its certificate: http://nas/ca/root.crt is the root of its local CA"],
        serverName: ["that of the URL", "The name that its certificate must have"],
      },
    ),
  )
  .meta({ short: { key: "url" } });

const MAX_BOXES = 50;

/** `boxes:`, other machines with tenk by name; undefined without any. */
export const BOXES_SCHEMA = z
  .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, EXPECTED_NAME), box, {
    error: (issue) => (issue.code === "invalid_key" ? EXPECTED_NAME : "expected boxes by name"),
  })
  .refine((boxes) => Object.keys(boxes).length <= MAX_BOXES, `expected at most ${MAX_BOXES} boxes`)
  .transform((boxes) => (Object.keys(boxes).length === 0 ? undefined : boxes))
  .optional();

export type BoxesConfig = NonNullable<z.output<typeof BOXES_SCHEMA>>;
export type BoxSection = BoxesConfig[string];
