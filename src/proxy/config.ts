import { z } from "zod";
import { parseCount, parseDuration } from "../base/mod.ts";
import { HTTP_SERVER_DEFAULTS } from "../http/mod.ts";
import { HANDSHAKE_ABOUT, handshakeFields, workers } from "../listener/mod.ts";
import {
  address,
  addresses,
  count,
  duration,
  inRange,
  list,
  oneOf,
  quantity,
  section,
  size,
  text,
} from "../part/mod.ts";
import { ACCESS_LOG_ABOUT, PROXY_ABOUT, PROXY_LIMITS_ABOUT, PROXY_TIMEOUTS_ABOUT } from "./about.ts";
import { FORMATS } from "./access-log/mod.ts";

const EXPECTED_ADDRESS = "expected auto, off, a port, host:port or unix:/path";

/** `auto` takes the usual port, or another one where that is not to be had. */
const listenAddress = z
  .union([z.literal("auto"), z.literal(["off", false]).transform(() => "off" as const), address("0.0.0.0")], {
    error: EXPECTED_ADDRESS,
  })
  .default("auto");

const http = HTTP_SERVER_DEFAULTS;

const accessLogSection = section(
  {
    format: oneOf(...FORMATS).default("json"),
    file: text("a file's path").optional(),
    maxSize: size.default(10 * 1024 * 1024),
    keep: quantity("a number from 0 to 1000", (given) => inRange(parseCount(given), 0, 1000)).default(2),
    flush: quantity("a duration from 10ms to 10m", (given) => inRange(parseDuration(given), 10, 600_000))
      .meta({ unit: "ms" })
      .default(1000),
  },
  ACCESS_LOG_ABOUT,
);

/** `off`, a format, or a section. */
const accessLog = z
  .preprocess((value) => {
    if (value === false || value === "off") return undefined;
    if (value === true || value === null) return {};
    return typeof value === "string" ? { format: value } : value;
  }, accessLogSection.optional())
  .meta({ short: { key: "format", words: [true, false, "off"] } })
  .prefault({});

const proxy = section(
  {
    https: listenAddress,
    http: listenAddress,
    names: list("names of this machine such as box.home.arpa").optional(),
    trustedProxies: addresses.optional(),
    workers: workers.default("auto"),
    timeouts: section(
      {
        head: duration.default(http.headTimeoutMs),
        body: duration.default(http.bodyTimeoutMs),
        keepAlive: duration.default(http.keepAliveMs),
      },
      PROXY_TIMEOUTS_ABOUT,
    ).prefault({}),
    limits: section(
      {
        head: size.default(http.maxHeadBytes),
        fields: quantity("a number from 1 to 1000", (given) => inRange(parseCount(given), 1, 1000)).default(
          http.maxFields,
        ),
        connections: count.default(0),
        perAddress: count.default(0),
      },
      PROXY_LIMITS_ABOUT,
    ).prefault({}),
    tls: section(handshakeFields, HANDSHAKE_ABOUT).prefault({}),
    accessLog,
  },
  PROXY_ABOUT,
);

/** The `proxy:` section; undefined where it is off. */
export const PROXY_SCHEMA = z
  .preprocess((value) => (value === false || value === "off" ? undefined : (value ?? undefined)), proxy.optional())
  .meta({ short: { words: [false, "off"] } })
  .prefault({});

export type ProxyConfig = NonNullable<z.output<typeof PROXY_SCHEMA>>;
