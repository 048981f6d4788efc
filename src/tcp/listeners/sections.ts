import { z } from "zod";
import { parseCount } from "../../base/mod.ts";
import { tlsVersion } from "../../listener/mod.ts";
import {
  address,
  count,
  duration,
  formatAddress,
  inRange,
  list,
  oneOf,
  onOff,
  pem,
  quantity,
  section,
  sectionOrTrue,
  text,
} from "../../part/mod.ts";
import { HEALTH_DEFAULTS } from "../../targets/mod.ts";
import { RELAY_BALANCES, RELAY_DEFAULTS } from "../relay/mod.ts";
import { RELAY_ABOUT, RELAY_HEALTH_ABOUT, RELAY_TLS_ABOUT, TARGET_ABOUT } from "./about.ts";

const clientTls = section(
  {
    serverName: text("a name such as db.home.arpa").optional(),
    verify: onOff.default(true),
    ca: pem.optional(),
    cert: pem.optional(),
    key: pem.optional(),
    alpn: list("protocols such as h2").optional(),
    minVersion: tlsVersion,
  },
  RELAY_TLS_ABOUT,
);

const target = z
  .preprocess(
    (value) => (typeof value === "object" && value !== null ? value : { address: value }),
    section(
      {
        address: address("127.0.0.1").transform(formatAddress),
        weight: quantity("a weight from 1 to 1000", (text) => inRange(parseCount(text), 1, 1000)).default(1),
        draining: onOff.default(false),
      },
      TARGET_ABOUT,
    ),
  )
  .meta({ short: { key: "address" } });

export const relay = section(
  {
    targets: z.array(target, { error: "expected a list of addresses" }).min(1, "expected a list of addresses"),
    balance: oneOf(...RELAY_BALANCES).default(RELAY_DEFAULTS.balance),
    connectTimeout: duration.default(RELAY_DEFAULTS.connectTimeoutMs),
    attempts: quantity("a number from 1", (text) => inRange(parseCount(text), 1, 1000)).default(
      RELAY_DEFAULTS.attempts,
    ),
    health: section(
      {
        failures: count.default(HEALTH_DEFAULTS.failures),
        within: duration.default(HEALTH_DEFAULTS.withinMs),
        backOff: duration.default(HEALTH_DEFAULTS.backOffMs),
        maxBackOff: duration.default(HEALTH_DEFAULTS.maxBackOffMs),
        check: duration.default(HEALTH_DEFAULTS.checkMs),
        checkTimeout: duration.default(HEALTH_DEFAULTS.checkTimeoutMs),
      },
      RELAY_HEALTH_ABOUT,
    ).prefault({}),
    proxyHeader: oneOf("none", "v1", "v2").default(RELAY_DEFAULTS.proxyHeader),
    tls: sectionOrTrue(clientTls).meta({ guard: true }),
    maxPairs: count.default(RELAY_DEFAULTS.maxPairs),
    stall: duration.default(RELAY_DEFAULTS.stallMs),
    finish: duration.default(RELAY_DEFAULTS.finishMs),
  },
  RELAY_ABOUT,
);
