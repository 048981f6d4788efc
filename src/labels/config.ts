import { z } from "zod";
import { parseCount, parseDuration } from "../base/mod.ts";
import { inRange, quantity, section } from "../part/mod.ts";

const EXPECTED_SOCKET = "expected the path of a Unix socket such as /run/docker.sock, or a list of them";
const HOUR_MS = 3_600_000;
const MAX_SOCKETS = 8;

const path = z
  .string({ error: EXPECTED_SOCKET })
  .transform((given) => given.replace(/^unix:(\/\/)?/, ""))
  .pipe(z.string().regex(/^\/[^\p{C}]{1,106}$/u, EXPECTED_SOCKET));

const found = section(
  {
    /** Sockets of engines. @default those that are usual and that this user may read */
    socket: z
      .preprocess(
        (value) => (typeof value === "string" ? [value] : value),
        z.array(path, { error: EXPECTED_SOCKET }).min(1, EXPECTED_SOCKET).max(MAX_SOCKETS, EXPECTED_SOCKET),
      )
      .meta({ short: { single: true } })
      .optional(),
    /** How long a service stays whose container has gone: it may be on its way back. */
    grace: quantity("a duration from 0s to 1h", (given) => inRange(parseDuration(given), 0, HOUR_MS))
      .meta({ unit: "ms" })
      .default(30_000),
    maxServices: quantity("a number from 1 to 1000", (given) => inRange(parseCount(given), 1, 1000)).default(200),
  },
  {
    socket: ["those that are found", "Sockets of container engines; the usual ones that this user may read"],
    grace: "How long a service stays whose container has gone: a restart must not end it",
    maxServices: "Services of containers at most",
  },
);

/** The `containers:` section; undefined where it is off. */
export const CONTAINERS_SCHEMA = z
  .preprocess(
    (value) =>
      value === false || value === "off" ? undefined : value === true || value === "auto" ? {} : (value ?? undefined),
    found.optional(),
  )
  .meta({ short: { words: [true, false, "off", "auto"] } })
  .prefault({});

export type ContainersConfig = NonNullable<z.output<typeof CONTAINERS_SCHEMA>>;
